package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"bespoke/bundle"
	"bespoke/internal/tabletest"
	"bespoke/serve"
)

// header is the first line of the sample loans.
const header = "amount,income,purpose,class\n"

// bad is one way in which a customer's input may be wrong.
type bad struct {
	name string
	// old in the scenario becomes new.
	old, new string
	// data changes the sample loans, the lines after the header.
	data func(lines []string) string
	code int
	// want are the words that must be told.
	want []string
}

// each changes every line.
func each(change func(i int, cells []string)) func([]string) string {
	return func(lines []string) string {
		var b strings.Builder
		b.WriteString(header)
		for i, l := range lines {
			cells := strings.Split(l, ",")
			change(i, cells)
			b.WriteString(strings.Join(cells, ",") + "\n")
		}
		return b.String()
	}
}

func whole(text string) func([]string) string { return func([]string) string { return text } }

func same(lines []string) string { return header + strings.Join(lines, "\n") + "\n" }

var badData = []bad{
	{name: "empty file", data: whole(""), code: exitFailed, want: []string{"loans.csv", "the file is empty"}},
	{name: "blank lines only", data: whole("\n\n  \n"), code: exitFailed, want: []string{"loans.csv", "no text, only blank lines"}},
	{name: "header only", data: whole(header), code: exitFailed, want: []string{"loans.csv", "a header (4 columns) but no rows"}},
	{name: "one row", data: whole(header + "100,200,car,good\n"), code: exitFailed, want: []string{"have a target", "at least 10 are needed"}},
	{name: "one class", data: each(func(_ int, c []string) { c[3] = "good" }), code: exitFailed, want: []string{`"class" is "good" in every row`}},
	{name: "no target value", data: each(func(_ int, c []string) { c[3] = "" }), code: exitFailed, want: []string{`"class" has no value`, "nothing to learn"}},
	{name: "target absent", old: "target: class", new: "target: clas", code: exitFailed, want: []string{"scenario.yaml:8:35", `no column "clas"`, `did you mean "class"?`}},
	{name: "a page instead of data", data: whole("<!DOCTYPE html>\n<p>Please log in</p>\n"), code: exitFailed, want: []string{`no column "class"`}},
	{name: "binary file", data: whole("amount\x00income\n1\x002\n"), code: exitFailed, want: []string{"zero bytes", "not a text file"}},
	{name: "open quote", data: func(l []string) string { return same(l) + "1,2,\"car,good\n3,4,car,good\n" }, code: exitFailed, want: []string{"line 202", "never closed"}},
	{name: "mostly ragged", data: func(l []string) string { return header + strings.Join(l, ",1,2\n") }, code: exitFailed, want: []string{"do not have the 4 fields of the header"}},
	// What can be used is used, and said.
	{name: "column without values", data: each(func(_ int, c []string) { c[1] = "" }), want: []string{`"income" has no value`, "not used"}},
	{name: "ragged rows", data: func(l []string) string { return same(l) + "100,200\n100,200,car,good,more\n" }, want: []string{"2 of 202 records do not have the 4 fields", "left out"}},
	{name: "Latin-1", data: func(l []string) string { return strings.ReplaceAll(same(l), "car", "caf\xe9") }, want: []string{"not UTF-8", "Windows-1252"}},
	{name: "UTF-16", data: utf16File, want: nil},
	{name: "NaN and infinities", data: each(func(i int, c []string) {
		if i%9 < 3 {
			c[0] = []string{"NaN", "inf", "-Infinity"}[i%9]
		}
	}), want: []string{`values of "amount" are infinite`, "missing"}},
	{name: "duplicate names", data: func(l []string) string { return strings.Replace(same(l), "purpose", "income", 1) }, want: []string{`"income" appears again`, `"income_2"`}},
}

func utf16File(lines []string) string {
	var b bytes.Buffer
	b.WriteString("\xff\xfe")
	for _, u := range utf16.Encode([]rune(same(lines))) {
		b.Write([]byte{byte(u), byte(u >> 8)})
	}
	return b.String()
}

