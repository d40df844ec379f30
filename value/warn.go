package value

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"bespoke/table"
)

// warn adds what the payoffs alone show: actions that are never best, reviews
// that can never pay, parameters without effect.
func (p *Payoffs) warn() {
	p.warnPointless()
	p.warnUnused()
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
		path := "value.actions." + p.names[a]
		if b := dominator(money, a); b >= 0 {
			p.warnings = append(p.warnings, Warning{Path: path, Message: fmt.Sprintf(
				"%s is worth no more than %s under any outcome, so it is never chosen; check the signs", p.names[a], p.names[b],
			)})
		} else if message := p.outdone(money, a); message != "" {
			p.warnings = append(p.warnings, Warning{Path: path, Message: message})
		}
	}
	p.warnReview(money)
}

// outdone says by which mixture of others an action is worse under every
// outcome; empty when it is best for some chances of the outcomes.
func (p *Payoffs) outdone(money [][]float64, a int) string {
	var others []int
	var lead [][]float64
	for b := range money {
		if b == a {
			continue
		}
		row := make([]float64, p.states)
		for o := range row {
			row[o] = money[a][o] - money[b][o]
		}
		others, lead = append(others, b), append(lead, row)
	}
	if len(others) < 2 {
		return ""
	}
	best, mix := game(lead)
	if !(best < -1e-9*largest(lead)) {
		return ""
	}
	var parts []string
	for k, share := range mix {
		if share > 1e-9 {
			parts = append(parts, fmt.Sprintf("%s in %s %% of such rows", p.names[others[k]], Round(100*share)))
		}
	}
	return fmt.Sprintf("%s is best for no chances of the outcomes: %s would be worth at least %s more, whatever happens, so it is never chosen",
		p.names[a], strings.Join(parts, " and "), Round(-best))
}

// warnReview finds a reviewer who costs more than knowing the outcome can be
// worth, whatever the chances.
func (p *Payoffs) warnReview(money [][]float64) {
	r := p.config.Value.Review
	if r == nil {
		return
	}
	best := make([]int, p.states)
	for o := range best {
		for a := range money {
			if money[a][o] > money[best[o]][o] {
				best[o] = a
			}
		}
	}
	lead := make([][]float64, p.actions)
	for a := range lead {
		lead[a] = make([]float64, p.states)
		for o, name := range p.config.Outcomes {
			asked := -r.Cost
			for seen, other := range p.config.Outcomes {
				asked += r.Accuracy.Chance(name, other, p.states) * money[best[seen]][o]
			}
			lead[a][o] = asked - money[a][o]
		}
	}
	if most, _ := game(lead); most <= 1e-9*largest(lead) {
		p.warnings = append(p.warnings, Warning{Path: "value.review", Message: fmt.Sprintf(
			"a review can never pay: it costs %s, and brings at most %s even where the outcome is most open", Round(r.Cost), Round(math.Max(0, r.Cost+most)),
		)})
	}
}

// warnUnused finds parameters that no expression reads.
func (p *Payoffs) warnUnused() {
	for _, name := range slices.Sorted(maps.Keys(p.config.Value.Params)) {
		if !p.used[name] {
			p.warnings = append(p.warnings, Warning{Path: "value.params." + name, Message: "no expression uses it, so that it changes nothing; check the spelling where it was meant"})
		}
	}
}

func largest(m [][]float64) float64 {
	most := 0.0
	for _, row := range m {
		for _, v := range row {
			most = math.Max(most, math.Abs(v))
		}
	}
	return most
}

