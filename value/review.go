package value

import (
	"fmt"
	"math"
	"slices"

	"bespoke/internal/near"
	"bespoke/model"
	"bespoke/scenario"
)

// review checks the reviewer and adds the action that asks one.
func (p *Payoffs) review() error {
	r := p.config.Value.Review
	if r == nil {
		return nil
	}
	if !finite(r.Cost) || r.Cost < 0 {
		return fail("value.review.cost", "", "is %v, it must be 0 or more", r.Cost)
	}
	if err := p.accuracy(); err != nil {
		return err
	}
	p.names = append(p.names, ReviewAction)
	return nil
}

// accuracy checks how well the reviewer sees, and makes the table of what is
// seen.
func (p *Payoffs) accuracy() error {
	const path = "value.review.accuracy"
	a, outcomes := p.config.Value.Review.Accuracy, p.config.Outcomes
	if a.By == nil && !(a.Same >= 0 && a.Same <= 1) {
		return fail(path, "", "is %v, it must be from 0 to 1", a.Same)
	}
	if p.config.Task == model.Regression {
		if a.By != nil {
			return fail(path, "write one number", "a predicted number has no outcomes")
		}
		return nil
	}
	for o := range a.By {
		if !slices.Contains(outcomes, o) {
			return fail(path+"."+o, near.Offer(o, outcomes), "%q is no outcome of %q", o, p.config.Target)
		}
	}
	for _, o := range outcomes {
		v, given := a.By[o]
		switch {
		case a.By == nil:
			v = a.Same
		case !given:
			return fail(path, "", "has no number for the outcome %q", o)
		case !(v >= 0 && v <= 1):
			return fail(path+"."+o, "", "is %v, it must be from 0 to 1", v)
		}
		if err := seenOutcomes(path+"."+o, a.Seen[o], outcomes); err != nil {
			return err
		}
		if v < 1/float64(len(outcomes)) && (a.By != nil || o == outcomes[0]) {
			at, of := path, "the rows"
			if a.By != nil {
				at, of = path+"."+o, "the rows with this outcome"
			}
			p.warnings = append(p.warnings, Warning{Path: at, Message: fmt.Sprintf(
				"a reviewer who is right in %v of %s is worse than guessing among %d outcomes", v, of, len(outcomes),
			)})
		}
	}
	p.sees = sees(outcomes, a)
	return nil
}

// seenOutcomes checks what a reviewer sees instead of one outcome.
func seenOutcomes(path string, chances map[string]float64, outcomes []string) error {
	sum := 0.0
	for seen, v := range chances {
		if !slices.Contains(outcomes, seen) {
			return fail(path+"."+seen, near.Offer(seen, outcomes), "%q is no outcome", seen)
		}
		if !(v >= 0 && v <= 1) {
			return fail(path+"."+seen, "", "is %v, it must be from 0 to 1", v)
		}
		sum += v
	}
	if chances != nil && math.Abs(sum-1) > 1e-9 {
		return fail(path, "", "what is seen sums to %.6g, it must sum to 1", sum)
	}
	return nil
}

// sees is the chance that a reviewer sees an outcome, by true outcome * outcomes
// + seen one.
func sees(outcomes []string, a scenario.Accuracy) []float64 {
	n := len(outcomes)
	out := make([]float64, n*n)
	for y, o := range outcomes {
		for k, seen := range outcomes {
			out[y*n+k] = a.Chance(o, seen, n)
		}
	}
	return out
}

// reviewClasses is the money of a reviewer who sees an outcome and takes the
// action that is best for it, at the prices of what is scarce.
func (w *worker) reviewClasses() {
	r, size, states := w.p.config.Value.Review, w.size, w.p.states
	for y := range states {
		sees := w.p.sees[y*states : (y+1)*states]
		for i := range w.b.Lanes {
			v := sees[y]*w.gross[y*size+i] - r.Cost
			for seen, chance := range sees {
				if seen != y && chance > 0 {
					v += chance * w.money[(int(w.taken[seen*size+i])*states+y)*size+i]
				}
			}
			w.review[y*size+i] = v
		}
	}
}

