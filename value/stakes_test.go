package value_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

// fiveToOne are the payoffs of the German credit data: what a wrong answer
// costs.
func fiveToOne(grantBad, refuseGood string) value.Config {
	return value.Config{
		Task: model.Binary, Outcomes: []string{"good", "bad"},
		Value: scenario.Value{Actions: scenario.Actions{
			action("grant", "good", "0", "bad", grantBad), action("refuse", "good", refuseGood, "bad", "0"),
		}},
	}
}

func TestStakesByHand(t *testing.T) {
	tb := loans(t).Take([]int{0, 1, 2})
	truth := []float64{0, 1, 1}
	constant := fiveToOne("-5", "-1")
	reviewed := fiveToOne("-5", "-1")
	reviewed.PerDecision, reviewed.Value.Review = 3, &scenario.Review{Cost: 0.1, Accuracy: scenario.Accuracy{Same: 1}}
	for name, c := range map[string]struct {
		config value.Config
		want   []float64
	}{
		"five to one": {constant, []float64{1, 5, 5}},
		// What does not hang on the answer is not at stake.
		"with review and a cost per decision": {reviewed, []float64{1, 5, 5}},
		// Amounts are 1000, 250.5 and 0; see TestSheetByHand.
		"by amount": {lender(tb.Schema()), []float64{120, 150.3, 0}},
		// Who always refuses has nothing to find out.
		"one action for all": {fiveToOne("-5", "1"), []float64{0, 0, 0}},
	} {
		got, err := compile(t, c.config).Stakes(tb, truth, 2)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, want := range c.want {
			near(t, fmt.Sprintf("%s, row %d", name, i), got[i], want, 1e-12)
		}
	}
}

// Three classes: the mean over the two classes a row is not of.
func TestStakesOfThreeClasses(t *testing.T) {
	p := compile(t, value.Config{
		Task: model.Multiclass, Outcomes: []string{"a", "b", "c"},
		Value: scenario.Value{Actions: scenario.Actions{
			action("one", "a", "6", "b", "1", "c", "0"), action("two", "a", "0", "b", "4", "c", "1"), action("three", "a", "2", "b", "2", "c", "9"),
		}},
	})
	tb, err := table.New(table.NewNumber("x", make([]float64, 3)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Stakes(tb, []float64{0, 1, 2}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{6 - (0+2)/2.0, 4 - (1+2)/2.0, 9 - (0+1)/2.0} {
		near(t, fmt.Sprintf("class %d", i), got[i], want, 1e-12)
	}
}

func TestStakesRefuses(t *testing.T) {
	tb := loans(t).Take([]int{0, 1, 2})
	p := compile(t, fiveToOne("-5", "-1"))
	for _, truth := range [][]float64{{0, 1}, {0, 1, 2}, {0, 1, 0.5}} {
		if s, err := p.Stakes(tb, truth, 1); err == nil || s != nil {
			t.Errorf("truth %v: stakes %v, no error", truth, s)
		}
	}
	number := compile(t, value.Config{Task: model.Regression, Value: scenario.Value{Actions: scenario.Actions{action("buy", "", "truth - 3")}}})
	if _, err := number.Stakes(tb, []float64{1, 2, 3}, 1); err == nil {
		t.Error("a number has stakes")
	}
}

// stakes are those of a drawn problem with its payoffs changed.
func (d drawn) stakes(r *rapid.T, threads int, change func(a, o int, v float64) float64) []float64 {
	s, err := d.payoffs(r, change).Stakes(d.table, d.truth, threads)
	if err != nil {
		r.Fatal(err)
	}
	return s
}

// Money in cents puts a hundred times as much at stake; money that every action
// brings alike puts nothing; stakes are never negative, and do not depend on
// threads.
func TestStakesScaleAndShift(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawProblem(r)
		shift := make([]float64, len(d.money[0]))
		for o := range shift {
			shift[o] = float64(rapid.IntRange(-5, 5).Draw(r, "shift"))
		}
		plain := d.stakes(r, 1, same)
		scaled := d.stakes(r, 3, func(_, _ int, v float64) float64 { return 100 * v })
		shifted := d.stakes(r, 2, func(_, o int, v float64) float64 { return v + shift[o] })
		for i, s := range plain {
			if s < 0 {
				r.Errorf("row %d: stake %v is negative", i, s)
			}
			if !close(100*s, scaled[i]) {
				r.Errorf("row %d: stake %v, of a hundred times the money %v", i, s, scaled[i])
			}
			if !close(s, shifted[i]) {
				r.Errorf("row %d: stake %v, of shifted money %v", i, s, shifted[i])
			}
		}
	})
}

// With two classes the best constant action loses at most the stakes: taking
// what is best for one class loses the stakes of the rows of the other.
func TestStakesBoundTheNeed(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawProblem(r)
		if len(d.money[0]) != 2 {
			return
		}
		s := d.sheet(r, same)
		_, constant := s.BestConstant()
		perfect, stakes := 0.0, 0.0
		for i, v := range d.stakes(r, 1, same) {
			perfect += s.Perfect()[i]
			stakes += v
		}
		if perfect-constant > stakes+1e-9 {
			r.Errorf("a perfect model earns %v more than a constant, at stake are %v", perfect-constant, stakes)
		}
	})
}
