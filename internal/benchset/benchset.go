// Package benchset is what the programs under bench/ that train one model on one
// data set have in common: reading the data set that a Python script has written,
// cutting it into rows to learn from and rows to test on, and measuring time.
//
// A data set is a folder with meta.json (task, classes, features, rows, folds),
// x.bin (float64, row after row, NaN for missing), y.bin (float64), fold.bin
// (int32; the fold in which a row is tested, -1 for rows that are only learnt
// from) and, for rankings, group.bin (int32, the query of each row). Numbers are
// little-endian.
package benchset

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime/pprof"
	"syscall"
	"time"

	"bespoke/model"
)

// Set is a data set. X has a row per example, Y the class index or number of
// each, Fold the fold in which it is tested; Group is nil where there are no
// queries.
type Set struct {
	Task     model.Task      `json:"task"`
	Classes  []string        `json:"classes"`
	Features []model.Feature `json:"features"`
	Rows     int             `json:"rows"`
	Folds    int             `json:"folds"`

	X     *model.Matrix `json:"-"`
	Y     []float64     `json:"-"`
	Fold  []int32       `json:"-"`
	Group []int32       `json:"-"`
}

// mostCells bounds what meta.json may ask for: 16 GiB of features.
const mostCells = 1 << 31

// Load reads the data set in a folder. A file that is missing or has another
// length than meta.json says is an error.
func Load(dir string) (*Set, error) {
	b, err := os.ReadFile(filepath.Join(dir, "meta.json"))
	if err != nil {
		return nil, fmt.Errorf("benchset: reading: %w", err)
	}
	s := &Set{}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("benchset: reading meta.json of %q: %w", dir, err)
	}
	if s.Rows < 1 || s.Folds < 1 || s.Rows > mostCells/max(1, len(s.Features)) {
		return nil, fmt.Errorf("benchset: reading meta.json of %q: %d rows of %d features in %d folds; there must be at least one row and one fold, and at most %d cells", dir, s.Rows, len(s.Features), s.Folds, mostCells)
	}
	s.X = model.NewMatrix(s.Features, s.Rows)
	s.Y, s.Fold, s.Group = make([]float64, s.Rows), make([]int32, s.Rows), make([]int32, s.Rows)
	for _, f := range []struct {
		name string
		into any
	}{{"x.bin", s.X.Values}, {"y.bin", s.Y}, {"fold.bin", s.Fold}, {"group.bin", s.Group}} {
		err := read(filepath.Join(dir, f.name), f.into)
		if f.name == "group.bin" && errors.Is(err, fs.ErrNotExist) {
			s.Group, err = nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("benchset: reading %q of %q: %w", f.name, dir, err)
		}
	}
	return s, nil
}

// read fills a slice of numbers with the whole file.
func read(path string, into any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if want := binary.Size(into); len(b) != want {
		return fmt.Errorf("%d bytes, want %d", len(b), want)
	}
	_, err = binary.Decode(b, binary.LittleEndian, into)
	return err
}

// Split gives the rows to learn from for a fold, from 0, and those to test on.
func (s *Set) Split(fold int) (train, test model.Training) {
	var in, out []int
	for i, f := range s.Fold {
		if int(f) == fold {
			out = append(out, i)
		} else {
			in = append(in, i)
		}
	}
	return s.take(in), s.take(out)
}

func (s *Set) take(rows []int) model.Training {
	t := model.Training{Task: s.Task, Classes: s.Classes, X: s.X.Take(rows), Y: make([]float64, len(rows)), Seed: 1}
	for i, r := range rows {
		t.Y[i] = s.Y[r]
		if s.Group != nil {
			t.Groups = append(t.Groups, s.Group[r])
		}
	}
	return t
}

// Watch measures a piece of work from its beginning.
type Watch struct {
	begin time.Time
	cpu   float64
}

// Start begins to measure.
func Start() Watch { return Watch{time.Now(), processor()} }

// Stop gives the seconds since the beginning, and the processor seconds of all
// threads of this process in them; NaN where the system does not tell.
func (w Watch) Stop() (seconds, cpu float64) {
	return time.Since(w.begin).Seconds(), processor() - w.cpu
}

// processor is the seconds that this process has had of all processors.
func processor() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// RowMicroseconds is how long predicting one row takes: the least mean of some
// runs over the first rows, of which there must be one.
func RowMicroseconds(m model.Fitted, x *model.Matrix, runs, rows int) float64 {
	out := make([]float64, m.Outputs())
	least := math.Inf(1)
	n := min(x.Rows, rows)
	for range runs {
		begin := time.Now()
		for i := range n {
			m.Predict(x.Row(i), out)
		}
		least = min(least, time.Since(begin).Seconds()/float64(n)*1e6)
	}
	return least
}

// Profile writes a CPU profile to the file until stop is called; with an empty
// name it does nothing.
func Profile(file string) (stop func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, fmt.Errorf("benchset: profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("benchset: profile: %w", err), f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}

// EachFold reads a data set and parameters and calls measure for each fold of the
// set, in order, while it writes a CPU profile to the file; without a name it
// writes none.
func EachFold(dir, params, profile string, measure func(set *Set, fold int, p model.Params) error) error {
	set, err := Load(dir)
	if err != nil {
		return err
	}
	p, err := Params(params)
	if err != nil {
		return err
	}
	stop, err := Profile(profile)
	if err != nil {
		return err
	}
	defer stop()
	for fold := range set.Folds {
		if err := measure(set, fold, p); err != nil {
			return err
		}
	}
	return nil
}

// Params reads parameters of a model from JSON.
func Params(text string) (model.Params, error) {
	var p model.Params
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, fmt.Errorf("benchset: parameters: %w", err)
	}
	return p, nil
}
