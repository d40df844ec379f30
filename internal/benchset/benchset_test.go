package benchset_test

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bespoke/internal/benchset"
	"bespoke/model"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const meta = `{"task": "binary", "classes": ["no", "yes"], "features": [{"name": "age"}, {"name": "job", "levels": 2}], "rows": 3, "folds": 2}`

// write makes the folder of a data set of three rows.
func write(t *testing.T, more map[string]any) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]any{
		"meta.json": meta, "x.bin": []float64{30, 1, math.NaN(), 0, 50, 1}, "y.bin": []float64{0, 1, 1}, "fold.bin": []int32{0, -1, 1},
	}
	for name, content := range more {
		files[name] = content
	}
	for name, content := range files {
		var b []byte
		switch c := content.(type) {
		case nil:
			continue
		case string:
			b = []byte(c)
		default:
			var err error
			if b, err = binary.Append(nil, binary.LittleEndian, c); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSplit(t *testing.T) {
	for _, groups := range []any{nil, []int32{7, 7, 8}} {
		s, err := benchset.Load(write(t, map[string]any{"group.bin": groups}))
		if err != nil {
			t.Fatal(err)
		}
		train, test := s.Split(0)
		if train.X.Rows != 2 || test.X.Rows != 1 || train.Task != model.Binary {
			t.Fatalf("%d rows to learn from, %d to test on", train.X.Rows, test.X.Rows)
		}
		if d := cmp.Diff([]float64{math.NaN(), 0, 50, 1}, train.X.Values, cmpopts.EquateNaNs()); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]float64{1, 1}, train.Y); d != "" {
			t.Error(d)
		}
		if want := 2 * min(1, len(s.Group)); len(train.Groups) != want || test.Y[0] != 0 {
			t.Errorf("queries %v, want %d", train.Groups, want)
		}
		if err := train.Check(model.Native); err != nil {
			t.Error(err)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for want, files := range map[string]map[string]any{
		"meta.json":                {"meta.json": "{"},
		"no such file":             {"y.bin": nil},
		"16 bytes, want 24":        {"y.bin": []float64{0, 1}},
		`reading "group.bin"`:      {"group.bin": []int32{1}},
		"at least one row":         {"meta.json": strings.Replace(meta, `"rows": 3`, `"rows": 0`, 1)},
		"1152921504606846976 rows": {"meta.json": strings.Replace(meta, `"rows": 3`, `"rows": 1152921504606846976`, 1)},
	} {
		if _, err := benchset.Load(write(t, files)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

type fixed struct{}

func (fixed) Name() string                   { return "fixed" }
func (fixed) Outputs() int                   { return 2 }
func (fixed) Predict(_, out []float64)       { out[0], out[1] = 0.5, 0.5 }
func (fixed) MarshalBinary() ([]byte, error) { return nil, nil }

// What is measured is there and not negative; how long it takes is not tested.
func TestMeasures(t *testing.T) {
	s, err := benchset.Load(write(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	watch := benchset.Start()
	if x := benchset.RowMicroseconds(fixed{}, s.X, 2, 5); !(x >= 0) || math.IsInf(x, 0) {
		t.Errorf("a row takes %v", x)
	}
	if seconds, cpu := watch.Stop(); seconds < 0 || cpu < 0 {
		t.Errorf("%v seconds, %v of a processor", seconds, cpu)
	}
	file := filepath.Join(t.TempDir(), "cpu.pprof")
	stop, err := benchset.Profile(file)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if info, err := os.Stat(file); err != nil || info.Size() == 0 {
		t.Errorf("no profile: %v", err)
	}
	if stop, err = benchset.Profile(""); err != nil {
		t.Fatal(err)
	}
	stop()
	if _, err := benchset.Profile(filepath.Join(t.TempDir(), "no", "file")); err == nil {
		t.Error("a profile in a folder that is not there")
	}
	if p, err := benchset.Params(`{"rounds": 5}`); err != nil || p["rounds"] != 5.0 {
		t.Errorf("%v, %v", p, err)
	}
	if _, err := benchset.Params("["); err == nil {
		t.Error("parameters that are no JSON")
	}
}
