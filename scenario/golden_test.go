package scenario_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bespoke/internal/golden"
	"bespoke/scenario"
)

// cases lists the files of a kind in testdata by their names without the end.
func cases(t *testing.T, end string, least int) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*" + end)
	if err != nil || len(files) < least {
		t.Fatalf("found %d files *%s (%v), at least %d are needed", len(files), end, err, least)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(f, end)
	}
	return files
}

// Each *.bad.yaml is refused with the problems in its *.bad.txt, in order of
// place, each with its place, code, and the source line with a mark.
func TestBadFiles(t *testing.T) {
	for _, name := range cases(t, ".bad.yaml", 45) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			src, err := os.ReadFile(name + ".bad.yaml")
			if err != nil {
				t.Fatal(err)
			}
			f, err := scenario.Parse("scenario.yaml", src)
			if err == nil {
				t.Fatalf("accepted: %+v", f.Scenario)
			}
			var b strings.Builder
			for i, p := range scenario.Problems(err) {
				if p.Code == "" || p.Msg == "" || p.File != "scenario.yaml" {
					t.Errorf("problem without code, message or file: %+v", p)
				}
				if i > 0 && p.Before(scenario.Problems(err)[i-1].Position) {
					t.Errorf("out of order: %v", p)
				}
				b.WriteString(p.Error() + "\n")
				if e := p.Excerpt(); e != "" {
					b.WriteString(e + "\n")
				}
			}
			golden.Check(t, name+".bad.txt", []byte(b.String()))
		})
	}
}

// Each *.good.yaml is accepted, printed as its *.good.txt with every default,
// and read back from there as the same scenario.
func TestGoodFiles(t *testing.T) {
	for _, name := range cases(t, ".good.yaml", 12) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			f, err := scenario.Load(name + ".good.yaml")
			if err != nil {
				t.Fatal(err)
			}
			text, err := scenario.Render(f.Scenario)
			if err != nil {
				t.Fatal(err)
			}
			golden.Check(t, name+".good.txt", text)
			again, err := scenario.Parse("again.yaml", text)
			if err != nil {
				t.Fatalf("the printed file is refused: %v", err)
			}
			if diff := cmp.Diff(f.Scenario, again.Scenario); diff != "" {
				t.Errorf("the printed file says something else (-file +printed)\n%s", diff)
			}
			if twice, err := scenario.Render(again.Scenario); err != nil || !bytes.Equal(text, twice) {
				t.Errorf("printing twice differs (%v)", err)
			}
		})
	}
}

// Every kind of problem is shown by at least one bad file, and every code that
// a bad file shows is explained.
func TestCodesAreCoveredAndExplained(t *testing.T) {
	seen := map[string]bool{"Y0009": true, "S0401": true} // a failure of the library; other packages' problems
	for _, name := range cases(t, ".bad.yaml", 45) {
		src, err := os.ReadFile(name + ".bad.yaml")
		if err != nil {
			t.Fatal(err)
		}
		_, err = scenario.Parse("scenario.yaml", src)
		for _, p := range scenario.Problems(err) {
			seen[p.Code] = true
		}
	}
	known := map[string]bool{}
	for _, c := range scenario.Codes() {
		if known[c.Name] {
			t.Errorf("the code %s is there twice", c.Name)
		}
		known[c.Name] = true
		if !seen[c.Name] {
			t.Errorf("no bad file shows %s", c.Name)
		}
	}
	for code := range seen {
		if !known[code] {
			t.Errorf("the code %s is not explained", code)
		}
	}
}
