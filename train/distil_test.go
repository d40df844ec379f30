package train_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"bespoke/internal/tabletest"
	"bespoke/model"
	"bespoke/table"
	"bespoke/train"
	"bespoke/zoo"
)

var pupil = model.Candidate{Label: "trees", Model: "trees.boost.v1", Params: model.Params{"rounds": 8.0, "num_leaves": 6.0}}

// problemOf makes the problem of a table and its split in four folds.
func problemOf(t *testing.T, task model.Task) (*train.Problem, table.Split) {
	t.Helper()
	tab := tabletest.Loans(240, 5)
	if task == model.Regression {
		tab = tabletest.Prices(240, 5)
	}
	p, err := train.NewProblem(tab, task, zoo.All, 9)
	if err != nil {
		t.Fatal(err)
	}
	return p, tabletest.Split(240, 4)
}

// sure is a teacher that says the targets.
func sure(p *train.Problem, rows []int) *train.OutOfFold {
	o := &train.OutOfFold{Rows: rows, Predictions: make([]float64, len(rows)*p.Outputs())}
	for i, r := range rows {
		if p.Task == model.Regression {
			o.Predictions[i] = p.Y[r]
			continue
		}
		o.Predictions[i*p.Outputs()+int(p.Y[r])] = 1
	}
	return o
}

// A model that hears the targets, of all rows or of some, is the model that
// learns them, to the bit; one that hears something else is another one.
func TestHear(t *testing.T) {
	for _, task := range []model.Task{model.Regression, model.Binary} {
		p, split := problemOf(t, task)
		plain, err := p.CrossFit(context.Background(), pupil, split, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{len(plain.Rows), len(plain.Rows) / 2, 0} {
			heard, err := p.Hear(sure(p, plain.Rows[:n])).CrossFit(context.Background(), pupil, split, 1)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(heard.Predictions, plain.Predictions) {
				t.Errorf("%s: hearing %d targets changes predictions", task, n)
			}
		}
		mild := sure(p, plain.Rows)
		for i, v := range mild.Predictions {
			mild.Predictions[i] = 0.7*v + 0.15
		}
		heard, err := p.Hear(mild).CrossFit(context.Background(), pupil, split, 2)
		if err != nil {
			t.Fatal(err)
		}
		if spreadOf(heard.Predictions) >= spreadOf(plain.Predictions) {
			t.Errorf("%s: a mild teacher makes no milder model", task)
		}
	}
}

func spreadOf(x []float64) float64 {
	low, high := slices.Min(x), slices.Max(x)
	return high - low
}

// What a student of a fold hears does not depend on the fold's targets: with
// other targets there its predictions are the same bits.
func TestSeenHearsNothing(t *testing.T) {
	p, split := problemOf(t, model.Binary)
	student := func() ([]*train.OutOfFold, *train.OutOfFold) {
		seen, err := p.Seen(context.Background(), pupil, split, 3)
		if err != nil {
			t.Fatal(err)
		}
		o, err := p.Distil(context.Background(), pupil, split, seen, 2)
		if err != nil {
			t.Fatal(err)
		}
		return seen, o
	}
	seen, before := student()
	for f, o := range seen {
		if want := len(before.Rows) - len(split.Folds[f]); len(o.Rows) != want || len(o.Predictions) != 2*want {
			t.Fatalf("fold %d: %d rows, want %d", f, len(o.Rows), want)
		}
		for i := range o.Rows {
			if math.Abs(o.Predictions[2*i]+o.Predictions[2*i+1]-1) > 1e-12 {
				t.Fatalf("row %d of fold %d is not predicted: %v", o.Rows[i], f, o.Predictions[2*i:2*i+2])
			}
		}
	}
	const fold = 1
	for _, r := range split.Folds[fold] {
		p.Y[r] = 1 - p.Y[r]
	}
	after, now := student()
	if !slices.Equal(after[fold].Predictions, seen[fold].Predictions) {
		t.Error("what is heard depends on the targets of the fold")
	}
	if slices.Equal(after[0].Predictions, seen[0].Predictions) {
		t.Error("what is heard for other folds does not depend on the targets")
	}
	for i, f := range before.Fold {
		if f == fold && before.Predictions[2*i] != now.Predictions[2*i] {
			t.Fatalf("row %d of the fold is predicted otherwise", before.Rows[i])
		}
	}
}

// A candidate that is trained for money hears nobody.
func TestHearRefusesStakes(t *testing.T) {
	p, split := problemOf(t, model.Binary)
	c := pupil
	c.Params = model.Params{model.StakesParam: model.StakesWeights}
	if _, err := p.Hear(&train.OutOfFold{}).CrossFit(context.Background(), c, split, 1); err == nil || !strings.Contains(err.Error(), "teacher") {
		t.Errorf("%v", err)
	}
}
