package train_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"bespoke/internal/tabletest"
	"bespoke/model"
	"bespoke/train"
)

// fiveToOne are stakes of five in rows of class 1 and of one in others.
func fiveToOne(p *train.Problem) []float64 {
	out := make([]float64, len(p.Y))
	for i, y := range p.Y {
		out[i] = 1 + 4*y
	}
	return out
}

func with(c model.Candidate, use string) model.Candidate {
	p := model.Params{model.StakesParam: use}
	for name, v := range c.Params {
		p[name] = v
	}
	c.Params = p
	return c
}

var logistic = model.Candidate{Label: "logistic", Model: "linear.logistic.v1"}

func crossFit(t *testing.T, p *train.Problem, c model.Candidate, folds int) *train.OutOfFold {
	t.Helper()
	o, err := p.CrossFit(context.Background(), c, tabletest.Split(len(p.Y), folds), 2)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// The unit of money must not matter, and neither what is at stake in rows that
// are held out. With patience, rows to watch are cut from those to learn from.
func TestStakesAreRelativeToLearntRows(t *testing.T) {
	p := problem(t, tabletest.Loans(400, 8), model.Binary)
	split := tabletest.Split(400, 4)
	watching := with(small, model.StakesWeights)
	watching.Params["patience"] = 5.0
	for _, c := range []model.Candidate{with(logistic, model.StakesWeights), with(logistic, model.StakesExpected), watching} {
		p.Stakes = fiveToOne(p)
		before, err := p.Fit(context.Background(), c, split.Training(1), train.Options{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Stakes {
			p.Stakes[i] *= 1 << 10 // a power of two: the same bits
		}
		for _, r := range split.Folds[1] {
			p.Stakes[r] = math.NaN()
		}
		after, err := p.Fit(context.Background(), c, split.Training(1), train.Options{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := before.Solution.Model.MarshalBinary()
		b, _ := after.Solution.Model.MarshalBinary()
		if !slices.Equal(a, b) || before.Rounds != after.Rounds {
			t.Errorf("%s: the unit or held-out rows matter", c.Label)
		}
	}
}

func TestStakesAreOnlyForWhoAsks(t *testing.T) {
	p := problem(t, tabletest.Loans(300, 9), model.Binary)
	for _, c := range []model.Candidate{logistic, small} {
		p.Stakes = nil
		plain := crossFit(t, p, c, 3)
		for _, use := range []string{model.StakesWeights, model.StakesExpected} {
			if _, err := p.CrossFit(context.Background(), with(c, use), tabletest.Split(300, 3), 2); err == nil {
				t.Errorf("%s was trained for money without any", c.Label)
			}
		}
		p.Stakes = fiveToOne(p)
		if !slices.Equal(plain.Predictions, crossFit(t, p, c, 3).Predictions) {
			t.Errorf("%s: stakes that were not asked for change predictions", c.Label)
		}
		p.Stakes = make([]float64, 300)
		if _, err := p.CrossFit(context.Background(), with(c, model.StakesWeights), tabletest.Split(300, 3), 2); err == nil {
			t.Errorf("%s was trained for money where none is at stake", c.Label)
		}
	}
}

// What was trained for money overstates the dear class; calibrated on rows that
// all count the same it says probabilities again: in each fifth of the rows as
// many are of class 1 as predicted, within the noise of 400 rows. Boosted for
// expected loss, most scores end near 0 or 1, where they tell less about
// probabilities than those that were trained for them.
func TestMoneyTrainedCandidatesAreCalibrated(t *testing.T) {
	p := problem(t, tabletest.Loans(2000, 10), model.Binary)
	p.Stakes = slices.Clone(p.Y)
	for i := range p.Stakes {
		p.Stakes[i]++ // two to one
	}
	shrunk := small
	shrunk.Params = model.Params{"rounds": 300.0, "patience": 0.0, "num_leaves": 6.0, "learning_rate": 0.03, "lambda_l2": 5.0}
	for _, c := range []model.Candidate{logistic, shrunk} {
		plain, err := p.Calibrate(crossFit(t, p, c, 4))
		if err != nil {
			t.Fatal(err)
		}
		for _, use := range []string{model.StakesWeights, model.StakesExpected} {
			o := crossFit(t, p, with(c, use), 4)
			calibrated, err := p.Calibrate(o)
			if err != nil {
				t.Fatal(err)
			}
			raw, got := gap(p, o.Rows, o.Predictions), gap(p, o.Rows, calibrated.Predictions)
			if raw < 0.1 || got > 0.05 {
				t.Errorf("%s, stakes %s: predicted and observed shares are %.3f apart, calibrated %.3f", c.Label, use, raw, got)
			}
			before, after := *o, *o
			before.Predictions, after.Predictions = plain.Predictions, calibrated.Predictions
			if a, b := logLoss(p, &before), logLoss(p, &after); b > a+0.03 {
				t.Errorf("%s, stakes %s: log-loss %.4f, trained for probabilities %.4f", c.Label, use, b, a)
			}
		}
	}
}

// gap is the largest distance between the mean probability of class 1 and the
// share of rows of class 1, over fifths of the rows by probability.
func gap(p *train.Problem, rows []int, predictions []float64) float64 {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch d := predictions[2*a+1] - predictions[2*b+1]; {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
	worst := 0.0
	for k := range 5 {
		fifth, d := order[k*len(order)/5:(k+1)*len(order)/5], 0.0
		for _, i := range fifth {
			d += (predictions[2*i+1] - p.Y[rows[i]]) / float64(len(fifth))
		}
		worst = max(worst, math.Abs(d))
	}
	return worst
}
