// Command forest fits a model of the zoo on a data set that parity.py has
// written and prints losses and times as JSON, for parity.py to set beside
// scikit-learn's.
//
//	go run ./bench/forest -data DIR -model trees.forest.v1 -params '{"trees": 100}' -threads 2
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
	"bespoke/zoo"
)

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
	e, err := zoo.Find(name)
	if err != nil {
		return err
	}
	var out result
	if err := benchset.EachFold(dir, params, profile, func(set *benchset.Set, fold int, p model.Params) error {
		return out.measure(set, fold, e, p, threads)
	}); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func (out *result) measure(set *benchset.Set, fold int, e model.Entry, p model.Params, threads int) error {
	train, test := set.Split(fold)
	train.Threads = threads
	watch := benchset.Start()
	m, err := e.Fit(context.Background(), p, train)
	if err != nil {
		return err
	}
	seconds, cpu := watch.Stop()
	out.Train, out.CPU = append(out.Train, seconds), append(out.CPU, cpu)
	loss, square := losses(m, test)
	out.Loss, out.Square = append(out.Loss, loss), append(out.Square, square)
	out.RowMicroseconds = benchset.RowMicroseconds(m, test.X, 10, 200)
	b, err := m.MarshalBinary()
	out.Bytes = len(b)
	return err
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