var badScenarios = []bad{
	{name: "payoff divides by zero", old: "0.15 * amount", new: "100 / (amount - amount)", code: exitFailed, want: []string{"scenario.yaml:11:", "divides by zero in row 1"}},
	{name: "payoff names no column", old: "0.15 * amount", new: "0.15 * amout", code: exitFailed, want: []string{"scenario.yaml:11:", `"amout"`, `did you mean "amount"?`}},
	{name: "payoff of text", old: "0.15 * amount", new: "0.15 * purpose", code: exitFailed, want: []string{"scenario.yaml:11:", "`purpose` is text, * needs a number"}},
	{name: "payoff names no outcome", old: "good: 0.15", new: "goood: 0.15", code: exitFailed, want: []string{`"goood" is no outcome of "class"`, `did you mean "good"?`}},
	{name: "today names no action", old: "today: grant", new: "today: gant", code: exitFailed, want: []string{"scenario.yaml:7:", `did you mean "grant"?`}},
	{name: "positive is no outcome", old: "positive: bad", new: "positive: baad", code: exitFailed, want: []string{"scenario.yaml:8:52", `no outcome "baad"`, `did you mean "bad"?`}},
	{name: "data absent", old: "source: loans.csv", new: "source: loan.csv", code: exitFailed, want: []string{"scenario.yaml:8:16", `no file "loan.csv"`, `did you mean "loans.csv"?`}},
	{name: "unknown model", old: "linear.logistic.v1", new: "linear.logistc.v1", code: exitFailed, want: []string{"scenario.yaml:13:", `no model "linear.logistc.v1"`, "linear.logistic.v1"}},
	{name: "unknown key", old: "budget:", new: "buget:", code: exitFailed, want: []string{"scenario.yaml:16:1", "unknown key", `did you mean "budget"?`}},
	{name: "not YAML", old: "{source", new: "{{source", code: exitFailed, want: []string{"scenario.yaml:8:8", "not YAML"}},
	{name: "empty scenario", old: loans, new: "", code: exitFailed, want: []string{"scenario.yaml", "the file is empty", "bespoke init"}},
	{name: "no need in the market", old: "1200 / year", new: "90000000 / year", code: exitGate, want: []string{"stopped at the need gate", "--force"}},
}

// TestBadInput runs scenarios with wrong data and wrong scenarios. Each is told
// in words that a customer understands, or treated as the warning says.
func TestBadInput(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(tabletest.CSV(tabletest.Loans(200, 5))), "\n")[1:]
	for _, c := range append(badData, badScenarios...) {
		t.Run(c.name, func(t *testing.T) {
			if c.data == nil {
				c.data = same
			}
			text := strings.Replace(loans, c.old, c.new, 1)
			if text == loans && c.old != "" {
				t.Fatalf("the scenario has no %q", c.old)
			}
			dir := folder(t, map[string]string{"scenario.yaml": text, "loans.csv": c.data(lines)})
			a := bespoke("run", dir)
			told(t, a, c.code, c.want)
			if c.code == exitFailed {
				if _, err := os.Stat(filepath.Join(dir, "run", "loans.bespoke")); err == nil {
					t.Error("a failed run left a bundle")
				}
			}
		})
	}
}

// told checks the exit code and that the words are told, without the marks of
// an error that nobody thought of.
func told(t *testing.T, a answer, code int, want []string) {
	t.Helper()
	if a.code != code {
		t.Errorf("exit code %d, want %d", a.code, code)
	}
	for _, w := range want {
		if !strings.Contains(a.errOut, w) {
			t.Errorf("it does not say %q", w)
		}
	}
	for _, never := range []string{"panic", "goroutine", "runtime error", "%!", "0x"} {
		if strings.Contains(a.errOut, never) {
			t.Errorf("it says %q", never)
		}
	}
	if t.Failed() {
		t.Log(a.errOut)
	}
}

