package monitor

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Text is the report for people, as plain text.
func (r *Report) Text() string {
	var w strings.Builder
	fmt.Fprintf(&w, "%s, bundle %s\n", r.Scenario, r.Bundle[:min(12, len(r.Bundle))])
	d := r.Decisions
	if d.Made == 0 {
		w.WriteString("no decisions")
	} else {
		fmt.Fprintf(&w, "%d decisions from %s to %s, %d of them (%s) with an outcome", d.Made, r.First.Format("2006-01-02 15:04"), r.Last.Format("2006-01-02 15:04"), d.Matured, percent(d.Share))
	}
	for _, left := range []struct {
		n    int
		what string
	}{{d.OtherBundles, "by other bundles"}, {d.OtherTimes, "at other times"}} {
		if left.n > 0 {
			fmt.Fprintf(&w, "; %d %s left out", left.n, left.what)
		}
	}
	w.WriteString("\n\n")
	r.alarmText(&w)
	r.moneyText(&w)
	r.usageText(&w)
	r.windowText(&w)
	driftText(&w, "inputs", r.Columns, r.Confidence)
	driftText(&w, "predictions", r.Predictions, r.Confidence)
	return w.String()
}

func (r *Report) alarmText(w *strings.Builder) {
	if len(r.Alarms) == 0 {
		fmt.Fprintf(w, "no alarms (each needs %d rows and %s)\n\n", r.MinRows, percent(r.Confidence))
		return
	}
	for _, a := range r.Alarms {
		fmt.Fprintf(w, "%-8s %s\n         rule: %s\n", strings.ToUpper(string(a.Level)), a.Text, a.Rule)
	}
	w.WriteString("\n")
}

// grid aligns columns; the first is to the left, figures are to the right.
func grid(w *strings.Builder, head string, rows func(t *tabwriter.Writer)) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, head)
	rows(t)
	_ = t.Flush() // a strings.Builder takes everything
	w.WriteString("\n")
}

func (r *Report) moneyText(w *strings.Builder) {
	m := r.Money
	fmt.Fprintf(w, "money per decision after cost, in %s, with %s intervals (Student's t; the promise as evaluation made it)\n", orUnit(r.Currency), percent(r.Confidence))
	grid(w, "\tmean\tfrom\tto\tdecisions\ttotal\t", func(t *tabwriter.Writer) {
		if p := m.Promised; p != nil {
			fmt.Fprintf(t, "promised on held-out rows\t%s\t%s\t%s\t%d\t\t\n", number(p.PerDecision), number(p.Low), number(p.High), p.Rows)
		}
		for _, x := range []struct {
			name string
			e    Estimate
		}{
			{"expected, all decisions", m.Expected},
			{"expected, with an outcome", m.ExpectedMatured},
			{"realised", m.Realised},
			{"realised less expected", m.Gap},
		} {
			estimateRow(t, x.name, x.e)
		}
	})
}

func estimateRow(t *tabwriter.Writer, name string, e Estimate) {
	if e.Rows == 0 {
		fmt.Fprintf(t, "%s\t-\t-\t-\t0\t-\t\n", name)
		return
	}
	fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\t\n", name, number(e.Mean), number(e.Low), number(e.High), e.Rows, number(e.Total))
}

func (r *Report) usageText(w *strings.Builder) {
	if len(r.Usage) == 0 {
		return
	}
	w.WriteString("use of what is limited\n")
	grid(w, "\tused\tper decision\tper month\tthere are per month\t", func(t *tabwriter.Writer) {
		for _, u := range r.Usage {
			month := "-"
			if u.PerMonth > 0 {
				month = number(u.PerMonth)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t\n", u.Resource, number(u.Used), number(u.PerDecision), month, number(u.Limit))
		}
	})
}

func (r *Report) windowText(w *strings.Builder) {
	if len(r.Windows) < 2 {
		return
	}
	w.WriteString("by time of decision\n")
	grid(w, "from\tdecisions\twith outcome\texpected\trealised\tfrom\tto\trealised less expected\t", func(t *tabwriter.Writer) {
		for _, p := range r.Windows {
			realised, low, high, gap := "-", "-", "-", "-"
			if p.Matured > 0 {
				realised, low, high, gap = number(p.Realised.Mean), number(p.Realised.Low), number(p.Realised.High), number(p.Gap.Mean)
			}
			fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t\n", p.Begin.Format("2006-01-02"), p.Made, p.Matured, number(p.Expected.Mean), realised, low, high, gap)
		}
	})
}

func driftText(w *strings.Builder, title string, list []Drift, confidence float64) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "drift of %s: PSI on the bundle's bins, what chance alone reaches in %s of cases, and the rule of thumb\n", title, percent(1-confidence))
	grid(w, "\tPSI\tby chance\tp\tbeyond chance\trule of thumb\tmissing\tin training\tunseen\t", func(t *tabwriter.Writer) {
		for _, d := range list {
			beyond := "no"
			if d.Drifted {
				beyond = "yes"
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t\n", d.Column, number(d.PSI), number(d.Limit), strings.TrimPrefix(probability(d.P), "= "), beyond, d.Words(), percent(d.Missing), percent(d.MissingReference), d.Unseen)
		}
	})
}

func orUnit(currency string) string {
	if currency == "" {
		return "units of money"
	}
	return currency
}

func amount(x float64, currency string) string {
	return strings.TrimSpace(number(x) + " " + currency)
}

// number writes four significant digits, without an exponent where possible.
func number(x float64) string {
	a := math.Abs(x)
	switch {
	case x == 0 || math.IsNaN(x) || math.IsInf(x, 0):
		return strconv.FormatFloat(x, 'g', -1, 64)
	case a >= 1000 && a < 1e15:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case a >= 1e-4 && a < 1000:
		return strconv.FormatFloat(x, 'f', 3-int(math.Floor(math.Log10(a))), 64)
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}

// probability writes how a p-value compares; very small ones need no figure.
func probability(p float64) string {
	if p < 1e-4 {
		return "< 0.0001"
	}
	return "= " + strconv.FormatFloat(p, 'f', 4, 64)
}

func percent(share float64) string {
	return strconv.FormatFloat(math.Round(share*1000)/10, 'f', -1, 64) + "%"
}
