// Command additive trains additive models on a data set that compare.py has
// written and prints losses and times as JSON, for compare.py to set beside
// those of interpret-core.
//
//	go run ./bench/additive -data DIR -params '{"bags": 8}' -threads 2
//
// DIR is a data set as package internal/benchset reads it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"

	"bespoke/additive"
	"bespoke/internal/benchset"
	"bespoke/model"
)

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
	var out result
	if err := benchset.EachFold(dir, params, profile, func(set *benchset.Set, fold int, p model.Params) error {
		return out.measure(set, fold, p, threads)
	}); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func (out *result) measure(set *benchset.Set, fold int, p model.Params, threads int) error {
	train, test := set.Split(fold)
	train.Threads = threads
	watch := benchset.Start()
	m, err := additive.Fit(context.Background(), p, train)
	if err != nil {
		return err
	}
	seconds, cpu := watch.Stop()
	out.Train, out.CPU = append(out.Train, seconds), append(out.CPU, cpu)
	predicted := make([]float64, test.X.Rows*m.Outputs())
	watch = benchset.Start()
	for i := range test.X.Rows {
		m.Predict(test.X.Row(i), predicted[i*m.Outputs():(i+1)*m.Outputs()])
	}
	seconds, _ = watch.Stop()
	out.RowMicroseconds = seconds / float64(test.X.Rows) * 1e6
	out.Loss = append(out.Loss, loss(test, predicted, m.Outputs()))
	b, err := m.MarshalBinary()
	out.Bytes, out.Terms = len(b), len(m.Terms)
	return err
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
