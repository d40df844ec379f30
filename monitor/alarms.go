package monitor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Level is how grave an alarm is.
type Level string

// The levels.
const (
	// Grave means that money is being lost or cannot be judged.
	Grave Level = "alarm"
	// Warning means that it should be looked at before it costs money.
	Warning Level = "warning"
	// Note is worth knowing.
	Note Level = "note"
)

// Alarm is something that needs a look.
type Alarm struct {
	Level Level `json:"level"`
	// About is money, capacity, drift, input or ledger.
	About string `json:"about"`
	// Text says what was found, with its figures.
	Text string `json:"text"`
	// Rule says exactly when this alarm is raised.
	Rule string `json:"rule"`
}

// alarms applies every rule to the report, the gravest result first.
func alarms(r *Report) []Alarm {
	out := []Alarm{}
	add := func(level Level, about, rule, text string, args ...any) {
		out = append(out, Alarm{Level: level, About: about, Text: fmt.Sprintf(text, args...), Rule: rule})
	}
	moneyAlarms(r, add)
	usageAlarms(r, add)
	driftAlarms(r, add)
	ledgerAlarms(r, add)
	order := []Level{Grave, Warning, Note}
	slices.SortStableFunc(out, func(a, b Alarm) int { return cmp.Compare(slices.Index(order, a.Level), slices.Index(order, b.Level)) })
	return out
}

type addAlarm func(level Level, about, rule, text string, args ...any)

// moneyAlarms judge realised money.
func moneyAlarms(r *Report, add addAlarm) {
	m, level := r.Money, percent(r.Confidence)
	if m.Realised.Rows >= r.MinRows {
		if m.Realised.High < 0 {
			add(Grave, "money", fmt.Sprintf("the %s interval of realised money per decision lies below 0", level),
				"the decisions lose money: %s per decision (%s to %s)", amount(m.Realised.Mean, r.Currency), number(m.Realised.Low), number(m.Realised.High))
		}
		if s := m.Shortfall; s != nil && s.P < 1-r.Confidence {
			add(Grave, "money", fmt.Sprintf("one-sided test of promised less realised money per decision, with the errors of both, p below %s", percent(1-r.Confidence)),
				"realised money is below the promise by %s per decision (z = %s, p %s)", amount(s.PerDecision, r.Currency), number(s.Z), probability(s.P))
		}
		if m.Gap.High < 0 {
			add(Grave, "money", fmt.Sprintf("the %s interval of realised less expected money, decision by decision, lies below 0", level),
				"decisions bring less than was expected when they were made: %s per decision (%s to %s); the probabilities can no longer be trusted with money",
				amount(m.Gap.Mean, r.Currency), number(m.Gap.Low), number(m.Gap.High))
		}
		if m.Gap.Low > 0 {
			add(Note, "money", fmt.Sprintf("the %s interval of realised less expected money, decision by decision, lies above 0", level),
				"decisions bring more than was expected when they were made: %s per decision (%s to %s); better probabilities may earn more still",
				amount(m.Gap.Mean, r.Currency), number(m.Gap.Low), number(m.Gap.High))
		}
	}
	const ripe = 0.5
	if d := r.Decisions; d.Made >= r.MinRows && d.Share < ripe {
		add(Note, "money", fmt.Sprintf("fewer than %s of the decisions have an outcome", percent(ripe)),
			"%s of the decisions have an outcome; those that come in early may differ from the rest", percent(d.Share))
	}
	if d := r.Decisions; d.UnknownOutcomes > 0 {
		add(Warning, "money", "an outcome is none of the bundle's outcomes", "%d outcomes are none of the bundle's, such as %q; they are left out", d.UnknownOutcomes, d.FirstUnknown)
	}
	if d := r.Decisions; d.Unpriced > 0 {
		add(Warning, "money", "an outcome cannot be turned into money by the payoffs", "%d outcomes could not be priced, the first because of %s", d.Unpriced, d.FirstUnpriced)
	}
}

// usageAlarms judge whether limits hold.
func usageAlarms(r *Report, add addAlarm) {
	const week, beyond = 7, 1.1
	for _, u := range r.Usage {
		if u.Days >= week && r.Decisions.Made >= r.MinRows && u.PerMonth > beyond*u.Limit {
			add(Warning, "capacity", fmt.Sprintf("in a week or more the decisions use more of a resource than %s of what there is in that time", percent(beyond)),
				"%s: %s a month are used where there are %s; more decisions fall due than need.volume says, or the rows have changed", u.Resource, number(u.PerMonth), number(u.Limit))
		}
	}
}

// driftAlarms judge how far columns moved. Whether a shift is beyond chance and
// whether it is large are two questions: with many rows the smallest shift is
// beyond chance.
func driftAlarms(r *Report, add addAlarm) {
	levels := map[string]Level{"much": Grave, "some": Warning, "little": Note}
	for _, group := range []struct {
		name string
		list []Drift
	}{{"column", r.Columns}, {"of what the bundle says,", r.Predictions}} {
		for _, d := range group.list {
			if !d.Drifted {
				continue
			}
			add(levels[d.Words()], "drift",
				fmt.Sprintf("PSI beyond chance over all columns together (Benjamini-Hochberg at %s, chi-squared reference) and at least %v for an alarm, %v for a warning", percent(1-r.Confidence), muchDrift, someDrift),
				"%s %q moved: PSI %s, where chance alone reaches %s (p %s)", group.name, d.Column, number(d.PSI), number(d.Limit), probability(d.P))
		}
	}
	const often = 0.01
	for _, d := range r.Columns {
		if share := float64(d.Unseen) / float64(max(1, d.Current)); d.Unseen > 0 && share >= often && d.Current >= r.MinRows {
			add(Warning, "input", fmt.Sprintf("at least %s of the rows have a spelling that was not seen in training", percent(often)),
				"column %q: %s of the rows have an unseen spelling, such as %s", d.Column, percent(share), quoted(d.Spellings))
		}
	}
	if n := r.Decisions.Unreadable; n > 0 {
		add(Warning, "input", "a decision's inputs or prediction do not fit the bundle", "%d decisions cannot be read by this bundle", n)
	}
}

// ledgerAlarms judge whether the ledger is whole.
func ledgerAlarms(r *Report, add addAlarm) {
	s := r.Ledger
	if s.Corrupt > 0 {
		add(Grave, "ledger", "a line has a wrong checksum and intact lines behind it", "%d lines of the ledger are damaged, the first at %s; figures are without them", s.Corrupt, s.FirstCorrupt)
	}
	if s.Gaps > 0 {
		add(Grave, "ledger", "a segment is missing between two others", "%d segments of the ledger are missing; figures are without them", s.Gaps)
	}
	if s.Torn > 0 {
		add(Note, "ledger", "the end of a segment is not a whole line", "%d lines were being written when the server was stopped; they were never acknowledged", s.Torn)
	}
}

func quoted(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, fmt.Sprintf("%q", s))
	}
	return strings.Join(out, ", ")
}
