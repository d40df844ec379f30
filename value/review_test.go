package value_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

// A reviewer who sees good loans more surely than bad ones, by hand: with the
// chance .4 of bad, granting (good 1, bad -5) by what the reviewer sees brings
// .6 * .9 * 1 + .4 * .3 * -5 = -.06, and refusing 0.
func TestReviewerByOutcome(t *testing.T) {
	tb, err := table.New(table.NewNumber("x", []float64{1}))
	if err != nil {
		t.Fatal(err)
	}
	c := value.Config{
		Task: model.Binary, Outcomes: []string{"good", "bad"}, Target: "class",
		Value: scenario.Value{
			Actions: scenario.Actions{action("grant", "good", "1", "bad", "-5"), action("refuse", "", "0")},
			Review:  &scenario.Review{Cost: .25, Accuracy: scenario.Accuracy{By: map[string]float64{"good": .9, "bad": .7}}},
		},
	}
	p := compile(t, c)
	s, err := p.Sheet(tb, []float64{.6, .4}, []float64{1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "expected", s.Expected[2], -.06-.25, 1e-12)
	near(t, "realised", s.Realised[2], -5*.3-.25, 1e-12)
	for _, bad := range []struct {
		by         map[string]float64
		path, want string
	}{
		{map[string]float64{"good": .9}, "value.review.accuracy", `has no number for the outcome "bad"`},
		{map[string]float64{"good": .9, "bed": .9, "bad": .9}, "value.review.accuracy.bed", `"bed" is no outcome of "class" (did you mean "bad"?)`},
		{map[string]float64{"good": 1.5, "bad": .9}, "value.review.accuracy.good", "is 1.5, it must be from 0 to 1"},
	} {
		c.Value.Review = &scenario.Review{Accuracy: scenario.Accuracy{By: bad.by}}
		_, err := value.Compile(c)
		var e *value.Error
		if !errors.As(err, &e) || e.Path != bad.path || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("got %v, want %s: %s", err, bad.path, bad.want)
		}
	}
	c.Value.Review = &scenario.Review{Accuracy: scenario.Accuracy{By: map[string]float64{"good": .9, "bad": .3}}}
	if w := compile(t, c).Warnings(); len(w) != 1 || w[0].Path != "value.review.accuracy.bad" {
		t.Errorf("worse than guessing: %v", w)
	}
}

// The closed form of reference A.2: in costs, a row is sent to review where
// min over actions of the expected cost exceeds the price of a review and the
// expected cost of what the reviewer decides.
// A reviewer who takes worn parts for fine ones, by hand: with a part that is
// worn, he repairs in .8 of the cases (120), and does nothing in .2 (-80).
func TestReviewerWithConfusion(t *testing.T) {
	tb, err := table.New(table.NewNumber("x", []float64{1}))
	if err != nil {
		t.Fatal(err)
	}
	c := value.Config{
		Task: model.Multiclass, Outcomes: []string{"fine", "worn", "broken"}, Target: "state",
		Value: scenario.Value{
			Actions: scenario.Actions{
				action("repair", "fine", "-40", "worn", "120", "broken", "120"), action("replace", "fine", "-300", "worn", "-60", "broken", "200"),
				action("nothing", "fine", "0", "worn", "-80", "broken", "-500"),
			},
			Review: &scenario.Review{Cost: 7, Accuracy: scenario.Accuracy{
				By: map[string]float64{"fine": .9, "worn": .8, "broken": 1}, Seen: map[string]map[string]float64{"worn": {"worn": .8, "fine": .2}},
			}},
		},
	}
	p := compile(t, c)
	s, err := p.Sheet(tb, []float64{.5, .3, .2}, []float64{1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "realised", s.Realised[3], .8*120+.2*-80-7, 1e-12)
	// Fine: .9 nothing, .05 repair, .05 replace. Broken: always replaced.
	near(t, "expected", s.Expected[3], .5*(.05*-40+.05*-300)+.3*(.8*120+.2*-80)+.2*200-7, 1e-12)
	better := c
	better.Value.Review = &scenario.Review{Cost: 7, Accuracy: c.Value.Review.Accuracy.Scaled(1.125)}
	s, err = compile(t, better).Sheet(tb, nil, []float64{1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "realised, more often right", s.Realised[3], .9*120+.1*-80-7, 1e-9)
	for want, seen := range map[string]map[string]float64{
		"sums to 0.9": {"worn": .8, "fine": .1}, "is no outcome": {"worn": .8, "fin": .2}, "from 0 to 1": {"worn": 1.5, "fine": -.5},
	} {
		c.Value.Review = &scenario.Review{Accuracy: scenario.Accuracy{By: map[string]float64{"fine": .9, "worn": .8, "broken": 1}, Seen: map[string]map[string]float64{"worn": seen}}}
		if _, err := value.Compile(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v; want %q", seen, err, want)
		}
	}
}

func TestReviewClosedForm(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawProblem(r)
		d.review = &scenario.Review{Cost: float64(rapid.IntRange(0, 6).Draw(r, "cost")) / 2, Accuracy: scenario.Accuracy{By: map[string]float64{}}}
		k := len(d.money[0])
		for o := range k {
			d.review.Accuracy.By[fmt.Sprintf("o%d", o)] = float64(rapid.IntRange(0, 4).Draw(r, "accuracy")) / 4
		}
		s := d.sheet(r, same)
		choice := s.Choose()
		for i := range d.truth {
			p := d.predictions[i*k : (i+1)*k]
			alone, asked := math.Inf(1), d.review.Cost
			best := make([]int, k) // the action for a seen outcome
			for a, row := range d.money {
				cost := 0.0
				for y, v := range row {
					cost -= p[y] * v
					if v > d.money[best[y]][y] {
						best[y] = a
					}
				}
				alone = min(alone, cost)
			}
			for y := range k {
				for seen := range k {
					sees := (1 - d.review.Accuracy.By[fmt.Sprintf("o%d", y)]) / float64(k-1)
					if seen == y {
						sees = d.review.Accuracy.By[fmt.Sprintf("o%d", y)]
					}
					asked -= p[y] * sees * d.money[best[seen]][y]
				}
			}
			if gain := alone - asked; math.Abs(gain) > 1e-9 && (gain > 0) != (choice[i] == s.Review()) {
				r.Fatalf("row %d: a review gains %v, the choice is %d", i, gain, choice[i])
			}
		}
	})
}