// TestVeryWide: ten thousand columns are read and checked. With a target that
// is not there the error does not list them all.
func TestVeryWide(t *testing.T) {
	var b strings.Builder
	b.WriteString("class")
	for i := range 9999 {
		fmt.Fprintf(&b, ",c%d", i)
	}
	for r := range 20 {
		b.WriteString("\n" + []string{"good", "bad"}[r%2])
		for i := range 9999 {
			fmt.Fprintf(&b, ",%d", (r*7919+i*104729)%1000)
		}
	}
	text := "scenario: loans\ndata: {source: loans.csv, target: class}\nvalue: {actions: {grant: {good: 1, bad: -5}, refuse: 0}}\n"
	dir := folder(t, map[string]string{"scenario.yaml": text, "loans.csv": b.String()})
	if out := must(t, "check", dir).out; !strings.Contains(out, "10000 columns") && !strings.Contains(out, "10,000 columns") {
		t.Errorf("check says\n%.600s", out)
	}
	put(t, dir, map[string]string{"scenario.yaml": strings.Replace(text, "target: class", "target: clas", 1)})
	a := bespoke("check", dir)
	told(t, a, exitFailed, []string{`did you mean "class"?`, "and 9988 more"})
	if len(a.errOut) > 1000 {
		t.Errorf("an error of %d bytes", len(a.errOut))
	}
}

// TestAbsentFiles: what is named and not there, and files of another kind.
func TestAbsentFiles(t *testing.T) {
	dir := ran(t)
	b, data := bundleOf(dir), filepath.Join(dir, "loans.csv")
	whole := read(t, b)
	other := folder(t, map[string]string{"scenarios.yaml": "", "empty.bespoke": "", "cut.bespoke": string(whole[:len(whole)/2])})
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	put(t, other, map[string]string{"flipped.bespoke": string(flipped)})
	in := func(name string) string { return filepath.Join(other, name) }
	for _, c := range []struct {
		name string
		args []string
		code int
		want []string
	}{
		{"scenario absent", []string{"run", in("scenario.yaml")}, exitFailed, []string{"scenario.yaml", "there is no such file", `did you mean "scenarios.yaml"?`}},
		{"folder without scenario", []string{"run", t.TempDir()}, exitFailed, []string{"scenario.yaml", "there is no such file", "`bespoke init DATA` writes one"}},
		{"folder absent", []string{"check", in("nowhere/scenario.yaml")}, exitFailed, []string{"there is no folder"}},
		{"data as scenario", []string{"run", data}, exitFailed, []string{"loans.csv:1:1", "instead of sections", "begin with scenario: NAME"}},
		{"run folder without run", []string{"report", t.TempDir()}, exitFailed, []string{"is neither the folder of a run nor a scenario"}},
		{"scenario that never ran", []string{"report", in("scenarios.yaml")}, exitFailed, []string{"the file is empty"}},
		{"bundle absent", []string{"verify", in("none.bespoke")}, exitFailed, []string{"none.bespoke", "there is no such file"}},
		{"folder as bundle", []string{"verify", other}, exitFailed, []string{"this is a folder"}},
		{"data as bundle", []string{"predict", data, data}, exitFailed, []string{"loans.csv", "this is not a bundle"}},
		{"empty bundle", []string{"serve", in("empty.bespoke")}, exitFailed, []string{"this is not a bundle", "only 0 bytes"}},
		{"truncated bundle", []string{"explain", in("cut.bespoke"), data}, exitFailed, []string{"cut.bespoke", "cut or changed"}},
		{"changed bundle", []string{"verify", in("flipped.bespoke")}, exitFailed, []string{"flipped.bespoke"}},
		{"data absent", []string{"predict", b, filepath.Join(dir, "loan.csv")}, exitFailed, []string{`did you mean`, "loans.csv"}},
		{"init of nothing", []string{"init", in("none.csv")}, exitFailed, []string{`no file`, "none.csv"}},
		{"output folder absent", []string{"predict", b, data, "--out", in("nowhere/x.csv")}, exitUsage, []string{"--out: there is no folder"}},
		{"outcomes absent", []string{"monitor", b, "--log", other, "--outcomes", in("paid.csv")}, exitFailed, []string{"paid.csv"}},
		{"outcomes of another kind", []string{"monitor", b, "--log", other, "--outcomes", in("paid.xls")}, exitFailed, []string{"must end in .csv, .tsv or .jsonl"}},
		{"row absent", []string{"explain", b, data, "--row", "501"}, exitFailed, []string{"row 501 is not there", "rows 1 to 500"}},
	} {
		t.Run(c.name, func(t *testing.T) { told(t, bespoke(c.args...), c.code, c.want) })
	}
}

