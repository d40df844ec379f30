// Command additive trains additive models on a data set that compare.py has
// written and prints losses and times as JSON, for compare.py to set beside
// those of interpret-core.
//
//	go run ./bench/additive -data DIR -params '{"bags": 8}' -threads 2
//
// DIR is as for bench/trees: meta.json (task, classes, features, rows, folds),
// x.bin (float64, row after row, NaN for missing), y.bin (float64) and fold.bin
// (int32; the fold in which a row is tested, -1 for rows only learnt from).
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
	"syscall"
	"time"

	"bespoke/additive"
	"bespoke/model"
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

// result is what is printed.
type result struct {
	// Loss per fold: log-loss, or RMSE for numbers.
	Loss []float64 `json:"loss"`
	// Train has the seconds of each fit, bins included, CPU the processor
	// seconds of it.
	Train []float64 `json:"train"`
	CPU   []float64 `json:"cpu"`
	// RowMicroseconds is the time of one row of the last fold's model.
	RowMicroseconds float64 `json:"row_microseconds"`
	// Bytes is the size of the last model as saved, Terms the number of its
	// curves and pairs.
	Bytes int `json:"bytes"`
	Terms int `json:"terms"`
}

func main() {
	data := flag.String("data", "", "folder of the data set")
	params := flag.String("params", "{}", "parameters as JSON")
	threads := flag.Int("threads", 2, "goroutines")
	profile := flag.String("profile", "", "file to write a CPU profile to")
	flag.Parse()
	if err := run(*data, *params, *threads, *profile); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir, params string, threads int, profile string) error {
	d, err := load(dir)
	if err != nil {
		return fmt.Errorf("additive: reading %q: %w", dir, err)
	}
	var p model.Params
	if err := json.Unmarshal([]byte(params), &p); err != nil {
		return fmt.Errorf("additive: parameters: %w", err)
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
		if err := d.measure(&out, int32(fold), p, threads); err != nil {
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
	d.y, d.fold = make([]float64, d.Rows), make([]int32, d.Rows)
	for name, into := range map[string]any{"x.bin": d.x.Values, "y.bin": d.y, "fold.bin": d.fold} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if _, err := binary.Decode(b, binary.LittleEndian, into); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return d, nil
}

// take makes training rows of those in a fold, or of the others.
func (d *dataset) take(fold int32, in bool) model.Training {
	var rows []int
	t := model.Training{Task: d.Task, Classes: d.Classes, Seed: 1}
	for i, f := range d.fold {
		if (f == fold) == in {
			rows = append(rows, i)
			t.Y = append(t.Y, d.y[i])
		}
	}
	t.X = d.x.Take(rows)
	return t
}

func (d *dataset) measure(out *result, fold int32, p model.Params, threads int) error {
	train, test := d.take(fold, false), d.take(fold, true)
	train.Threads = threads
	start, cpu := time.Now(), processor()
	m, err := additive.Fit(context.Background(), p, train)
	if err != nil {
		return err
	}
	out.Train = append(out.Train, time.Since(start).Seconds())
	out.CPU = append(out.CPU, processor()-cpu)
	predicted := make([]float64, test.X.Rows*m.Outputs())
	start = time.Now()
	for i := range test.X.Rows {
		m.Predict(test.X.Row(i), predicted[i*m.Outputs():(i+1)*m.Outputs()])
	}
	out.RowMicroseconds = time.Since(start).Seconds() / float64(test.X.Rows) * 1e6
	out.Loss = append(out.Loss, loss(test, predicted, m.Outputs()))
	b, err := m.MarshalBinary()
	out.Bytes, out.Terms = len(b), len(m.Terms)
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

// loss is the log-loss, or the RMSE of numbers.
func loss(test model.Training, predicted []float64, k int) float64 {
	sum := 0.0
	for i, y := range test.Y {
		if test.Task == model.Regression {
			sum += (y - predicted[i]) * (y - predicted[i])
		} else {
			sum -= math.Log(max(predicted[i*k+int(y)], 1e-15))
		}
	}
	if sum /= float64(len(test.Y)); test.Task == model.Regression {
		return math.Sqrt(sum)
	}
	return sum
}