// game is the value of the matrix game in which one side chooses the chances of
// the columns to make the smallest mean of a row as large as possible, and the
// mixture of rows that holds it down to that (von Neumann). It solves the
// linear program by the simplex method with Bland's rule.
func game(m [][]float64) (value float64, mix []float64) {
	rows, columns := len(m), len(m[0])
	mix = make([]float64, rows)
	scale := largest(m)
	if scale == 0 {
		mix[0] = 1
		return 0, mix
	}
	// Shifted to be above 0, the game is: maximise the sum of u >= 0 with
	// sum over rows of u * m <= 1 in every column. Slack variables come last.
	t := make([][]float64, columns+1)
	basis := make([]int, columns)
	for y := range t {
		t[y] = make([]float64, rows+columns+1)
		for b := range rows {
			if t[y][b] = -1; y < columns {
				t[y][b] = m[b][y]/scale + 2
			}
		}
		if y < columns {
			t[y][rows+y], t[y][rows+columns] = 1, 1
			basis[y] = rows + y
		}
	}
	for pivot(t, basis) {
	}
	sum := t[columns][rows+columns]
	for y, variable := range basis {
		if variable < rows {
			mix[variable] = t[y][rows+columns] / sum
		}
	}
	return (1/sum - 2) * scale, mix
}

// pivot makes one step of the simplex method and says whether there was one.
func pivot(t [][]float64, basis []int) bool {
	last, width := len(t)-1, len(t[0])-1
	in := slices.IndexFunc(t[last][:width], func(v float64) bool { return v < -1e-12 })
	if in < 0 {
		return false
	}
	out := -1
	for y := range basis {
		if t[y][in] <= 1e-12 {
			continue
		}
		if out >= 0 {
			less := t[y][width]*t[out][in] - t[out][width]*t[y][in]
			if less > 0 || less == 0 && basis[y] > basis[out] {
				continue
			}
		}
		out = y
	}
	if out < 0 {
		return false
	}
	by := t[out][in]
	for j := range t[out] {
		t[out][j] /= by
	}
	for y := range t {
		if f := t[y][in]; y != out && f != 0 {
			for j := range t[y] {
				t[y][j] -= f * t[out][j]
			}
		}
	}
	basis[out] = in
	return true
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
// another one in some or all rows (Elkan's reasonableness conditions), and
// payoffs of which a few rows are larger than others by orders of magnitude.
// Regression payoffs have no table of outcomes, so only Warnings is returned
// for them.
func (p *Payoffs) Examine(t *table.Table, threads int) ([]Warning, error) {
	out := p.Warnings()
	if p.numeric() || p.Constant() || t.Rows() == 0 {
		return out, nil
	}
	// by row*actions+action: 1 + the dominating action, 0 without one.
	marks := make([]int32, t.Rows()*p.actions)
	values := make([][]float64, len(p.programs))
	for k := range values {
		values[k] = make([]float64, t.Rows())
	}
	found, err := p.parallel(t, threads, func(w *worker) {
		w.classes()
		for i, k := range p.slot {
			copy(values[k][w.b.First:], w.at(i/p.outcomeCount(), i%p.outcomeCount()))
		}
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
	return append(append(out, p.dominated(marks, t.Rows())...), p.uneven(values)...), nil
}

// unevenRatio is how many times larger than the middle one a payoff must be to
// be warned about.
const unevenRatio = 1000

// uneven finds payoffs whose largest row is larger than half of the rows by
// orders of magnitude.
func (p *Payoffs) uneven(values [][]float64) []Warning {
	var out []Warning
	for k, v := range values {
		if _, constant := p.programs[k].Constant(); constant {
			continue
		}
		sizes := make([]float64, 0, len(v))
		most := 0
		for i, x := range v {
			if math.Abs(x) > math.Abs(v[most]) {
				most = i
			}
			if x != 0 {
				sizes = append(sizes, math.Abs(x))
			}
		}
		if len(sizes) == 0 {
			continue
		}
		slices.Sort(sizes)
		if middle := sizes[len(sizes)/2]; math.Abs(v[most]) > unevenRatio*middle {
			out = append(out, Warning{Path: p.programs[k].Path(), Message: fmt.Sprintf(
				"in row %d it is %s, more than %s times what it is in half of the rows (%s), so that few rows decide the money; check that row, or bound the payoff with min or clamp",
				most+1, Round(v[most]), Round(unevenRatio), Round(middle),
			)})
		}
	}
	return out
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