// through is what a reviewer's decisions take of a resource in a lane when the
// state is known to be y; in a regression the reviewer sees the number as
// often as the accuracy says and else decides as without a review.
func (w *worker) through(r resource, y, lane int) float64 {
	sum := 0.0
	for _, t := range r.takers {
		if t.action >= w.p.actions {
			continue
		}
		chance := 0.0
		for seen := range w.p.states {
			if int(w.taken[seen*w.size+lane]) == t.action {
				chance += w.p.sees[y*w.p.states+seen]
			}
		}
		sum += chance * w.amount(t, lane)
	}
	return sum
}

// reviewed adds to the amounts that the review takes in a lane what the
// person's decisions are expected to take, and its rent.
func (w *worker) reviewed(lane int, expected func(r resource) float64) {
	if w.review == nil {
		return
	}
	names := len(w.p.names)
	for _, r := range w.p.resources {
		for _, t := range r.takers {
			if !t.through {
				continue
			}
			w.use[t.column][lane] += expected(r)
			w.takes[lane*names+names-1] += w.use[t.column][lane]
			if r.price > 0 {
				w.rent[lane*names+names-1] += r.price * w.use[t.column][lane]
			}
		}
	}
}

// throughNumber is through for a regression: what the best actions of the
// points take on average, as often as the reviewer sees the number.
func (w *worker) throughNumber(r resource, unaided, lane int) float64 {
	accuracy := w.p.config.Value.Review.Accuracy.Same
	sum := 0.0
	for _, t := range r.takers {
		if t.action >= w.p.actions {
			continue
		}
		chance := 0.0
		for state := range w.p.states {
			if int(w.taken[state*w.size+lane]) == t.action {
				chance += accuracy / float64(w.p.states)
			}
		}
		if t.action == unaided {
			chance += 1 - accuracy
		}
		sum += chance * w.amount(t, lane)
	}
	return sum
}

// takenBy is what an action takes of a resource in a lane.
func (w *worker) takenBy(r resource, action, lane int) float64 {
	for _, t := range r.takers {
		if t.action == action {
			return w.amount(t, lane)
		}
	}
	return 0
}

// ReviewDesk is what asking a person is expected to bring.
type ReviewDesk struct {
	// Rows and Share say how many decisions a person is asked about.
	Rows  int     `json:"rows"`
	Share float64 `json:"share"`
	// Worth is the share of decisions in which a review could be worth its cost
	// at all: those whose expected value of perfect information is above it.
	Worth float64 `json:"worth"`
	// Gain is the expected money per decision, over all decisions, that the
	// reviews of the choice add to deciding alone, after their cost.
	Gain float64 `json:"gain"`
	// Most is the same for a reviewer who is always right and costs nothing: the
	// mean expected value of perfect information.
	Most float64 `json:"most"`
	// Price is the shadow price of a review; 0 where reviewers are not short.
	Price float64 `json:"price,omitempty"`
	// Sentence says it in words.
	Sentence string `json:"sentence"`
}

// ReviewDesk sums up the reviews of a choice; nil without a review or without
// predictions. currency may be empty.
func (s *Sheet) ReviewDesk(choice []int, currency string) *ReviewDesk {
	if s.review < 0 || s.Expected == nil || s.Rows == 0 {
		return nil
	}
	d := &ReviewDesk{}
	for _, r := range s.limits.resources {
		if r.name == ReviewAction {
			d.Price = r.price
		}
	}
	var gain []float64
	worth := 0
	evpi := s.EVPI()
	for i, a := range choice {
		if evpi[i] > s.reviewCost {
			worth++
		}
		if a == s.review {
			d.Rows++
			gain = append(gain, s.row(s.Expected, i)[a]-slices.Max(s.unaided(s.Expected, i)))
		}
	}
	rows := float64(s.Rows)
	d.Share, d.Worth, d.Gain, d.Most = float64(d.Rows)/rows, float64(worth)/rows, Sum(gain)/rows, math.Max(0, mean(evpi))
	unit := func(v float64) string { return amountOf(v, currency) }
	d.Sentence = fmt.Sprintf("A person is asked in %s of the decisions, which is expected to add %s per decision after the cost of reviews; knowing every outcome would add %s.",
		percent(d.Share), unit(d.Gain), unit(d.Most))
	if d.Rows == 0 {
		d.Sentence = fmt.Sprintf("No person is asked: in %s of the decisions knowing the outcome is expected to be worth more than the cost of a review, but no review adds to the money.", percent(d.Worth))
	}
	return d
}
