package train_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"bespoke/internal/tabletest"
	"bespoke/model"
	"bespoke/table"
	"bespoke/train"
	"bespoke/zoo"
)

func problem(t *testing.T, tab *table.Table, task model.Task) *train.Problem {
	t.Helper()
	p, err := train.NewProblem(tab, task, zoo.All, 7)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var small = model.Candidate{Label: "trees", Model: "trees.boost.v1", Params: model.Params{"rounds": 30.0, "patience": 0.0, "num_leaves": 6.0}}

func TestCrossFitLearnsAndDoesNotDependOnThreads(t *testing.T) {
	tab := tabletest.Loans(900, 1)
	p := problem(t, tab, model.Binary)
	split := tabletest.Split(900, 5)
	one, err := p.CrossFit(context.Background(), small, split, 1)
	if err != nil {
		t.Fatal(err)
	}
	three, err := p.CrossFit(context.Background(), small, split, 3)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(one.Predictions, three.Predictions) {
		t.Error("predictions differ between 1 and 3 threads")
	}
	if !slices.Equal(one.Rows, split.Development) {
		t.Error("not every development row is predicted")
	}
	prior, err := p.CrossFit(context.Background(), model.Candidate{Model: "baseline.prior.v1"}, split, 2)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := logLoss(p, one), logLoss(p, prior); a > b-0.02 {
		t.Errorf("log-loss %.4f of trees is not well below %.4f of the prior", a, b)
	}
}

// The size of one fold stands for all: of the first that is learnt, or of one
// whose size is known from before.
func TestOneFoldIsSized(t *testing.T) {
	p := problem(t, tabletest.Loans(300, 1), model.Binary)
	split := tabletest.Split(300, 3)
	last, err := p.Fold(context.Background(), small, split, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	resumed := *last
	resumed.Cost = train.Cost{} // as an earlier process left it
	sizes := map[int64]bool{}
	for _, before := range []map[int]*train.FoldOut{nil, {2: last}, {0: &resumed}} {
		o, err := p.Complete(context.Background(), small, split, before, 2)
		if err != nil {
			t.Fatal(err)
		}
		if o.Cost.Bytes < 1000 || o.Cost.Fit <= 0 || o.Cost.Row <= 0 {
			t.Errorf("cost %+v", o.Cost)
		}
		sizes[o.Cost.Bytes] = true
		if before != nil && before[2] != nil && o.Cost.Bytes != last.Cost.Bytes {
			t.Errorf("%d bytes; the fold that was learnt before has %d", o.Cost.Bytes, last.Cost.Bytes)
		}
	}
	if len(sizes) < 2 {
		t.Errorf("folds that are learnt have the sizes %v; want those of different folds", sizes)
	}
}

func logLoss(p *train.Problem, o *train.OutOfFold) float64 {
	sum, k := 0.0, p.Outputs()
	for i, r := range o.Rows {
		sum -= math.Log(o.Predictions[i*k+int(p.Y[r])])
	}
	return sum / float64(len(o.Rows))
}

// A row's own target must not reach its out-of-fold prediction: turning one
// target around changes the predictions of the other folds, never its own
// fold's.
func TestFoldPredictionsIgnoreTheFoldsTargets(t *testing.T) {
	tab := tabletest.Loans(300, 2)
	split := tabletest.Split(300, 3)
	p := problem(t, tab, model.Binary)
	before, err := p.CrossFit(context.Background(), small, split, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range split.Folds[1] {
		p.Y[r] = 1 - p.Y[r]
	}
	after, err := p.CrossFit(context.Background(), small, split, 2)
	if err != nil {
		t.Fatal(err)
	}
	same := func(fold int) bool {
		for i, f := range before.Fold {
			if f == fold && before.Predictions[2*i] != after.Predictions[2*i] {
				return false
			}
		}
		return true
	}
	if !same(1) {
		t.Error("predictions of a fold depend on its own targets")
	}
	if same(0) {
		t.Error("predictions of another fold do not depend on the targets: the test sees nothing")
	}
}

func TestEarlyStoppingWatchesOwnRowsAndRefitsWithRounds(t *testing.T) {
	tab := tabletest.Loans(800, 3)
	p := problem(t, tab, model.Binary)
	c := model.Candidate{Label: "stopped", Model: "trees.boost.v1", Params: model.Params{"rounds": 500.0, "patience": 10.0}}
	rows := tabletest.Split(800, 5).Development
	stopped, err := p.Fit(context.Background(), c, rows, train.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	if stopped.Rounds <= 0 || stopped.Rounds >= 500 {
		t.Errorf("stopped after %d rounds, want between 1 and 499", stopped.Rounds)
	}
	again, err := p.Fit(context.Background(), c, rows, train.Options{Threads: 2, Rounds: stopped.Rounds})
	if err != nil {
		t.Fatal(err)
	}
	if again.Rounds != stopped.Rounds {
		t.Errorf("refit took %d rounds, want %d", again.Rounds, stopped.Rounds)
	}
}

func TestCalibrateIsCrossFitted(t *testing.T) {
	tab := tabletest.Loans(600, 4)
	p := problem(t, tab, model.Binary)
	o, err := p.CrossFit(context.Background(), model.Candidate{Model: "trees.boost.v1", Params: model.Params{"rounds": 300.0, "patience": 0.0}}, tabletest.Split(600, 4), 2)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Calibrate(o)
	if err != nil {
		t.Fatal(err)
	}
	if c.Map == nil || len(c.Scores) < 2 {
		t.Fatalf("calibration %v with %d scores", c.Map, len(c.Scores))
	}
	if c.Map.Name() == "none" {
		t.Error("300 rounds on 480 rows are over-confident; some calibration must be chosen")
	}
	before, after := *o, *o
	after.Predictions = c.Predictions
	if a, b := logLoss(p, &after), logLoss(p, &before); a >= b {
		t.Errorf("calibrated log-loss %.4f is not below %.4f", a, b)
	}
}

func TestRegression(t *testing.T) {
	tab := tabletest.Prices(500, 5)
	p := problem(t, tab, model.Regression)
	o, err := p.CrossFit(context.Background(), model.Candidate{Model: "linear.ridge.v1"}, tabletest.Split(500, 5), 2)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Calibrate(o)
	if err != nil || c.Map != nil || !slices.Equal(c.Predictions, o.Predictions) {
		t.Errorf("a regression must pass through calibration: map %v, error %v", c.Map, err)
	}
	worst := 0.0
	for i, r := range o.Rows {
		worst = math.Max(worst, math.Abs(o.Predictions[i]-p.Y[r])/p.Y[r])
	}
	if worst > 0.6 {
		t.Errorf("largest relative error %.2f; the table is linear with noise of a tenth", worst)
	}
}

func TestErrors(t *testing.T) {
	tab := tabletest.Loans(50, 6)
	if _, err := train.NewProblem(tab, model.Regression, zoo.All, 1); err == nil {
		t.Error("a category target was taken for a regression")
	}
	if _, err := train.NewProblem(tab.Without("class"), model.Binary, zoo.All, 1); err == nil {
		t.Error("a table without target was taken")
	}
	p := problem(t, tab, model.Binary)
	if _, err := p.Fit(context.Background(), model.Candidate{Model: "trees.bost.v1"}, []int{0, 1}, train.Options{}); err == nil {
		t.Error("an unknown model was fitted")
	}
	if _, err := p.Fit(context.Background(), model.Candidate{Model: "trees.boost.v1", Params: model.Params{"depth": 3.0}}, []int{0, 1}, train.Options{}); err == nil {
		t.Error("an unknown parameter was taken")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.CrossFit(ctx, small, tabletest.Split(50, 2), 2); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled cross-fit gave %v", err)
	}
}
