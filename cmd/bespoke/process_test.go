package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bespoke/internal/tabletest"
	"bespoke/pipeline"
)

// slower is the scenario of the sample loans with trials that take long enough
// to be interrupted.
var slower = strings.NewReplacer("models: [linear.logistic.v1]", "models: [trees.boost.v1]", "trials: 2", "trials: 12").Replace(loans)

// start starts the program as a process of its own.
func start(t *testing.T, as string, args ...string) (cmd *exec.Cmd, out, errOut io.ReadCloser) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), asProgram+"="+as)
	if out, err = cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if errOut, err = cmd.StderrPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, out, errOut
}

// until reads lines up to the first that holds a text, and gives what was read.
func until(t *testing.T, from *bufio.Scanner, text string) string {
	t.Helper()
	var seen strings.Builder
	for from.Scan() {
		seen.WriteString(from.Text() + "\n")
		if strings.Contains(from.Text(), text) {
			return seen.String()
		}
	}
	t.Fatalf("the process ended before it wrote %q; it wrote %q", text, seen.String())
	return ""
}

// TestKilledRunGoesOn kills a run in the middle of training, as a power cut
// does. The same command then reuses what was finished, and the bundle is that
// of a run that nobody disturbed.
func TestKilledRunGoesOn(t *testing.T) {
	dir := folder(t, map[string]string{"scenario.yaml": slower, "loans.csv": tabletest.CSV(tabletest.Loans(300, 3))})
	whole := must(t, "run", dir, "--dir", filepath.Join(dir, "whole"), "--json")

	cmd, _, errOut := start(t, "program", "run", dir, "--json", "--threads", "2")
	until(t, bufio.NewScanner(errOut), `"done":3`)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the error says that it was killed

	again := must(t, "run", dir, "--json")
	if !strings.Contains(again.errOut, "going on with the run") {
		t.Errorf("the second run does not say that it goes on:\n%s", again.errOut)
	}
	a, b := resultOf(t, whole.out), resultOf(t, again.out)
	m := regexp.MustCompile(`(\d+) of 12 trials were already done`).FindStringSubmatch(again.errOut)
	if m == nil {
		t.Fatalf("no trial was reused:\n%s", again.errOut)
	}
	if n, _ := strconv.Atoi(m[1]); n < 3 || n >= 12 {
		t.Errorf("%d of 12 trials were reused, 3 or more were finished", n)
	}
	if !bytes.Equal(read(t, a.Bundle.Path), read(t, b.Bundle.Path)) {
		t.Error("the killed run gives another bundle")
	}
}

// TestKilledAnywhereGoesOn kills runs at random moments from their first to
// their last millisecond, some of them twice. Whatever was being written then,
// the same command ends with the bundle and the report of a run that nobody
// disturbed.
func TestKilledAnywhereGoesOn(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	dir := folder(t, map[string]string{"scenario.yaml": slower, "loans.csv": tabletest.CSV(tabletest.Loans(200, 3))})
	begin := time.Now()
	whole := resultOf(t, must(t, "run", dir, "--dir", filepath.Join(dir, "whole"), "--json").out)
	span := time.Since(begin)
	want := read(t, whole.Bundle.Path)

	rng := rand.New(rand.NewPCG(6, 20))
	killed := 0
	for round := range rounds {
		to := filepath.Join(dir, fmt.Sprintf("killed-%d", round))
		for range 1 + round%2 {
			cmd, _, _ := start(t, "program", "run", dir, "--dir", to, "--json", "--threads", strconv.Itoa(1+round%3))
			stop := time.AfterFunc(time.Duration(rng.Float64()*float64(span)), func() { _ = cmd.Process.Kill() })
			_ = cmd.Wait() // killed, or done before
			stop.Stop()
			if !cmd.ProcessState.Success() {
				killed++
			}
		}
		got := resultOf(t, must(t, "run", dir, "--dir", to, "--json").out)
		if !bytes.Equal(read(t, got.Bundle.Path), want) {
			t.Errorf("round %d: another bundle after a kill", round)
		}
		if d := cmp.Diff(timeless(whole), timeless(got)); d != "" {
			t.Errorf("round %d: another report after a kill:\n%s", round, d)
		}
	}
	if killed < rounds/2 {
		t.Errorf("only %d processes were killed before they were done", killed)
	}
}

// timeless is a result as JSON, without what a clock or a folder puts in.
func timeless(r pipeline.Result) string {
	r.Latency, r.Costs, r.Economics = nil, nil, nil
	b := *r.Bundle
	b.Path, b.Limits = "", nil
	r.Bundle = &b
	out, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(out)
}

