// Command forest fits a model of the zoo on a data set that parity.py has
// written and prints losses and times as JSON, for parity.py to set beside
// scikit-learn's.
//
//	go run ./bench/forest -data DIR -model trees.forest.v1 -params '{"trees": 100}' -threads 2
//
// DIR is as bench/trees/main.go says: meta.json (task, classes, features, rows,
// folds), x.bin, y.bin and fold.bin.
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"syscall"
	"time"

	"bespoke/model"
	"bespoke/zoo"
)

type dataset struct {
	Task     model.Task      `json:"task"`
	Classes  []string        `json:"classes"`
	Features []model.Feature `json:"features"`
	Rows     int             `json:"rows"`
	Folds    int             `json:"folds"`

	x    *model.Matrix
	y    []float64
	fold []int32
}

// result has a number per fold (Train in seconds, CPU in processor seconds of
// all threads), and of the last fold the time of one row in microseconds and the
// size of the saved model.
type result struct {
	Loss            []float64 `json:"loss"`
	Square          []float64 `json:"square"`
	Train           []float64 `json:"train"`
	CPU             []float64 `json:"cpu"`
	RowMicroseconds float64   `json:"row_microseconds"`
	Bytes           int       `json:"bytes"`
}

func main() {
	data := flag.String("data", "", "folder of the data set")
	name := flag.String("model", "trees.forest.v1", "name of the model")
	params := flag.String("params", "{}", "parameters as JSON")
	threads := flag.Int("threads", 2, "goroutines")
	profile := flag.String("profile", "", "file to write a CPU profile to")
	flag.Parse()
	if err := run(*data, *name, *params, *threads, *profile); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir, name, params string, threads int, profile string) error {
	d, err := load(dir)
	if err != nil {
		return fmt.Errorf("forest: reading %q: %w", dir, err)
	}
	var p model.Params
	if err := json.Unmarshal([]byte(params), &p); err != nil {
		return fmt.Errorf("forest: parameters: %w", err)
	}
	e, err := zoo.Find(name)
	if err != nil {
		return err
	}
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
	var out result
	for fold := range d.Folds {
		if err := d.measure(&out, int32(fold), e, p, threads); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func load(dir string) (*dataset, error) {
	b, err := os.ReadFile(filepath.Join(dir, "meta.json"))
	if err != nil {
		return nil, err
	}
	d := &dataset{}
	if err := json.Unmarshal(b, d); err != nil {
		return nil, err
	}
	d.x = model.NewMatrix(d.Features, d.Rows)
	d.y = make([]float64, d.Rows)
	d.fold = make([]int32, d.Rows)
	for name, into := range map[string]any{"x.bin": d.x.Values, "y.bin": d.y, "fold.bin": d.fold} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if _, err := binary.Decode(b, binary.LittleEndian, into); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *dataset) take(wanted func(fold int32) bool) model.Training {
	var rows []int
	t := model.Training{Task: d.Task, Classes: d.Classes, Seed: 1}
	for i, f := range d.fold {
		if wanted(f) {
			rows = append(rows, i)
			t.Y = append(t.Y, d.y[i])
		}
	}
	t.X = d.x.Take(rows)
	return t
}

func (d *dataset) measure(out *result, fold int32, e model.Entry, p model.Params, threads int) error {
	train := d.take(func(f int32) bool { return f != fold })
	test := d.take(func(f int32) bool { return f == fold })
	train.Threads = threads
	start, cpu := time.Now(), processor()
	m, err := e.Fit(context.Background(), p, train)
	if err != nil {
		return err
	}
	out.Train = append(out.Train, time.Since(start).Seconds())
	out.CPU = append(out.CPU, processor()-cpu)
	loss, square := losses(m, test)
	out.Loss, out.Square = append(out.Loss, loss), append(out.Square, square)
	out.RowMicroseconds = rowTime(m, test.X)
	b, err := m.MarshalBinary()
	out.Bytes = len(b)
	return err
}

// processor is the seconds that this process has had of all processors.
func processor() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// losses are the log-loss, with probabilities of at least 1e-3, or the root of
// the mean squared error; and the Brier score, or that again.
func losses(m model.Fitted, test model.Training) (loss, square float64) {
	p := make([]float64, m.Outputs())
	for i, y := range test.Y {
		m.Predict(test.X.Row(i), p)
		if test.Task == model.Regression {
			square += (y - p[0]) * (y - p[0])
			continue
		}
		loss -= math.Log(max(p[int(y)], 1e-3))
		for k, v := range p {
			if k == int(y) {
				v--
			}
			square += v * v
		}
	}
	n := float64(len(test.Y))
	if test.Task == model.Regression {
		square = math.Sqrt(square / n)
		return square, square
	}
	return loss / n, square / n
}

// rowTime is the least over runs of single rows, in microseconds.
func rowTime(m model.Fitted, x *model.Matrix) float64 {
	out := make([]float64, m.Outputs())
	var times []float64
	for range 10 {
		n := min(x.Rows, 200)
		start := time.Now()
		for i := range n {
			m.Predict(x.Row(i), out)
		}
		times = append(times, float64(time.Since(start).Nanoseconds())/float64(n)/1000)
	}
	return slices.Min(times)
}
