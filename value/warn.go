package value

import (
	"fmt"
	"slices"

	"bespoke/table"
)

// warn adds what the payoffs alone show: actions that are never better than
// another one, and outcomes that make no difference.
func (p *Payoffs) warn() {
	p.warnPointless()
	if p.numeric() || !p.Constant() {
		return
	}
	money := make([][]float64, p.actions)
	for a := range money {
		for o := range p.states {
			v, _ := p.constantPayoff(a, o)
			money[a] = append(money[a], v)
		}
	}
	for a := range money {
		if b := dominator(money, a); b >= 0 {
			p.warnings = append(p.warnings, Warning{Path: "value.actions." + p.names[a], Message: fmt.Sprintf(
				"%s is worth no more than %s under any outcome, so it is never chosen; check the signs", p.names[a], p.names[b],
			)})
		}
	}
}

// dominator finds an action that is at least as good as a under every outcome
// and better under one; the earlier of two equal actions dominates the later.
func dominator(money [][]float64, a int) int {
	for b := range money {
		if b == a {
			continue
		}
		better, worse := false, false
		for o := range money[a] {
			better = better || money[b][o] > money[a][o]
			worse = worse || money[b][o] < money[a][o]
		}
		if !worse && (better || b < a) {
			return b
		}
	}
	return -1
}

// warnPointless finds payoffs that leave nothing to decide or to predict.
func (p *Payoffs) warnPointless() {
	if p.actions == 1 && !p.HasReview() {
		p.warnings = append(p.warnings, Warning{Path: "value.actions", Message: fmt.Sprintf(
			"%s is the only action, so there is nothing to decide; the money then only measures the predictions", p.names[0],
		)})
	}
	for _, g := range p.programs {
		if p.numeric() && p.actions == 1 && !g.truth {
			p.warnings = append(p.warnings, Warning{Path: g.Path(), Message: "the payoff does not depend on truth, so no model can change the money"})
		}
	}
}

// Examine adds to Warnings what the rows show: actions that are dominated by
// another one in some or all rows (Elkan's reasonableness conditions), and rows
// in which every action is worth the same whatever the outcome. Regression
// payoffs have no table of outcomes, so only Warnings is returned for them.
func (p *Payoffs) Examine(t *table.Table, threads int) ([]Warning, error) {
	out := p.Warnings()
	if p.numeric() || p.Constant() || t.Rows() == 0 {
		return out, nil
	}
	// by row*actions+action: 1 + the dominating action, 0 without one.
	marks := make([]int32, t.Rows()*p.actions)
	found, err := p.parallel(t, threads, func(w *worker) {
		w.classes()
		money := make([][]float64, p.actions)
		for a := range money {
			money[a] = make([]float64, p.states)
		}
		for i := range w.b.Lanes {
			for a := range money {
				for o := range money[a] {
					money[a][o] = w.at(a, o)[i]
				}
			}
			for a := range money {
				marks[(w.b.First+i)*p.actions+a] = int32(dominator(money, a) + 1)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if err := p.rowError(found, t); err != nil {
		return nil, err
	}
	return append(out, p.dominated(marks, t.Rows())...), nil
}

func (p *Payoffs) dominated(marks []int32, rows int) []Warning {
	var out []Warning
	for a := range p.actions {
		count, by := 0, make([]int, p.actions)
		for i := range rows {
			if m := marks[i*p.actions+a]; m > 0 {
				count++
				by[m-1]++
			}
		}
		if count == 0 {
			continue
		}
		most := slices.Index(by, slices.Max(by))
		what := fmt.Sprintf("in %d of %d rows %s is worth no more than another action (mostly %s) under any outcome, so it is never chosen there", count, rows, p.names[a], p.names[most])
		if count == rows {
			what = fmt.Sprintf("%s is in no row worth more than another action (mostly %s) under any outcome, so it is never chosen; check the signs", p.names[a], p.names[most])
		}
		out = append(out, Warning{Path: "value.actions." + p.names[a], Message: what})
	}
	return out
}
