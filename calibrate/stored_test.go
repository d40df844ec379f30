package calibrate_test

import (
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bespoke/calibrate"
)

func TestStoredMapsGiveTheSameBits(t *testing.T) {
	for _, classes := range []int{2, 3} {
		p, y := sharpened(150, classes, 2, 1)
		for _, name := range calibrate.Names() {
			m := mustFit(t, name, p, y, classes)
			data, err := calibrate.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			back, err := calibrate.Unmarshal(data)
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, data)
			}
			for i := range y {
				a := slices.Clone(p[i*classes : (i+1)*classes])
				b := slices.Clone(a)
				m.Apply(a)
				back.Apply(b)
				if !slices.Equal(a, b) {
					t.Fatalf("%s: row %d: %v, loaded %v", name, i, a, b)
				}
			}
			if calibrate.Describe(m) != calibrate.Describe(back) || back.Name() != name {
				t.Errorf("%s: %q, loaded %q", name, calibrate.Describe(m), calibrate.Describe(back))
			}
		}
	}
	data, err := calibrate.Marshal(mustFit(t, "none", nil, nil, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := calibrate.Unmarshal(data); err != nil {
		t.Errorf("a regression's map: %v", err)
	}
}

// foreign is a map that is not of the package.
type foreign struct{}

func (foreign) Name() string      { return "foreign" }
func (foreign) Apply(_ []float64) {}

func TestMarshalOfForeignMap(t *testing.T) {
	if _, err := calibrate.Marshal(foreign{}); err == nil || !strings.Contains(err.Error(), "not a map of this package") {
		t.Errorf("error %v", err)
	}
	if got := calibrate.Describe(foreign{}); got != "foreign" {
		t.Errorf("described as %q", got)
	}
}

func TestUnmarshalErrors(t *testing.T) {
	head := `{"format":"bespoke.calibration","version":1,"method":`
	for _, c := range []struct{ data, want string }{
		{``, "want a JSON object"},
		{`null`, "want a JSON object"},
		{`{`, "unexpected EOF"},
		{head + `"none","classes":2,"fitted":{}} {}`, "more data follows"},
		{head + `"none","classes":2,"fitted":{},"extra":1}`, `unknown field "extra"`},
		{`{"format":"bespoke.features","version":1,"method":"none","classes":2,"fitted":{}}`, `format "bespoke.features" version 1, want`},
		{`{"format":"bespoke.calibration","version":2,"method":"none","classes":2,"fitted":{}}`, "version 2, want"},
		{head + `"platt","classes":2,"fitted":{}}`, `method "platt" is none of none, temperature`},
		{head + `"none","classes":0,"fitted":{}}`, "0 classes, want 1 to"},
		{head + `"none","classes":2}`, "want a JSON object"},
		{head + `"temperature","classes":2,"fitted":{"sharpness":0}}`, "sharpness is 0"},
		{head + `"temperature","classes":1,"fitted":{"sharpness":1}}`, "1 classes, want at least 2"},
		{head + `"sigmoid","classes":3,"fitted":{"curves":[{"slope":1,"shift":0}]}}`, "1 curves for 3 classes, want 3"},
		{head + `"sigmoid","classes":2,"fitted":{"curves":[{"slope":-1,"shift":0}]}}`, "a slope is negative"},
		{head + `"sigmoid","classes":2,"fitted":{"curves":null}}`, "0 curves for 2 classes, want 1"},
		{head + `"sigmoid","classes":2,"fitted":{"lines":[]}}`, `unknown field "lines"`},
		{head + `"beta","classes":2,"fitted":{"curves":[{"low":1,"high":-1,"shift":0}]}}`, "a coefficient is negative"},
		{head + `"isotonic","classes":2,"fitted":{"curves":[{"x":[],"y":[]}]}}`, "0 x and 0 y"},
		{head + `"isotonic","classes":2,"fitted":{"curves":[{"x":[0,1],"y":[0]}]}}`, "2 x and 1 y"},
		{head + `"isotonic","classes":2,"fitted":{"curves":[{"x":[0,0],"y":[0,1]}]}}`, "point 1 (0, 1) does not rise"},
		{head + `"isotonic","classes":2,"fitted":{"curves":[{"x":[0,1],"y":[0.5,0.4]}]}}`, "point 1 (1, 0.4) does not rise"},
		{head + `"isotonic","classes":2,"fitted":{"curves":[{"x":[0],"y":[2]}]}}`, "is not from 0 to 1"},
		{head + `"isotonic","classes":2,"fitted":{"curves":[{"x":[0],"y":[1],"edge":0.6}]}}`, "edge is 0.6"},
		{head + `"isotonic","classes":1,"fitted":{"curves":[{"x":[0],"y":[1]}]}}`, "1 classes, want at least 2"},
	} {
		m, err := calibrate.Unmarshal([]byte(c.data))
		if err == nil || m != nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "calibrate: read") {
			t.Errorf("%s: error %v, want %q", c.data, err, c.want)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, classes := range []int{2, 3} {
		p, y := sharpened(12, classes, 2, 1)
		for _, name := range calibrate.Names() {
			data, err := calibrate.Marshal(mustFit(f, name, p, y, classes))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := calibrate.Unmarshal(data)
		if err != nil {
			return
		}
		for _, row := range [][]float64{{0.3, 0.7}, {0, 1}, {1, 0}, {1, 0, 0}, {0.2, 0.3, 0.5}, {math.NaN(), 0.5}, {4}, nil} {
			got := slices.Clone(row)
			m.Apply(got)
			sum, bad := 0.0, false
			for k, q := range got {
				sum += q
				bad = bad || math.IsNaN(row[k])
			}
			if len(row) > 1 && !bad && !(math.Abs(sum-1) < 1e-9) {
				t.Fatalf("%v becomes %v", row, got)
			}
		}
		once, err := calibrate.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := calibrate.Unmarshal(once); err != nil {
			t.Fatalf("what was loaded and written does not load: %v\n%s", err, once)
		}
	})
}

// TestStoredMapsOfEarlierVersions loads what version 1 wrote and wants what it
// then gave. The lines of testdata/stored.v1.txt are never rewritten: a
// customer's bundle looks like them.
func TestStoredMapsOfEarlierVersions(t *testing.T) {
	data, err := os.ReadFile("testdata/stored.v1.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		stored, rest, _ := strings.Cut(strings.TrimSpace(line), " ---- ")
		before, after, _ := strings.Cut(rest, " -> ")
		m, err := calibrate.Unmarshal([]byte(stored))
		if err != nil {
			t.Fatal(err)
		}
		seen[m.Name()] = true
		row, want := numbers(t, before), numbers(t, after)
		m.Apply(row)
		for k := range row {
			if math.Abs(row[k]-want[k]) > 1e-12 { // last bits of logarithms may differ between processors
				t.Errorf("%s: %s becomes %v, want %v", stored, before, row, want)
			}
		}
	}
	for _, name := range calibrate.Names() {
		if !seen[name] {
			t.Errorf("no stored example of %s; add a line", name)
		}
	}
}

func numbers(t *testing.T, s string) []float64 {
	t.Helper()
	var out []float64
	for _, field := range strings.Fields(s) {
		x, err := strconv.ParseFloat(field, 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, x)
	}
	return out
}