// A reviewer who is always right gains the value of perfect information less
// the cost, and at half the mean value the reviews leave what A.4 says: the
// price for those who are asked, the loss of deciding alone for the others.
func TestReviewAtHalfTheValueOfInformation(t *testing.T) {
	tb, c, predictions, _ := big(t, 2000)
	c.Value.Review, c.Today = nil, ""
	alone, err := compile(t, c).Sheet(tb, predictions, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	evpi := alone.EVPI()
	price := value.Sum(evpi) / float64(len(evpi)) / 2
	c.Value.Review = &scenario.Review{Cost: price, Accuracy: scenario.Accuracy{Same: 1}}
	s, err := compile(t, c).Sheet(tb, predictions, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	want, asked := 0.0, 0
	for _, v := range evpi {
		want += min(v, price)
		if v > price {
			asked++
		}
	}
	choice := s.Choose()
	near(t, "what is left to gain", value.Sum(alone.Ideal())-value.Sum(s.Promise(choice)), want+s.PerDecision*float64(s.Rows), 1e-6)
	d := s.ReviewDesk(choice, "EUR")
	near(t, "share", d.Share, float64(asked)/2000, 1e-12)
	near(t, "worth it", d.Worth, d.Share, 1e-12)
	near(t, "most", d.Most, 2*price, 1e-9)
	near(t, "gain", d.Gain, (value.Sum(evpi)-want)/2000, 1e-9)
	if !strings.HasPrefix(d.Sentence, "A person is asked in ") || asked == 0 || asked == 2000 {
		t.Errorf("%d asked: %s", asked, d.Sentence)
	}
	none := s.ReviewDesk(alone.Choose(), "")
	if none.Rows != 0 || !strings.HasPrefix(none.Sentence, "No person is asked") {
		t.Errorf("got %+v", none)
	}
	if alone.ReviewDesk(alone.Choose(), "") != nil {
		t.Error("a desk without a review")
	}
}

// An action that is worth the same under every outcome is the reject option of
// Chow (1970): with 0 for the right class, -1 for a wrong one and -d for
// abstaining, it is best to abstain exactly where the largest chance is below
// 1 - d.
func TestAbstainingIsChowsRule(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawProblem(r)
		d.review = nil
		k := len(d.money[0])
		d.money = nil
		for a := range k {
			row := make([]float64, k)
			for y := range row {
				if y != a {
					row[y] = -1
				}
			}
			d.money = append(d.money, row)
		}
		reject := float64(rapid.IntRange(0, 20).Draw(r, "cost of abstaining")) / 20
		d.money = append(d.money, slices.Repeat([]float64{-reject}, k))
		s := d.sheet(r, same)
		for i, a := range s.Choose() {
			most := slices.Max(d.predictions[i*k : (i+1)*k])
			if math.Abs(most-(1-reject)) < 1e-9 {
				continue // either is right
			}
			if abstains := a == k; abstains != (most < 1-reject) {
				r.Fatalf("row %d with the largest chance %v: action %d", i, most, a)
			}
		}
	})
}
