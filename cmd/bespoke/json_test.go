package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// post sends a body and gives the answer's.
func post(t *testing.T, url, body string) string {
	t.Helper()
	r, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// values decodes a stream of JSON values.
func values(t *testing.T, text string) (out []map[string]any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	for {
		var v map[string]any
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatalf("%v in %.200q", err, text)
		}
		out = append(out, v)
	}
}

// TestJSON: every verb that gives a result gives it as JSON that holds what its
// text says.
func TestJSON(t *testing.T) {
	dir := ran(t)
	bundle, data := bundleOf(dir), filepath.Join(dir, "loans.csv")
	log := t.TempDir()
	for _, c := range []struct {
		name string
		args []string
		keys []string
		n    int
	}{
		{"check", []string{"check", dir}, []string{"data", "gates", "need", "scenario", "sensitivity", "version"}, 1},
		{"run", []string{"run", dir}, []string{"bundle", "costs", "data", "design", "economics", "evaluate", "explain", "gates", "latency", "need", "scenario", "search", "sensitivity", "version"}, 1},
		{"report", []string{"report", dir}, []string{"bundle", "costs", "data", "design", "economics", "evaluate", "explain", "gates", "latency", "need", "scenario", "search", "sensitivity", "version"}, 1},
		{"whatif", []string{"whatif", dir, "--set", "value.actions.refuse=-1"}, []string{"cases", "currency", "rows", "scenario"}, 1},
		{"render", []string{"render", dir}, nil, 1},
		{"schema", []string{"schema"}, nil, 1},
		{"verify", []string{"verify", bundle}, []string{"card", "manifest"}, 1},
		{"predict", []string{"predict", bundle, data}, []string{"action", "expected_money", "p_bad", "p_good"}, 500},
		{"explain", []string{"explain", bundle, data, "--row", "2"}, []string{"action", "currency", "money", "outcomes", "prediction", "reasons", "row", "target"}, 1},
		{"monitor", []string{"monitor", bundle, "--log", log}, nil, 1},
		{"init", []string{"init", data, "--out", filepath.Join(log, "s.yaml")}, []string{"scenario"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := must(t, append(c.args, "--json")...)
			got := values(t, a.out)
			if len(got) != c.n {
				t.Fatalf("%d JSON values, want %d", len(got), c.n)
			}
			if c.keys != nil {
				var keys []string
				for k := range got[0] {
					keys = append(keys, k)
				}
				slices.Sort(keys)
				if !slices.Equal(keys, c.keys) {
					t.Errorf("keys %q, want %q", keys, c.keys)
				}
			}
			for _, e := range values(t, a.errOut) {
				if e["stage"] == "" || e["message"] == "" || e["level"] == nil {
					t.Errorf("progress %v lacks stage, level or message", e)
				}
			}
		})
	}
}

// TestErrorsAsJSON: what is wrong in a scenario is an object with every problem
// and its place; a gate is named.
func TestErrorsAsJSON(t *testing.T) {
	text := strings.NewReplacer("need:", "neeed:", "trials: 2", "trails: 2").Replace(loans)
	dir := folder(t, map[string]string{"scenario.yaml": text, "loans.csv": "x"})
	a := bespoke("run", dir, "--json")
	f := failed(t, a)
	path := filepath.Join(dir, "scenario.yaml")
	if a.code != exitFailed || f.Exit != exitFailed || !strings.Contains(f.Error, "2 problems in ") || len(f.Problems) != 2 {
		t.Fatalf("exit code %d, %+v", a.code, f)
	}
	first := problem{File: path, Line: 3, Column: 1, Path: "neeed", Code: "S0101", Message: "unknown key"}
	got := f.Problems[0]
	if !strings.Contains(got.Hint, `did you mean "need"?`) {
		t.Errorf("hint %q", got.Hint)
	}
	if got.Hint = ""; got != first {
		t.Errorf("problem %+v, want %+v", got, first)
	}

	poor := strings.Replace(loans, "fixed: 1200 / year", "fixed: 90000000 / year", 1)
	dir = folder(t, map[string]string{"scenario.yaml": poor, "loans.csv": string(read(t, filepath.Join(ran(t), "loans.csv")))})
	a = bespoke("check", dir, "--json")
	f = failed(t, a)
	if a.code != exitGate || f.Exit != exitGate || f.Gate != "need" || f.Error == "" || f.Hint == "" {
		t.Errorf("exit code %d, %+v", a.code, f)
	}
	if got := values(t, a.out); len(got) != 1 || got[0]["need"] == nil {
		t.Error("a gate's result is not on standard output")
	}
}

