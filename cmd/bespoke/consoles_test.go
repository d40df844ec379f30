package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bespoke/bundle"
	"bespoke/ledger"
	"bespoke/serve"
)

var consoles = flag.Bool("consoles", false, "run the commands in the pages and write what they print below them")

// TestConsoles runs, with -consoles, the commands of every console block in the
// pages, on a copy of the examples, and writes what they print below them.
func TestConsoles(t *testing.T) {
	if !*consoles {
		t.Skip("only with -consoles: it runs the examples")
	}
	c := newConsole(t)
	for _, page := range pages(t) {
		path, err := filepath.Abs(page)
		if err != nil {
			t.Fatal(err)
		}
		text := fence.ReplaceAllStringFunc(string(read(t, path)), func(block string) string {
			m := fence.FindStringSubmatch(block)
			if m[1] != "console" {
				return block
			}
			return "```console\n" + c.fill(t, m[2]) + "```"
		})
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// console is a folder with the examples, one of which has been run and is
// served, so that pages can show real output.
type console struct {
	dir    string
	server *httptest.Server
}

// newConsole copies the examples, runs credit-g, and lets its bundle decide the
// rows of its data with the keys loan-1 and so on; their outcomes are in
// paid.csv.
func newConsole(t *testing.T) console {
	c := console{dir: t.TempDir()}
	if err := os.CopyFS(filepath.Join(c.dir, "examples"), without(os.DirFS("../../examples"))); err != nil {
		t.Fatal(err)
	}
	defer enter(t, c.dir)()
	must(t, "run", "examples/credit-g", "--quiet")
	b, err := bundle.Open("examples/credit-g/run/credit-g.bespoke")
	if err != nil {
		t.Fatal(err)
	}
	log, err := ledger.Open("decisions", ledger.Default())
	if err != nil {
		t.Fatal(err)
	}
	o := serve.Default()
	o.Log = log
	s, err := serve.New(b, o)
	if err != nil {
		t.Fatal(err)
	}
	c.server = httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		c.server.Close()
		_ = log.Close()
	})
	c.decide(t)
	return c
}

// enter makes a folder the working folder until the function that it gives is
// called.
func enter(t *testing.T, dir string) (leave func()) {
	t.Helper()
	back, err := os.Getwd()
	if err == nil {
		err = os.Chdir(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Chdir(back); err != nil {
			t.Fatal(err)
		}
	}
}

// without leaves the folders of earlier runs out of the examples.
func without(examples fs.FS) fs.FS { return noRuns{examples} }

type noRuns struct{ fs.FS }

func (n noRuns) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(n.FS, name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "run" }), err
}

// decide sends the rows of credit-g and writes what came of them.
func (c console) decide(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewReader(read(t, "examples/credit-g/data/credit-g.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	paid := "loan,class\n"
	var body []map[string]any
	for i, cells := range rows[1:] {
		row := map[string]any{}
		for j, name := range rows[0] {
			if name == "class" {
				paid += fmt.Sprintf("loan-%d,%s\n", i+1, cells[j])
			} else if x, err := strconv.ParseFloat(cells[j], 64); err == nil {
				row[name] = x
			} else {
				row[name] = cells[j]
			}
		}
		body = append(body, row)
		if i == 0 {
			var text strings.Builder
			e := json.NewEncoder(&text)
			e.SetEscapeHTML(false) // the texts hold < and >
			if err := e.Encode(map[string]any{"rows": []any{row}}); err != nil {
				t.Fatal(err)
			}
			put(t, ".", map[string]string{"row.json": text.String()})
		}
	}
	keys := make([]string, len(body))
	for i := range keys {
		keys[i] = fmt.Sprintf("loan-%d", i+1)
	}
	text, err := json.Marshal(map[string]any{"rows": body, "keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	if answer := post(t, c.server.URL+"/v1/decide", string(text)); !strings.Contains(answer, `"decisions"`) {
		t.Fatalf("deciding the example's rows gave %.400s", answer)
	}
	put(t, ".", map[string]string{"paid.csv": paid})
}

// fill runs the commands of a block and puts what they print below each.
func (c console) fill(t *testing.T, block string) string {
	defer enter(t, c.dir)()
	var out strings.Builder
	going := false
	for _, l := range strings.SplitAfter(block, "\n") {
		if strings.HasPrefix(l, "$ ") || going {
			out.WriteString(l)
			if going = strings.HasSuffix(l, "\\\n"); !going {
				at := strings.LastIndex(out.String(), "$ ")
				out.WriteString(c.run(t, strings.ReplaceAll(strings.TrimSpace(out.String()[at+2:]), "\\\n", " ")))
			}
		}
	}
	return out.String()
}

// run gives what a command line prints: bespoke, curl against the server of the
// console, and head behind a pipe.
func (c console) run(t *testing.T, line string) string {
	line, pipe, _ := strings.Cut(line, " | ") // the quotes of our pages hold no pipe
	words, err := split(line)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	switch words[0] {
	case "bespoke":
		a := bespoke(words[1:]...)
		text = a.out
		if a.code != exitDone {
			text += a.errOut
		}
	case "curl":
		text = c.curl(t, words[1:])
	case "head":
		text = string(read(t, words[len(words)-1]))
		pipe = strings.Join(words[:len(words)-1], " ")
	default:
		t.Fatalf("%q: only bespoke, curl and head are run", line)
	}
	for _, filter := range strings.Split(pipe, " | ") {
		text = filtered(t, filter, text)
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}

// filtered is what `head -N` or `jq .name.name` leave of a text.
func filtered(t *testing.T, filter, text string) string {
	if n, ok := strings.CutPrefix(filter, "head -"); ok {
		most, err := strconv.Atoi(n)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(text, "\n")
		return strings.Join(lines[:min(most, len(lines))], "")
	}
	path, ok := strings.CutPrefix(filter, "jq .")
	if !ok {
		return text
	}
	v := json.RawMessage(text)
	for _, name := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' }) {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(v, &members); err != nil {
			t.Fatalf("%v in %.200q", err, v)
		}
		v = members[name]
	}
	var out bytes.Buffer
	if err := json.Indent(&out, bytes.TrimSpace(v), "", "  "); err != nil {
		t.Fatalf("%v in %.200q", err, v)
	}
	return out.String() + "\n"
}

func (c console) curl(t *testing.T, words []string) string {
	method, body := http.MethodGet, ""
	var url string
	for i := 0; i < len(words); i++ {
		switch w := words[i]; w {
		case "-s":
		case "-d":
			i++
			method, body = http.MethodPost, words[i]
			if file, ok := strings.CutPrefix(body, "@"); ok {
				body = string(read(t, file))
			}
		default:
			url = c.server.URL + strings.TrimPrefix(w, "localhost:8080")
		}
	}
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
