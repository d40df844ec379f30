package solution_test

import (
	"bytes"
	"context"
	"maps"
	"math"
	"slices"
	"testing"

	"bespoke/calibrate"
	"bespoke/formula"
	"bespoke/internal/tabletest"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/train"
	"bespoke/value"
	"bespoke/zoo"
)

var actions = scenario.Actions{
	{Name: "grant", Payoffs: []scenario.Payoff{{Outcome: "good", Money: "0.12 * amount"}, {Outcome: "bad", Money: "-0.6 * amount"}}},
	{Name: "refuse", Payoffs: []scenario.Payoff{{Money: "0"}}},
}

// loans fits one model on the sample loans and completes it.
func loans(t testing.TB, name string, payoffs bool) (*solution.Solution, *table.Table) {
	t.Helper()
	tab := tabletest.Loans(600, 11)
	p, err := train.NewProblem(tab, model.Binary, zoo.All, 3)
	if err != nil {
		t.Fatal(err)
	}
	split := tabletest.Split(600, 4)
	c := model.Candidate{Label: name, Model: name}
	o, err := p.CrossFit(context.Background(), c, split, 2)
	if err != nil {
		t.Fatal(err)
	}
	fitted, err := p.Fit(context.Background(), c, split.Development, train.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	y := make([]float64, len(o.Rows))
	for i, r := range o.Rows {
		y[i] = p.Y[r]
	}
	if fitted.Solution.Calibration, err = calibrate.Fit("sigmoid", o.Predictions, y, 2); err != nil {
		t.Fatal(err)
	}
	if !payoffs {
		return fitted.Solution.Complete(tab.Schema(), nil), tab
	}
	v, err := value.Compile(value.Config{
		Value: scenario.Value{Actions: actions}, Schema: tab.Schema(), Task: model.Binary, Outcomes: p.Outcomes, Target: "class",
		Fill: map[string]formula.Fallback{"amount": {Number: 700}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return fitted.Solution.Complete(tab.Schema(), v), tab
}

func models() []string { return []string{"baseline.prior.v1", "linear.logistic.v1", "trees.boost.v1"} }

// TestRowEqualsTable: what was promised on a table is what a server decides.
func TestRowEqualsTable(t *testing.T) {
	for _, name := range models() {
		s, tab := loans(t, name, true)
		whole, err := s.Predict(tab, 3)
		if err != nil {
			t.Fatal(err)
		}
		sheet, err := s.Payoffs.Sheet(tab, whole, nil, 2)
		if err != nil {
			t.Fatal(err)
		}
		choice := sheet.Choose()
		rows, _, err := tab.Conform(s.Schema)
		if err != nil {
			t.Fatal(err)
		}
		r := s.NewRow()
		for i := range tab.Rows() {
			r.Fill(rows, i)
			if err := s.Decide(r); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(r.Prediction, whole[2*i:2*i+2]) {
				t.Fatalf("%s: row %d: %v alone, %v in the table", name, i, r.Prediction, whole[2*i:2*i+2])
			}
			if r.Decision.Action != choice[i] {
				t.Fatalf("%s: row %d: action %d alone, %d in the table", name, i, r.Decision.Action, choice[i])
			}
		}
	}
}

func TestThreadsDoNotMatter(t *testing.T) {
	s, tab := loans(t, "trees.boost.v1", false)
	big := tab
	for range 2 {
		rows := make([]int, 0, 2*big.Rows())
		for i := range 2 * big.Rows() {
			rows = append(rows, i%big.Rows())
		}
		big = big.Take(rows)
	}
	one, err := s.Predict(big, 1)
	if err != nil {
		t.Fatal(err)
	}
	four, err := s.Predict(big, 4)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(one, four) {
		t.Error("predictions differ between 1 and 4 threads")
	}
}

func TestPartsLoadToTheSameBits(t *testing.T) {
	for _, name := range models() {
		for _, payoffs := range []bool{false, true} {
			s, tab := loans(t, name, payoffs)
			parts, err := s.Parts()
			if err != nil {
				t.Fatal(err)
			}
			loaded, err := solution.Load(parts)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			a, err := s.Predict(tab, 2)
			if err != nil {
				t.Fatal(err)
			}
			b, err := loaded.Predict(tab, 2)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(a, b) {
				t.Errorf("%s: the loaded solution predicts other bits", name)
			}
			again, err := loaded.Parts()
			if err != nil {
				t.Fatal(err)
			}
			if !maps.EqualFunc(parts, again, bytes.Equal) {
				t.Errorf("%s: saving the loaded solution gives other bytes", name)
			}
		}
	}
}

func TestLoadRefusesPartsThatDoNotFit(t *testing.T) {
	trees, _ := loans(t, "trees.boost.v1", true)
	linear, _ := loans(t, "linear.logistic.v1", true)
	a, err := trees.Parts()
	if err != nil {
		t.Fatal(err)
	}
	b, err := linear.Parts()
	if err != nil {
		t.Fatal(err)
	}
	for part := range a {
		without := maps.Clone(a)
		delete(without, part)
		if _, err := solution.Load(without); err == nil {
			t.Errorf("loaded without %s", part)
		}
		cut := maps.Clone(a)
		cut[part] = cut[part][:len(cut[part])/2]
		if _, err := solution.Load(cut); err == nil {
			t.Errorf("half of %s was loaded", part)
		}
	}
	mixed := maps.Clone(a)
	mixed[solution.PartFeatures] = b[solution.PartFeatures]
	if s, err := solution.Load(mixed); err == nil {
		t.Errorf("trees loaded with the features of a linear model: %d features", len(s.Features.Features()))
	}
}

func TestMissingAndUnseen(t *testing.T) {
	s, _ := loans(t, "trees.boost.v1", true)
	r := s.NewRow()
	if err := s.Decide(r); err != nil {
		t.Fatalf("a row of missing values: %v", err)
	}
	if sum := r.Prediction[0] + r.Prediction[1]; math.Abs(sum-1) > 1e-12 {
		t.Errorf("probabilities sum to %v", sum)
	}
	first := slices.Clone(r.Prediction)
	c, _ := r.Table.Column("amount")
	c.Numbers[0] = 20000
	if err := s.Decide(r); err != nil {
		t.Fatal(err)
	}
	if slices.Equal(first, r.Prediction) {
		t.Error("a large amount does not change the prediction")
	}
	r.Clear()
	if err := s.Decide(r); err != nil || !slices.Equal(first, r.Prediction) {
		t.Errorf("a cleared row predicts %v, want %v (%v)", r.Prediction, first, err)
	}
}

func TestDecideDoesNotAllocate(t *testing.T) {
	for _, name := range models() {
		s, tab := loans(t, name, true)
		rows, _, err := tab.Conform(s.Schema)
		if err != nil {
			t.Fatal(err)
		}
		r := s.NewRow()
		i := 0
		allocations := testing.AllocsPerRun(200, func() {
			r.Fill(rows, i%rows.Rows())
			i++
			if err := s.Decide(r); err != nil {
				t.Error(err)
			}
		})
		if allocations > 0 {
			t.Errorf("%s: deciding a row allocates %v times", name, allocations)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	for _, name := range models() {
		b.Run(name, func(b *testing.B) {
			s, tab := loans(b, name, true)
			rows, _, err := tab.Conform(s.Schema)
			if err != nil {
				b.Fatal(err)
			}
			r := s.NewRow()
			b.ReportAllocs()
			for i := range b.N {
				r.Fill(rows, i%rows.Rows())
				if err := s.Decide(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestMeasures: the size is that of the parts, and as many decisions are timed as
// asked for, the shortest first.
func TestMeasures(t *testing.T) {
	s, rows := loans(t, "linear.logistic.v1", true)
	parts, err := s.Parts()
	if err != nil {
		t.Fatal(err)
	}
	want := int64(0)
	for _, p := range parts {
		want += int64(len(p))
	}
	if got, err := s.Bytes(); err != nil || got != want {
		t.Errorf("%d bytes (%v), the parts have %d", got, err, want)
	}
	spans, err := s.Times(rows.Take([]int{0, 1, 2}), 7)
	if err != nil || len(spans) != 7 || !slices.IsSorted(spans) || spans[0] <= 0 {
		t.Errorf("times %v, %v", spans, err)
	}
}
