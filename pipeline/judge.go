package pipeline

import (
	"bespoke/evaluate"
	"bespoke/model"
	"bespoke/table"
	"bespoke/tune"
	"bespoke/value"
)

// judge scores calibrated out-of-fold predictions by metric, proper loss and
// money.
func (l Learning) judge(out *Learnt) tune.Judge {
	proper := map[model.Task]string{model.Regression: "rmse", model.Ranking: "ndcg"}[l.Task]
	if proper == "" {
		proper = "log_loss"
	}
	loss, err := evaluate.MetricFor(proper, l.Task)
	return func(_ []int, predictions []float64) (tune.Score, error) {
		if err != nil {
			return tune.Score{}, err
		}
		held := out.held(predictions)
		var s tune.Score
		var err error
		if s.Metric, err = out.Metric.Of(held); err != nil {
			return s, err
		}
		if s.Loss, err = loss.Of(held); err != nil {
			return s, err
		}
		if loss.Higher {
			s.Loss = 1 - s.Loss
		}
		if out.Payoffs != nil {
			s.Money, err = out.money(held)
		}
		return s, err
	}
}

// metricOf is the metric of some table rows.
func (out *Learnt) metricOf(rows []int, predictions []float64) (float64, error) {
	held := out.held(predictions)
	held.Truth = pick(out.Problem.Y, rows)
	if held.Queries != nil {
		held.Queries = pick(out.Problem.Queries, rows)
	}
	return out.Metric.Of(held)
}

// money is the profit of each row when deciding by expected money, with
// reviews within their capacity.
func (out *Learnt) money(held evaluate.Held) ([]float64, error) {
	p, err := settle(out.Payoffs, held)
	if err != nil {
		return nil, err
	}
	sheet, err := p.Sheet(out.judged, held.Predictions, held.Truth, 1)
	if err != nil {
		return nil, err
	}
	choice := sheet.Choose()
	if sheet.Limited() {
		choice = sheet.ChooseWithin(nil).Choice
	}
	return sheet.Profit(choice), nil
}

// settle adds to the payoffs what is learnt from out-of-fold predictions: for
// numbers how far the truth lies from them.
func settle(p *value.Payoffs, held evaluate.Held) (*value.Payoffs, error) {
	if held.Task != model.Regression {
		return p, nil
	}
	spread, err := value.FitSpread(held.Predictions, held.Truth)
	if err != nil {
		return nil, err
	}
	return p.WithSpread(spread)
}

// settled gives the payoffs with the spread and the prices of what is scarce
// that the trial's out-of-fold rows teach.
func (l Learning) settled(out *Learnt, t *tune.Trial) (*value.Payoffs, error) {
	if out.Payoffs == nil {
		return nil, nil
	}
	return l.settleOn(out.Payoffs, out.judged, out.held(t.Calibrated().Predictions))
}

// settleOn adds to the payoffs what out-of-fold predictions of the rows teach:
// how far the truth lies from predicted numbers, and the prices of what is
// scarce.
func (l Learning) settleOn(p *value.Payoffs, rows *table.Table, held evaluate.Held) (*value.Payoffs, error) {
	p, err := settle(p, held)
	if err != nil || !p.HasLimits() {
		return p, err
	}
	sheet, err := p.Sheet(rows, held.Predictions, nil, l.Threads)
	if err != nil {
		return nil, err
	}
	return p.WithPrices(sheet.Prices())
}
