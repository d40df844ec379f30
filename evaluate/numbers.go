package evaluate

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"bespoke/objective"
)

func rmse(h Held) (float64, error) {
	return math.Sqrt(squares(h) / float64(h.Rows())), nil
}

func squares(h Held) float64 {
	sum := 0.0
	for i, y := range h.Truth {
		d := y - h.Predictions[i]
		sum += d * d
	}
	return sum
}

func mae(h Held) (float64, error) {
	sum := 0.0
	for i, y := range h.Truth {
		sum += math.Abs(y - h.Predictions[i])
	}
	return sum / float64(h.Rows()), nil
}

func r2(h Held) (float64, error) {
	mean := average(h.Truth)
	spread := 0.0
	for _, y := range h.Truth {
		spread += (y - mean) * (y - mean)
	}
	if spread == 0 {
		return 0, errors.New("all rows have the same number")
	}
	return 1 - squares(h)/spread, nil
}

// mape divides by the spacing of float64 at 1 where the truth is 0, as
// scikit-learn does.
func mape(h Held) (float64, error) {
	sum := 0.0
	for i, y := range h.Truth {
		sum += math.Abs(y-h.Predictions[i]) / math.Max(math.Abs(y), 0x1p-52)
	}
	return sum / float64(h.Rows()), nil
}

func ndcg(r *objective.Ranked, h Held) []float64 { return r.NDCG(h.Predictions, h.Top) }

func averagePrecision(r *objective.Ranked, h Held) []float64 { return r.Precision(h.Predictions) }

func reciprocalRank(r *objective.Ranked, h Held) []float64 { return r.Reciprocal(h.Predictions) }

// meanOver is the mean over the queries that define a metric.
func meanOver(values []float64) (float64, error) {
	mean, n := objective.Defined(values)
	if n == 0 {
		return 0, errors.New("no query has a row whose relevance is above 0")
	}
	return mean, nil
}

// resampleQueries computes metrics of rankings on resampled queries, by metric.
// A query counts as a whole, however many rows it has, and is measured once.
func resampleQueries(h Held, metrics []Metric, o Options) ([][]float64, error) {
	r, err := objective.NewRanked(h.Truth, h.Queries)
	if err != nil {
		return nil, fmt.Errorf("evaluate: held-out rows: %w", err)
	}
	out := make([][]float64, len(metrics))
	for k, m := range metrics {
		values := m.each(r, h)
		if _, n := objective.Defined(values); n == 0 {
			continue
		}
		sampled := make([]float64, min(o.Resamples, max(200, queryWork/len(values))))
		forEach(len(sampled), o.Threads, func(b int) {
			pick, drawn := draws(o.Seed, b, len(values)), make([]float64, len(values))
			for i := range drawn {
				drawn[i] = values[pick()]
			}
			mean, n := objective.Defined(drawn)
			if n == 0 {
				mean = math.NaN()
			}
			sampled[b] = mean
		})
		out[k] = slices.DeleteFunc(sampled, math.IsNaN)
	}
	return out, nil
}

// queryWork bounds queries times resamples behind an interval.
const queryWork = 50_000_000
