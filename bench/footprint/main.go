// Command footprint measures a built bespoke: how long the help takes, how
// large the program is, how much memory an idle server holds, and how long one
// row takes over HTTP. It talks to loopback alone.
//
//	bench/footprint/footprint.sh
//
// builds the program and the bundles and calls it.
package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	starts   = 101  // runs of --help
	idle     = 3    // seconds before memory is read
	warm     = 300  // requests that are not counted
	requests = 5000 // requests that are
)

func main() {
	binary := flag.String("binary", "", "the program")
	rows := flag.String("rows", "", "CSV with the rows to ask for")
	target := flag.String("target", "", "column that is not sent")
	flag.Parse()
	if err := run(*binary, *rows, *target, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "footprint:", err)
		os.Exit(1)
	}
}

// run measures the program, and a server for each bundle, and prints a table.
func run(binary, rows, target string, bundles []string) error {
	fmt.Println("| what | measured | target |\n|---|---|---|")
	spans, err := startUp(binary)
	if err != nil {
		return err
	}
	fmt.Printf("| `bespoke --help`, median of %d | %.1f ms (fastest %.1f, p95 %.1f) | 50 ms |\n", starts, at(spans, 0.5), spans[0], at(spans, 0.95))
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	fmt.Printf("| stripped program | %.1f MB | 100 MB |\n", float64(info.Size())/1e6)
	bodies, err := bodies(rows, target)
	if err != nil {
		return err
	}
	for _, b := range bundles {
		if err := served(binary, b, bodies); err != nil {
			return err
		}
	}
	return nil
}

// startUp is the sorted milliseconds of printing the help.
func startUp(binary string) ([]float64, error) {
	var spans []float64
	for range starts {
		begin := time.Now()
		if err := exec.Command(binary, "--help").Run(); err != nil {
			return nil, err
		}
		spans = append(spans, milliseconds(begin))
	}
	slices.Sort(spans)
	return spans, nil
}

func milliseconds(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }

// at is a quantile of sorted values.
func at(sorted []float64, q float64) float64 { return sorted[int(q*float64(len(sorted)-1))] }

// bodies makes one request of each row.
func bodies(path, target string) ([][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for _, r := range records[1:] {
		row := map[string]any{}
		for j, name := range records[0] {
			if v, err := strconv.ParseFloat(r[j], 64); err == nil {
				row[name] = v
			} else {
				row[name] = r[j]
			}
		}
		delete(row, target)
		body, err := json.Marshal(map[string]any{"rows": []any{row}})
		if err != nil {
			return nil, err
		}
		out = append(out, body)
	}
	return out, nil
}

// served starts a server, reads its memory, and asks it row by row over one
// connection.
func served(binary, bundle string, bodies [][]byte) (err error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		return err
	}
	server := exec.Command(binary, "serve", bundle, "--listen", address, "--quiet")
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, server.Process.Signal(os.Interrupt), server.Wait())
	}()
	if err := ready("http://" + address); err != nil {
		return err
	}
	time.Sleep(idle * time.Second)
	memory, err := resident(server.Process.Pid)
	if err != nil {
		return err
	}
	fmt.Printf("| idle server, %s: resident memory | %.1f MB | 60 MB |\n", bundle, memory)
	client, err := ask("http://"+address, bodies, warm+requests)
	if err != nil {
		return err
	}
	if memory, err = resident(server.Process.Pid); err != nil {
		return err
	}
	fmt.Printf("| the same after %d requests | %.1f MB | |\n", warm+requests, memory)
	fmt.Printf("| one row over HTTP as the client sees it, %s, p50 / p99 of %d | %.3f / %.3f ms | 1 ms p50 |\n", bundle, requests, at(client, 0.5), at(client, 0.99))
	mean, below, err := atServer("http://" + address)
	if err != nil {
		return err
	}
	fmt.Printf("| the same at the server | mean %.3f ms, %s | |\n", mean, below)
	return nil
}

func ready(base string) error {
	for range 200 {
		if r, err := http.Get(base + "/readyz"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("the server did not become ready")
}

// ask posts rows one after another and gives the sorted milliseconds of all but
// the first.
func ask(base string, bodies [][]byte, n int) ([]float64, error) {
	var spans []float64
	for i := range n {
		begin := time.Now()
		r, err := http.Post(base+"/v1/decide", "application/json", bytes.NewReader(bodies[i%len(bodies)]))
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil {
			return nil, err
		}
		if r.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("status %d: %.200s", r.StatusCode, text)
		}
		if i >= warm {
			spans = append(spans, milliseconds(begin))
		}
	}
	slices.Sort(spans)
	return spans, nil
}

// atServer reads the server's own histogram: the mean, and the least bound that
// half and 99 % of the requests are below.
func atServer(base string) (mean float64, below string, err error) {
	r, err := http.Get(base + "/metrics")
	if err != nil {
		return 0, "", err
	}
	defer r.Body.Close()
	const name = `bespoke_serve_request_duration_seconds_`
	var bounds, counts []float64
	var sum, count float64
	for s := bufio.NewScanner(r.Body); s.Scan(); {
		line := s.Text()
		if !strings.HasPrefix(line, name) || !strings.Contains(line, `/v1/decide"`) {
			continue
		}
		v, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			return 0, "", err
		}
		switch {
		case strings.HasPrefix(line, name+"sum"):
			sum = v
		case strings.HasPrefix(line, name+"count"):
			count = v
		case strings.Contains(line, `le="`):
			_, text, _ := strings.Cut(line, `le="`)
			text, _, _ = strings.Cut(text, `"`)
			bound, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return 0, "", err
			}
			bounds, counts = append(bounds, bound), append(counts, v)
		}
	}
	if count == 0 {
		return 0, "", errors.New("the server's metrics have no request")
	}
	least := func(share float64) float64 {
		return 1000 * bounds[slices.IndexFunc(counts, func(c float64) bool { return c >= share*count })]
	}
	return 1000 * sum / count, fmt.Sprintf("half below %g ms, 99 %% below %g ms", least(0.5), least(0.99)), nil
}

// resident is the memory of a process in MB.
func resident(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb * 1024 / 1e6, err
		}
	}
	return 0, errors.New("no VmRSS in the process's status")
}
