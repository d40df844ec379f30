package value

import "bespoke/table"

// Stakes is the money at stake in each row, given its true class: the payoff of
// the best action if the class is known, minus what is earned instead by the
// action that would be best for another class, averaged over the other classes.
// With two classes it is what a wrong answer costs: where granting a bad loan
// loses 5 and refusing a good one loses 1, stakes are 5 in bad rows and 1 in
// good ones. It is never negative, and 0 where both classes want the same
// action. Reviews and the cost per decision do not enter.
//
// It is what training for money weighs rows by; it needs outcomes, so that it
// can be computed of rows to learn from and of no others. The mean over the
// other classes is our extension of the two-class rule of Elkan, "The
// foundations of cost-sensitive learning" (2001), section 1.
//
// truth holds class indices. Regression, a truth of another length and rows
// whose payoffs have no value are errors. The result has the same bits for any
// number of threads.
func (p *Payoffs) Stakes(t *table.Table, truth []float64, threads int) ([]float64, error) {
	if p.numeric() {
		return nil, fail("", "", "stakes: the target is a number; stakes are of classes")
	}
	if len(truth) != t.Rows() {
		return nil, fail("", "", "stakes: %d true outcomes, want %d, one per row", len(truth), t.Rows())
	}
	out := make([]float64, len(truth))
	found, err := p.parallel(t, threads, func(w *worker) {
		lanes := truth[w.b.First : w.b.First+w.b.Lanes]
		if w.truths(lanes) {
			w.classes()
			w.stakes(lanes, out[w.b.First:])
		}
	})
	if err != nil {
		return nil, err
	}
	if err := p.rowError(found, t); err != nil {
		return nil, err
	}
	return out, nil
}

// stakes writes the stakes of the worker's rows.
func (w *worker) stakes(truth, out []float64) {
	states, size := w.p.states, w.size
	for i, v := range truth {
		y, lost := int(v), 0.0
		for c := range states {
			if c != y {
				lost += w.perfect[y*size+i] - w.money[(int(w.best[c*size+i])*states+y)*size+i]
			}
		}
		out[i] = lost / float64(states-1)
	}
}
