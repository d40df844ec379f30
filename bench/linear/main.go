// Command linear fits a linear model on sparse rows that parity.py has written,
// writes its weights and predictions for parity.py to judge, and prints times
// and memory as JSON.
//
//	go run ./bench/linear -data DIR -model linear.logistic.v1 -params '{"c": 1}' -threads 2 -out FILE
//
// DIR has meta.json (task, classes, columns) and, for "train" and "test", the
// starts of rows (NAME.starts, int64), the columns (NAME.columns, uint32) and
// values (NAME.values, float32) of their entries, and the targets (NAME.y,
// float64). FILE gets float64 numbers: the intercepts, the weights column by
// column, and the predictions of the test rows.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"syscall"
	"time"

	"bespoke/linear"
	"bespoke/model"
)

type meta struct {
	Task    model.Task `json:"task"`
	Classes []string   `json:"classes"`
	Columns int        `json:"columns"`
}

// result has seconds of the clock and of the processor for the fit, mebibytes
// that the process held with the rows read and at most during the fit, and of
// the fitted model the time of one row and its size when saved.
type result struct {
	Seconds         float64 `json:"seconds"`
	CPU             float64 `json:"cpu"`
	Before          float64 `json:"before_mib"`
	Peak            float64 `json:"peak_mib"`
	Iterations      int     `json:"iterations"`
	Converged       bool    `json:"converged"`
	RowMicroseconds float64 `json:"row_microseconds"`
	Bytes           int     `json:"bytes"`
}

func main() {
	data := flag.String("data", "", "folder of the rows")
	name := flag.String("model", "linear.logistic.v1", "name of the model")
	params := flag.String("params", "{}", "parameters as JSON")
	threads := flag.Int("threads", 2, "goroutines")
	out := flag.String("out", "", "file for weights and predictions")
	profile := flag.String("profile", "", "file to write a CPU profile to")
	flag.Parse()
	if err := run(*data, *name, *params, *threads, *out, *profile); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir, name, params string, threads int, out, profile string) error {
	var p model.Params
	if err := json.Unmarshal([]byte(params), &p); err != nil {
		return fmt.Errorf("linear: parameters: %w", err)
	}
	train, test, err := load(dir)
	if err != nil {
		return fmt.Errorf("linear: reading %q: %w", dir, err)
	}
	train.Threads, train.Seed = threads, 1
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	for _, e := range []model.Entry{linear.Logistic, linear.Ridge, linear.ElasticNet} {
		if e.Name == name {
			return measure(e, p, train, test, out)
		}
	}
	return fmt.Errorf("linear: no model %q", name)
}

func load(dir string) (train, test model.Training, err error) {
	var m meta
	b, err := os.ReadFile(filepath.Join(dir, "meta.json"))
	if err != nil {
		return train, test, err
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return train, test, err
	}
	features := make([]model.Feature, m.Columns)
	for c := range features {
		features[c] = model.Feature{Name: "column " + strconv.Itoa(c), Source: "text"}
	}
	for _, to := range []struct {
		name string
		rows *model.Training
	}{{"train", &train}, {"test", &test}} {
		t := model.Training{Task: m.Task, Classes: m.Classes}
		var starts []int64
		s := model.NewSparse(features)
		for file, into := range map[string]any{".starts": &starts, ".columns": &s.Columns, ".values": &s.Values, ".y": &t.Y} {
			if err := read(filepath.Join(dir, to.name+file), into); err != nil {
				return train, test, err
			}
		}
		for _, at := range starts[1:] {
			s.Starts = append(s.Starts, int(at))
		}
		t.X = model.NewMatrix(nil, len(t.Y))
		t.X.Sparse = s
		*to.rows = t
	}
	return train, test, nil
}

// read fills a slice from a file of its numbers.
func read(path string, into any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	switch s := into.(type) {
	case *[]int64:
		*s = make([]int64, len(b)/8)
		into = *s
	case *[]uint32:
		*s = make([]uint32, len(b)/4)
		into = *s
	case *[]float32:
		*s = make([]float32, len(b)/4)
		into = *s
	case *[]float64:
		*s = make([]float64, len(b)/8)
		into = *s
	}
	_, err = binary.Decode(b, binary.LittleEndian, into)
	return err
}

func measure(e model.Entry, p model.Params, train, test model.Training, out string) error {
	// What a process holds is counted from here: the files that were read are
	// given back first.
	debug.FreeOSMemory()
	r := result{Before: resident("VmRSS:")}
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		return err
	}
	start, cpu := time.Now(), processor()
	fitted, err := e.Fit(context.Background(), p, train)
	if err != nil {
		return err
	}
	r.Seconds, r.CPU, r.Peak = time.Since(start).Seconds(), processor()-cpu, resident("VmHWM:")
	m := fitted.(*linear.Model)
	r.Iterations, r.Converged = m.Converged()
	k := m.Outputs()
	predicted := make([]float64, test.X.Rows*k)
	start = time.Now()
	for i := range test.X.Rows {
		model.PredictRow(m, test.X, i, predicted[i*k:(i+1)*k])
	}
	r.RowMicroseconds = time.Since(start).Seconds() / float64(test.X.Rows) * 1e6
	data, err := m.MarshalBinary()
	if err != nil {
		return err
	}
	r.Bytes = len(data)
	_, intercepts := m.Coefficients()
	var b bytes.Buffer
	for _, part := range [][]float64{intercepts, m.Wide(), predicted} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			return err
		}
	}
	if out != "" {
		if err := os.WriteFile(out, b.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// processor is the processor time of this process in seconds.
func processor() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// resident reads a line of /proc/self/status in mebibytes.
func resident(line string) float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for l := range bytes.Lines(b) {
		if f := bytes.Fields(l); len(f) > 1 && string(f[0]) == line {
			kib, _ := strconv.ParseFloat(string(f[1]), 64)
			return kib / 1024
		}
	}
	return 0
}
