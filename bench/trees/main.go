// Command trees trains boosted trees on a data set that parity.py has written
// and prints losses and times as JSON, for parity.py to set beside LightGBM's.
//
//	go run ./bench/trees -data DIR -params '{"rounds": 100}' -threads 2
//
// DIR holds meta.json (task, classes, features, rows, folds), x.bin (float64,
// row after row, NaN for missing), y.bin (float64) and fold.bin (int32; the
// fold in which a row is tested, -1 for rows that are only learnt from), and, for
// rankings, group.bin (int32, the query of each row).
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sort"
	"syscall"
	"time"

	"bespoke/model"
	"bespoke/objective"
	"bespoke/trees"
)

type meta struct {
	Task     model.Task      `json:"task"`
	Classes  []string        `json:"classes"`
	Features []model.Feature `json:"features"`
	Rows     int             `json:"rows"`
	Folds    int             `json:"folds"`
}

type dataset struct {
	meta
	x    *model.Matrix
	y    []float64
	fold []int32
	// group is the query of each row, nil where there are none.
	group []int32
}

// result is what is printed.
type result struct {
	// Loss per fold: log-loss, RMSE, or the mean loss of another objective.
	Loss []float64 `json:"loss"`
	// Train has the seconds of each fit, bins included, CPU the processor
	// seconds of it; Predict has the seconds of predicting the test rows.
	Train   []float64 `json:"train"`
	CPU     []float64 `json:"cpu"`
	Predict []float64 `json:"predict"`
	// RowMicroseconds is the time of one row of the last fold's model.
	RowMicroseconds float64 `json:"row_microseconds"`
	// Bytes is the size of the last model as saved.
	Bytes int `json:"bytes"`
}

func main() {
	data := flag.String("data", "", "folder of the data set")
	params := flag.String("params", "{}", "parameters as JSON")
	threads := flag.Int("threads", 2, "goroutines")
	repeats := flag.Int("repeats", 1, "fits per fold, for profiles")
	batch := flag.Int("batch", 0, "rows to predict for the time of a batch: the test rows as often as it takes (0: once)")
	profile := flag.String("profile", "", "file to write a CPU profile to")
	flag.Parse()
	if err := run(*data, *params, *threads, *repeats, *batch, *profile); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir, params string, threads, repeats, batch int, profile string) error {
	d, err := load(dir)
	if err != nil {
		return fmt.Errorf("trees: reading %q: %w", dir, err)
	}
	var p model.Params
	if err := json.Unmarshal([]byte(params), &p); err != nil {
		return fmt.Errorf("trees: parameters: %w", err)
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
		if err := d.measure(&out, int32(fold), p, threads, repeats, batch); err != nil {
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
	if err := json.Unmarshal(b, &d.meta); err != nil {
		return nil, err
	}
	d.x = model.NewMatrix(d.Features, d.Rows)
	d.y = make([]float64, d.Rows)
	d.fold = make([]int32, d.Rows)
	for name, into := range map[string]any{"x.bin": d.x.Values, "y.bin": d.y, "fold.bin": d.fold} {
		if err := read(filepath.Join(dir, name), into); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "group.bin")); err == nil {
		d.group = make([]int32, d.Rows)
		return d, read(filepath.Join(dir, "group.bin"), d.group)
	}
	return d, nil
}

func read(path string, into any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := binary.Read(f, binary.LittleEndian, into); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// split divides the rows for a fold.
func (d *dataset) split(fold int32) (train, test model.Training) {
	var in, out []int
	for i, f := range d.fold {
		if f == fold {
			out = append(out, i)
		} else {
			in = append(in, i)
		}
	}
	return d.take(in), d.take(out)
}

func (d *dataset) take(rows []int) model.Training {
	t := model.Training{Task: d.Task, Classes: d.Classes, X: d.x.Take(rows), Y: make([]float64, len(rows)), Seed: 1}
	for i, r := range rows {
		t.Y[i] = d.y[r]
		if d.group != nil {
			t.Groups = append(t.Groups, d.group[r])
		}
	}
	return t
}

func (d *dataset) measure(out *result, fold int32, p model.Params, threads, repeats, batch int) error {
	train, test := d.split(fold)
	train.Threads = threads
	var m *trees.Model
	for range repeats {
		start, cpu := time.Now(), processor()
		var err error
		if m, err = trees.Fit(context.Background(), p, train); err != nil {
			return err
		}
		out.Train = append(out.Train, time.Since(start).Seconds())
		out.CPU = append(out.CPU, processor()-cpu)
	}
	predicted := make([]float64, test.X.Rows*m.Outputs())
	m.PredictAll(test.X, predicted, threads)
	x := many(test.X, batch)
	start := time.Now()
	m.PredictAll(x, make([]float64, x.Rows*m.Outputs()), threads)
	out.Predict = append(out.Predict, time.Since(start).Seconds())
	l, err := loss(m, test, predicted, p)
	if err != nil {
		return err
	}
	out.Loss = append(out.Loss, l)
	out.RowMicroseconds = rowTime(m, test.X)
	b, err := m.MarshalBinary()
	out.Bytes = len(b)
	return err
}

// many repeats rows until there are as many as asked for.
func many(x *model.Matrix, rows int) *model.Matrix {
	if rows == 0 {
		return x
	}
	which := make([]int, rows)
	for i := range which {
		which[i] = i % x.Rows
	}
	return x.Take(which)
}

// processor is the seconds that this process has had of all processors.
func processor() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// loss is the log-loss, the root of the mean squared error, or the mean loss of
// another objective. For rankings it is 1 less the NDCG of the first 10.
func loss(m *trees.Model, test model.Training, predicted []float64, p model.Params) (float64, error) {
	tgt := objective.NewTarget(test, objective.Defaults())
	for name, into := range map[string]*float64{"alpha": &tgt.Alpha, "delta": &tgt.Delta, "variance_power": &tgt.Power} {
		if x, ok := p[name].(float64); ok {
			*into = x
		}
	}
	if m.Objective == "lambdarank" {
		v, err := objective.NDCG(tgt, predicted, 10)
		return 1 - v, err
	}
	obj, err := objective.Find(m.Objective, m.Task)
	if err != nil {
		return 0, err
	}
	sum, k := 0.0, m.Outputs()
	for i, y := range test.Y {
		out := predicted[i*k : (i+1)*k]
		switch {
		case m.Objective == "log-loss":
			sum -= math.Log(max(out[int(y)], 1e-15))
		case obj.Logarithmic:
			sum += obj.Loss(tgt, i, []float64{math.Log(out[0])})
		default:
			sum += obj.Loss(tgt, i, out)
		}
	}
	if sum /= float64(len(test.Y)); m.Objective == "squared" {
		return math.Sqrt(sum), nil
	}
	return sum, nil
}

// rowTime is the least over runs of single rows, in microseconds.
func rowTime(m *trees.Model, x *model.Matrix) float64 {
	out := make([]float64, m.Outputs())
	var times []float64
	for range 40 {
		n := min(x.Rows, 500)
		start := time.Now()
		for i := range n {
			m.Predict(x.Row(i), out)
		}
		times = append(times, float64(time.Since(start).Nanoseconds())/float64(n)/1000)
	}
	sort.Float64s(times)
	return times[0]
}