// TestBadRows: rows to predict that do not fit the bundle.
func TestBadRows(t *testing.T) {
	b := bundleOf(ran(t))
	for _, c := range []struct {
		name, rows string
		code       int
		want       []string
	}{
		{"field missing", "amount,income\n100,200\n", exitFailed, []string{`no column "purpose", which the model needs`}},
		{"field misspelt", "amount,income,purpse\n100,200,car\n", exitFailed, []string{`no column "purpose"`, `did you mean "purpse"?`}},
		{"wrong type throughout", "amount,income,purpose\nlots,200,car\n", exitFailed, []string{`"amount" is to be a number`, `"lots"`}},
		{"wrong type in a row", "amount,income,purpose\nlots,200,car\n" + strings.Repeat("100,200,car\n", 40), exitDone, []string{`"amount"`, `"lots"`, "missing"}},
		{"unknown category", "amount,income,purpose\n100,200,yacht\n120,200,car\n", exitDone, []string{`levels of "purpose"`, `"yacht"`, "treated as missing"}},
		{"empty file", "", exitFailed, []string{"the file is empty"}},
		{"header only", "amount,income,purpose\n", exitFailed, []string{"but no rows"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(folder(t, map[string]string{"new.csv": c.rows}), "new.csv")
			out := file + ".out"
			a := bespoke("predict", b, file, "--out", out)
			told(t, a, c.code, c.want)
			_, err := os.Stat(out)
			if (err == nil) != (c.code == exitDone) {
				t.Errorf("exit code %d, output file: %v", a.code, err)
			}
			left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".bespoke-*"))
			if len(left) > 0 {
				t.Errorf("half-written files were left: %q", left)
			}
		})
	}
}

// TestBadRequests: the same over HTTP.
func TestBadRequests(t *testing.T) {
	b, err := bundle.Open(bundleOf(ran(t)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := serve.New(b, serve.Default())
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.Handler())
	defer h.Close()
	for _, c := range []struct {
		name, row string
		status    int
		want      []string
	}{
		{"good", `{"amount":100,"income":200,"purpose":"car"}`, http.StatusOK, []string{`"action"`}},
		{"field missing", `{"amount":100,"income":200}`, http.StatusOK, []string{"purpose", "warnings"}},
		{"unknown category", `{"amount":100,"income":200,"purpose":"yacht"}`, http.StatusOK, []string{"yacht", "warnings"}},
		{"wrong type", `{"amount":"lots","income":200,"purpose":"car"}`, http.StatusUnprocessableEntity, []string{"rows[0].amount", "number"}},
		{"no JSON", `{"amount":`, http.StatusBadRequest, []string{"JSON"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.Post(h.URL+"/v1/decide", "application/json", strings.NewReader(`{"rows":[`+c.row+`]}`))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			var body bytes.Buffer
			if _, err := body.ReadFrom(r.Body); err != nil {
				t.Fatal(err)
			}
			if r.StatusCode != c.status {
				t.Errorf("status %d, want %d", r.StatusCode, c.status)
			}
			for _, w := range c.want {
				if !strings.Contains(body.String(), w) {
					t.Errorf("%s does not say %q", body.String(), w)
				}
			}
		})
	}
}