// TestKilledGuidedRunGoesOn kills a guided search 20 times at random moments,
// each of whose trials depends on those before it. However far each run came, in
// the end the bundle is that of a run that nobody disturbed, which had another
// number of threads.
func TestKilledGuidedRunGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program 20 times")
	}
	// Little beside the search, so that most kills meet it.
	guided := strings.NewReplacer("trials: 12", "search: guided, trials: 20", "bootstrap: 200", "learning: 0, bootstrap: 100", "rows: 2", "rows: 0, drop: 0").Replace(slower)
	dir := folder(t, map[string]string{"scenario.yaml": guided, "loans.csv": tabletest.CSV(tabletest.Loans(300, 3))})
	begin := time.Now()
	want := read(t, resultOf(t, must(t, "run", dir, "--dir", filepath.Join(dir, "whole"), "--json", "--threads", "1").out).Bundle.Path)
	whole := time.Since(begin)
	rng := rand.New(rand.NewPCG(20, 9))
	killed := 0
	for attempt := range 20 {
		into := filepath.Join(dir, fmt.Sprintf("killed%d", attempt/4))
		cmd, out, errOut := start(t, "program", "run", dir, "--dir", into, "--json", "--threads", "4")
		// The moments decide how much is tested, not what must come out.
		timer := time.AfterFunc(time.Duration(rng.Float64()*float64(whole)), func() { _ = cmd.Process.Kill() })
		for _, from := range []io.Reader{errOut, out} {
			if _, err := io.Copy(io.Discard, from); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Wait(); err != nil {
			killed++
		}
		timer.Stop()
		if attempt%4 < 3 {
			continue
		}
		again := must(t, "run", dir, "--dir", into, "--json", "--threads", "4")
		if !bytes.Equal(read(t, resultOf(t, again.out).Bundle.Path), want) {
			t.Errorf("a run that was killed up to attempt %d gives another bundle", attempt+1)
		}
	}
	t.Logf("killed %d times of 20", killed)
}

func resultOf(t *testing.T, text string) pipeline.Result {
	t.Helper()
	var r pipeline.Result
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestInterruptedRunSaysHowToGoOn: Ctrl-C and SIGTERM end a run at a safe point
// with the command that goes on.
func TestInterruptedRunSaysHowToGoOn(t *testing.T) {
	for _, c := range []struct {
		name   string
		signal os.Signal
		json   bool
	}{{"Ctrl-C", os.Interrupt, false}, {"SIGTERM", syscall.SIGTERM, true}} {
		t.Run(c.name, func(t *testing.T) {
			dir := folder(t, map[string]string{"scenario.yaml": slower, "loans.csv": tabletest.CSV(tabletest.Loans(300, 3))})
			args := []string{"run", dir, "--trials", "40", "--fresh", "--verbose"}
			if c.json {
				args = append(args, "--json")
			}
			cmd, out, errOut := start(t, "program", args...)
			lines := bufio.NewScanner(errOut)
			until(t, lines, "train")
			if err := cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			until(t, lines, "stopping at a safe point; Ctrl-C again stops at once")
			rest := until(t, lines, "what was finished is kept; to go on from there: bespoke run "+dir+" --")
			result, err := io.ReadAll(out)
			if err != nil || len(result) > 0 {
				t.Errorf("an interrupted run gives no result, it wrote %q (%v)", result, err)
			}
			_ = cmd.Wait() // the exit code follows
			if code := cmd.ProcessState.ExitCode(); code != exitFailed {
				t.Errorf("exit code %d", code)
			}
			if strings.Contains(rest, "--fresh") || !strings.Contains(rest, "--trials 40") {
				t.Errorf("the command that goes on is not the one that was given: %q", rest)
			}
			if c.json {
				if f := failed(t, answer{errOut: rest}); f.Error != "interrupted" || f.Exit != exitFailed {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

// TestSecondInterruptStopsAtOnce: work that does not reach a safe point can
// still be stopped from the keyboard.
func TestSecondInterruptStopsAtOnce(t *testing.T) {
	cmd, out, _ := start(t, "stubborn")
	lines := bufio.NewScanner(out)
	for _, line := range []string{"working", "asked to stop"} {
		until(t, lines, line)
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	_ = cmd.Wait() // the error says that it was stopped
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || status.Signal() != syscall.SIGINT {
		t.Errorf("the process ended with %v, not by the signal", cmd.ProcessState)
	}
}

// TestServeStopsGracefully starts a real server on a free port, asks it and
// stops it as a service manager would.
func TestServeStopsGracefully(t *testing.T) {
	dir := ran(t)
	log := filepath.Join(t.TempDir(), "decisions")
	cmd, _, errOut := start(t, "program", "serve", bundleOf(dir), "--listen", "127.0.0.1:0", "--log", log, "--json")
	lines := bufio.NewScanner(errOut)
	line := until(t, lines, "listening on ")
	_, address, _ := strings.Cut(line, "listening on ")
	address, _, _ = strings.Cut(address, `"`)
	body := post(t, address+"/v1/decide", `{"rows":[{"amount":900,"income":3000,"purpose":"car"}]}`)
	if !strings.Contains(body, `"action":`) {
		t.Errorf("decided %s", body)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	until(t, lines, "stopping when requests under way are answered")
	if err := cmd.Wait(); err != nil {
		t.Errorf("a stopped server is no failure: %v", err)
	}
	report := must(t, "monitor", bundleOf(dir), "--log", log).out
	if !strings.Contains(report, "1 decisions") && !strings.Contains(report, "1 decision ") {
		t.Errorf("the decision is not in the log:\n%s", report)
	}
}
