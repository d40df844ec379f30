// Command trees trains boosted trees on a data set that parity.py has written
// and prints losses and times as JSON, for parity.py to set beside LightGBM's.
//
//	go run ./bench/trees -data DIR -params '{"rounds": 100}' -threads 2
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

	"bespoke/internal/benchset"
	"bespoke/model"
	"bespoke/objective"
	"bespoke/trees"
)

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
	var out result
	if err := benchset.EachFold(dir, params, profile, func(set *benchset.Set, fold int, p model.Params) error {
		return out.measure(set, fold, p, threads, repeats, batch)
	}); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func (out *result) measure(set *benchset.Set, fold int, p model.Params, threads, repeats, batch int) error {
	train, test := set.Split(fold)
	train.Threads = threads
	var m *trees.Model
	for range repeats {
		watch := benchset.Start()
		var err error
		if m, err = trees.Fit(context.Background(), p, train); err != nil {
			return err
		}
		seconds, cpu := watch.Stop()
		out.Train, out.CPU = append(out.Train, seconds), append(out.CPU, cpu)
	}
	predicted := make([]float64, test.X.Rows*m.Outputs())
	m.PredictAll(test.X, predicted, threads)
	x := many(test.X, batch)
	answers := make([]float64, x.Rows*m.Outputs())
	watch := benchset.Start()
	m.PredictAll(x, answers, threads)
	seconds, _ := watch.Stop()
	out.Predict = append(out.Predict, seconds)
	l, err := loss(m, test, predicted, p)
	if err != nil {
		return err
	}
	out.Loss = append(out.Loss, l)
	out.RowMicroseconds = benchset.RowMicroseconds(m, test.X, 40, 500)
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
