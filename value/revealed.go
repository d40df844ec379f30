package value

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bespoke/table"
)

// Revealed is what it would be worth to know the uncertain parameters before
// deciding. Money is realised money per row, after the cost per decision.
type Revealed struct {
	// Rows is how many rows the figures rest on, Settings how many combinations
	// of parameter values.
	Rows     int `json:"rows"`
	Settings int `json:"settings"`
	// Known is the mean money of deciding with the parameters known: the expected
	// maximum profit (Verbraken, Verbeke and Baesens 2013).
	Known float64 `json:"known"`
	// Chosen is the mean money of the actual choice, which takes the parameters
	// as they are believed to be; Low and High bound it with 90 % chance, as far
	// as the parameters alone make it uncertain.
	Chosen float64 `json:"chosen"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	// Worth is Known less Chosen.
	Worth float64 `json:"worth"`
	// Alone is, per parameter, the worth of knowing it and no other, the largest
	// first.
	Alone []Worth `json:"alone,omitempty"`
	// Sentence says it in words.
	Sentence string `json:"sentence"`
}

// Worth is the money per row that knowing a parameter before deciding adds.
type Worth struct {
	Name  string  `json:"name"`
	Worth float64 `json:"worth"`
	// Changed is the chance that knowing it changes the decision of a row.
	Changed float64 `json:"changed"`
}

// Revealed works out what the uncertain parameters keep from being earned, on
// rows with predictions and known outcomes. It decides once for every setting of
// Grid and once for every point of each parameter, so that it takes as many
// times as long as Sheet. The worth is a sum over the rows at hand and can come
// out below zero where the predictions are wrong. nil when every parameter in
// use is known; the error is that of Sheet.
func (p *Payoffs) Revealed(t *table.Table, predictions, truth []float64, threads int) (*Revealed, error) {
	if predictions == nil || truth == nil {
		return nil, fail("", "", "revealed: predictions and outcomes are needed")
	}
	var names []string // that the money depends on
	for _, name := range slices.Sorted(maps.Keys(p.beliefs)) {
		if p.used[name] {
			names = append(names, name)
		}
	}
	if len(names) == 0 || t.Rows() == 0 {
		return nil, nil
	}
	s, err := p.Sheet(t, predictions, truth, threads)
	if err != nil {
		return nil, err
	}
	fixed := s.Choose()
	out := &Revealed{Rows: t.Rows()}
	held := make([]weighted, 0, 256)
	changed := 0.0
	all, err := p.reveal(names, t, predictions, truth, threads, func(s *Sheet, choice []int, weight float64) {
		held = append(held, weighted{mean(s.Profit(fixed)), weight})
		changed += weight * different(choice, fixed)
	})
	if err != nil {
		return nil, err
	}
	out.Settings, out.Known = len(held), all
	for _, h := range held {
		out.Chosen += h.weight * h.value
	}
	out.Low, out.High = quantileOf(held, .05), quantileOf(held, .95)
	out.Worth = out.Known - out.Chosen
	for _, name := range names {
		known := out.Known
		if len(names) > 1 {
			changed = 0
			known, err = p.reveal([]string{name}, t, predictions, truth, threads, func(_ *Sheet, choice []int, weight float64) {
				changed += weight * different(choice, fixed)
			})
			if err != nil {
				return nil, err
			}
		}
		out.Alone = append(out.Alone, Worth{Name: name, Worth: known - out.Chosen, Changed: changed})
	}
	slices.SortStableFunc(out.Alone, func(a, b Worth) int { return cmp.Compare(b.Worth, a.Worth) })
	out.Sentence = out.sentence(p.config.Currency)
	return out, nil
}

// reveal is the mean money of deciding with the named parameters known. each
// gets the sheet of every setting.
func (p *Payoffs) reveal(names []string, t *table.Table, predictions, truth []float64, threads int, each func(s *Sheet, choice []int, weight float64)) (float64, error) {
	total := 0.0
	for _, g := range p.grid(names) {
		q, err := p.At(g.Values)
		if err != nil {
			return 0, err
		}
		s, err := q.Sheet(t, predictions, truth, threads)
		if err != nil {
			return 0, err
		}
		choice := s.Choose()
		total += g.Weight * mean(s.Profit(choice))
		each(s, choice, g.Weight)
	}
	return total, nil
}

// different is the share of rows in which two choices differ.
func different(a, b []int) float64 {
	n := 0
	for i, x := range a {
		if x != b[i] {
			n++
		}
	}
	return float64(n) / float64(len(a))
}

// Warnings names the uncertain parameters that change no decision.
func (r *Revealed) Warnings() []Warning {
	var out []Warning
	for _, a := range r.Alone {
		if a.Changed == 0 {
			out = append(out, Warning{Path: "value.params." + a.Name, Message: "whatever it turns out to be, no decision changes, so that knowing it better is worth nothing"})
		}
	}
	return out
}

type weighted struct{ value, weight float64 }

// quantileOf is the smallest of the values that is not exceeded with the chance
// level.
func quantileOf(v []weighted, level float64) float64 {
	v = slices.Clone(v)
	slices.SortStableFunc(v, func(a, b weighted) int { return cmp.Compare(a.value, b.value) })
	below := 0.0
	for _, x := range v {
		if below += x.weight; below >= level-1e-12 {
			return x.value
		}
	}
	return v[len(v)-1].value
}

func (r *Revealed) sentence(currency string) string {
	per := func(v float64) string { return strings.TrimSpace(Round(v) + " " + currency) }
	names := make([]string, len(r.Alone))
	for i, a := range r.Alone {
		names[i] = a.Name
	}
	what, it := names[0], "it"
	if n := len(names); n > 1 {
		it = "them"
		what = strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	held := fmt.Sprintf("The decisions earn %s each, from %s to %s in 90 %% of what %s may turn out to be", per(r.Chosen), per(r.Low), per(r.High), what)
	if !(r.Worth > 1e-9*(1+r.High-r.Low)) {
		return fmt.Sprintf("%s; knowing %s before deciding would not pay.", held, it)
	}
	s := fmt.Sprintf("%s; knowing %s before deciding would add %s per decision", held, it, per(r.Worth))
	if len(names) > 1 && r.Alone[0].Worth > 0 {
		s += fmt.Sprintf(", %s alone %s", r.Alone[0].Name, per(r.Alone[0].Worth))
	}
	return s + "."
}
