package explain

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"bespoke/model"
	"bespoke/objective"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/value"
)

// The names of the scores that Importances uses.
const (
	LogLoss  = "log-loss"
	Order    = "NDCG"
	Variance = "variance explained"
	Money    = "money"
)

// Importances measures what each column that the solution reads is worth on
// held-out rows: in the loss of its metric and, when the solution has payoffs,
// in money. truth holds the class indices or numbers of the rows.
//
// The metric is the log-loss for classes. For regression it is the squared
// error as a share of the target's variance, so that the effect is how much R2
// falls; for a ranking it is NDCG of the first opt.Top rows of the queries
// opt.Queries. Money is the realised profit of the decisions per 1,000 rows; only
// the predictions come from shuffled rows, the payoffs see the true ones.
//
// The columns come back with the one worth most first: by money where there are
// payoffs, else by the metric; equal ones in the order of the table.
func Importances(ctx context.Context, s *solution.Solution, t *table.Table, truth []float64, opt Options) ([]Importance, error) {
	if len(truth) != t.Rows() {
		return nil, fmt.Errorf("explain: importances: %d outcomes for %d rows; they must be equal", len(truth), t.Rows())
	}
	columns := opt.Columns
	if columns == nil {
		for _, f := range s.Features.Inputs() {
			columns = append(columns, f.Name)
		}
	}
	score := MetricScore(s.Task, truth)
	if s.Task == model.Ranking {
		var err error
		if score, err = OrderScore(truth, opt.Queries, opt.Top); err != nil {
			return nil, err
		}
	}
	scores := []Score{score}
	if s.Payoffs != nil {
		scores = append(scores, MoneyScore(s.Payoffs, t, truth))
	}
	predict := func(t *table.Table) ([]float64, error) { return s.Predict(t, 1) }
	out, err := Permutation(ctx, t, columns, predict, scores, opt)
	if err != nil {
		return nil, err
	}
	by := len(scores) - 1
	slices.SortStableFunc(out, func(a, b Importance) int { return cmp.Compare(b.Effects[by].Value, a.Effects[by].Value) })
	return out, nil
}

// probabilityFloor keeps the log-loss of a confident mistake finite.
const probabilityFloor = 1e-15

// MetricScore counts predictions by the loss of the task's metric; see
// Importances. truth holds class indices or numbers.
func MetricScore(task model.Task, truth []float64) Score {
	if task != model.Regression {
		return Score{Name: LogLoss, Unit: "nats per row", Scale: 1, Losses: func(p []float64) ([]float64, error) {
			k := len(p) / max(1, len(truth))
			out := make([]float64, len(truth))
			for i, y := range truth {
				if !(y >= 0 && y < float64(k)) {
					return nil, fmt.Errorf("outcome of row %d is %v; it must be a class index from 0 to %d", i, y, k-1)
				}
				out[i] = -math.Log(max(p[i*k+int(y)], probabilityFloor))
			}
			return out, nil
		}}
	}
	variance := varianceOf(truth)
	return Score{Name: Variance, Unit: "share of variance", Scale: 1, Losses: func(p []float64) ([]float64, error) {
		if len(p) != len(truth) {
			return nil, fmt.Errorf("%d predictions for %d rows", len(p), len(truth))
		}
		out := make([]float64, len(truth))
		for i, y := range truth {
			out[i] = (p[i] - y) * (p[i] - y) / variance
		}
		return out, nil
	}}
}

// OrderScore counts scores by what the NDCG of the first rows of each query
// lacks of 1, spread over the rows of the query so that the mean over rows is
// that over the queries with a relevant row.
func OrderScore(grades []float64, queries []int32, first int) (Score, error) {
	ranked, err := objective.NewRanked(grades, queries)
	if err != nil {
		return Score{}, fmt.Errorf("explain: importances: %w", err)
	}
	return Score{Name: Order, Unit: "mean over queries", Scale: 1, Losses: func(scores []float64) ([]float64, error) {
		if len(scores) != len(grades) {
			return nil, fmt.Errorf("%d scores for %d rows", len(scores), len(grades))
		}
		values := ranked.NDCG(scores, first)
		_, count := objective.Defined(values)
		out := make([]float64, len(grades))
		for k, v := range values {
			if math.IsNaN(v) {
				continue
			}
			rows := ranked.Rows(k)
			for _, i := range rows {
				out[i] = (1 - v) * float64(len(grades)) / float64(count*len(rows))
			}
		}
		return out, nil
	}}, nil
}

// varianceOf is the mean squared distance from the mean, or 1 where that is 0.
func varianceOf(y []float64) float64 {
	mean, squares := 0.0, 0.0
	for i, v := range y {
		d := v - mean
		mean += d / float64(i+1)
		squares += d * (v - mean)
	}
	if squares == 0 {
		return 1
	}
	return squares / float64(len(y))
}

// MoneyScore counts predictions by what the decisions they lead to earn on the
// rows of t, whose outcomes are truth. The loss is the profit with its sign
// changed.
func MoneyScore(p *value.Payoffs, t *table.Table, truth []float64) Score {
	return Score{Name: Money, Unit: "per 1,000 decisions", Scale: 1000, Losses: func(predictions []float64) ([]float64, error) {
		sheet, err := p.Sheet(t, predictions, truth, 1)
		if err != nil {
			return nil, err
		}
		profit := sheet.Profit(sheet.Choose())
		for i := range profit {
			profit[i] = -profit[i]
		}
		return profit, nil
	}}
}