// TestExitCodes: done, failed, wrong use, stopped by a gate, and how force
// changes the last.
func TestExitCodes(t *testing.T) {
	dir := ran(t)
	poor := strings.Replace(loans, "fixed: 1200 / year", "fixed: 90000000 / year", 1)
	stopped := folder(t, map[string]string{"scenario.yaml": poor, "loans.csv": string(read(t, filepath.Join(dir, "loans.csv")))})
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"check", dir}, exitDone},
		{[]string{"verify", bundleOf(dir)}, exitDone},
		{[]string{"verify", filepath.Join(dir, "loans.csv")}, exitFailed},
		{[]string{"verify"}, exitUsage},
		{[]string{"check", stopped}, exitGate},
		{[]string{"run", stopped}, exitGate},
		{[]string{"check", stopped, "--force"}, exitDone},
		{[]string{"run", stopped, "--force"}, exitDone},
	} {
		if a := bespoke(c.args...); a.code != c.want {
			t.Errorf("bespoke %s: exit code %d, want %d\n%s", strings.Join(c.args, " "), a.code, c.want, a.errOut)
		}
	}
}

// TestQuietAndVerbose: --quiet leaves only the result, --verbose tells no
// less than the default, and results are the same.
func TestQuietAndVerbose(t *testing.T) {
	dir := ran(t)
	plain, quiet, verbose := must(t, "run", dir), must(t, "run", dir, "--quiet"), must(t, "run", dir, "--verbose")
	if quiet.errOut != "" || plain.errOut == "" || len(verbose.errOut) < len(plain.errOut) {
		t.Errorf("standard error has %d bytes, with --quiet %d, with --verbose %d", len(plain.errOut), len(quiet.errOut), len(verbose.errOut))
	}
	if plain.out != quiet.out {
		t.Error("--quiet changes the result")
	}
	if strings.Contains(plain.out+plain.errOut, "\x1b") {
		t.Error("text that goes to no terminal has escape sequences")
	}
}

// TestFirstScreen: what `run` prints fits one screen and answers what was
// decided, what it earns, whether to trust it and what comes next.
func TestFirstScreen(t *testing.T) {
	dir := ran(t)
	out := must(t, "run", dir).out
	if n := strings.Count(out, "\n"); n > 60 {
		t.Errorf("%d lines", n)
	}
	for _, want := range []string{
		"Deciding by the model earns", "The bundle holds logistic regression", "perfect model", "\ntechnology-driven", "\nscenario-driven", "✓ Money in it",
		"report  " + filepath.Join(dir, "run", "report.html"), "bundle  " + bundleOf(dir), "bespoke serve " + bundleOf(dir),
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the first screen does not say %q:\n%s", want, out)
		}
	}
	checked := must(t, "check", dir).out
	sentence := strings.Split(checked, "\n")[3]
	if n := strings.Count(checked, sentence); n != 1 {
		t.Errorf("%q is said %d times", sentence, n)
	}
	if !strings.HasSuffix(checked, "next    bespoke run "+dir+"\n") {
		t.Error("check does not say what comes next")
	}
}

// TestReport: the page's place, the whole text, the data, and the browser.
func TestReport(t *testing.T) {
	dir := ran(t)
	page := filepath.Join(dir, "run", "report.html")
	for _, of := range []string{dir, filepath.Join(dir, "scenario.yaml"), filepath.Join(dir, "run"), bundleOf(dir)} {
		if got := must(t, "report", of).out; got != page+"\n" {
			t.Errorf("report %s prints %q, want %q", of, got, page)
		}
	}
	if text := must(t, "report", dir, "--text").out; strings.Count(text, "\n── ") != 8 {
		t.Errorf("the text has not the 8 chapters:\n%s", text)
	}
	bin := folder(t, map[string]string{"xdg-open": "#!/bin/sh\necho \"$1\" > \"$0.seen\"\n"})
	if err := os.Chmod(filepath.Join(bin, "xdg-open"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	must(t, "report", dir, "--open")
	if seen := string(read(t, filepath.Join(bin, "xdg-open.seen"))); seen != page+"\n" {
		t.Errorf("the browser was given %q", seen)
	}
}

// TestInitToRun: the draft that init writes for a file runs as it is.
func TestInitToRun(t *testing.T) {
	dir := folder(t, map[string]string{"My Loans.csv": string(read(t, filepath.Join(ran(t), "loans.csv")))})
	out := filepath.Join(dir, "sub", "s.yaml")
	if err := os.Mkdir(filepath.Dir(out), 0o700); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "My Loans.csv")
	must(t, "init", data, "--out", out, "--target", "class")
	must(t, "check", out)
	if a := bespoke("init", data, "--out", out); a.code != exitUsage || !strings.Contains(a.errOut, "--force overwrites it") {
		t.Errorf("init over a file gives %d, %q", a.code, a.errOut)
	}
	must(t, "init", data, "--out", out, "--force")
	printed := must(t, "init", data, "--out", "-").out
	if !strings.Contains(printed, "scenario: my-loans") || !strings.Contains(printed, "value:") {
		t.Errorf("init --out - prints %q", printed)
	}
}

func TestQuoted(t *testing.T) {
	for word, want := range map[string]string{"a/b-c.yaml": "a/b-c.yaml", "my file": "'my file'", "it's": `'it'\''s'`, "": "''", "$HOME": "'$HOME'"} {
		if got := quoted(word); got != want {
			t.Errorf("%q is quoted as %s, want %s", word, got, want)
		}
	}
}
