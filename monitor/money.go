package monitor

import (
	"math"
	"time"

	"bespoke/bundle"
	"bespoke/ledger"

	"gonum.org/v1/gonum/stat/distuv"
)

// Estimate is a mean per decision with its interval.
type Estimate struct {
	Mean float64 `json:"mean"`
	// Low and High bound it at the report's confidence: mean plus and minus
	// Student's t times the standard error. The interval assumes decisions that
	// do not depend on each other; with few of them and rare large losses it is
	// too narrow.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// SE is the standard error, Rows how many decisions it rests on.
	SE   float64 `json:"se"`
	Rows int     `json:"rows"`
	// Total is the sum over the decisions.
	Total float64 `json:"total"`
}

// Money compares what was promised, expected and realised. All figures are
// money per decision after the cost of deciding.
type Money struct {
	// Promised is what evaluation found on held-out rows; nil when the bundle's
	// card has no promise.
	Promised *bundle.Promise `json:"promised,omitempty"`
	// Expected is the expected money of all decisions when they were made. It
	// is the estimate for those whose outcome is not known: it sees changed
	// rows, but not a changed relation between rows and outcomes.
	Expected Estimate `json:"expected"`
	// ExpectedMatured is the same over the decisions whose outcome is known.
	ExpectedMatured Estimate `json:"expected_matured"`
	// Realised is what those decisions brought.
	Realised Estimate `json:"realised"`
	// Gap is realised less expected, decision by decision.
	Gap Estimate `json:"gap"`
	// Shortfall compares realised with promised; nil where one is missing.
	Shortfall *Shortfall `json:"shortfall,omitempty"`
}

// Shortfall is how far the realised mean lies below the promised one.
type Shortfall struct {
	// PerDecision is promised less realised.
	PerDecision float64 `json:"per_decision"`
	// Z is it over the standard error of the difference, and P the chance of
	// one as large if the promise held.
	Z float64 `json:"z"`
	P float64 `json:"p"`
}

// Period is the money of one window.
type Period struct {
	// Begin is its first moment, in UTC.
	Begin time.Time `json:"begin"`
	// Made and Matured count its decisions and those with an outcome.
	Made    int `json:"made"`
	Matured int `json:"matured"`
	// Expected, Realised and Gap are as in Money.
	Expected Estimate `json:"expected"`
	Realised Estimate `json:"realised"`
	Gap      Estimate `json:"gap"`
}

// running is a mean and a variance that are built up one by one (Welford).
type running struct {
	n          int
	mean, m2   float64
	total, com float64 // of the sum, with Kahan's compensation
}

func (r *running) add(x float64) {
	r.n++
	d := x - r.mean
	r.mean += d / float64(r.n)
	r.m2 += d * (x - r.mean)
	y := x - r.com
	t := r.total + y
	r.com = (t - r.total) - y
	r.total = t
}

// estimate gives the mean with its interval; the zero Estimate of nothing. One
// decision has no interval: it is as wide as its mean alone.
func (r *running) estimate(confidence float64) Estimate {
	e := Estimate{Mean: r.mean, Low: r.mean, High: r.mean, Rows: r.n, Total: r.total}
	if r.n < 2 {
		return e
	}
	e.SE = math.Sqrt(r.m2 / float64(r.n-1) / float64(r.n))
	half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(r.n - 1)}.Quantile(0.5+confidence/2) * e.SE
	e.Low, e.High = r.mean-half, r.mean+half
	return e
}

// sums are the running figures of a window or of all.
type sums struct {
	expected, expectedMatured, realised, gap running
}

// shortfall tests the promise: both means have an error, so their difference
// has the root of the sum of squares.
func shortfall(p *bundle.Promise, realised Estimate) *Shortfall {
	if p == nil || realised.Rows < 2 {
		return nil
	}
	z := distuv.UnitNormal.Quantile(0.5 + p.Confidence/2)
	se := math.Hypot((p.High-p.Low)/2/z, realised.SE)
	s := &Shortfall{PerDecision: p.PerDecision - realised.Mean, P: 0.5}
	if se > 0 {
		s.Z = s.PerDecision / se
		s.P = distuv.UnitNormal.Survival(s.Z)
	}
	return s
}

// begin is the first moment of the window that holds t.
func (w Window) begin(t time.Time) time.Time {
	t = t.UTC()
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	switch w {
	case Week:
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case Month:
		return day.AddDate(0, 0, 1-day.Day())
	}
	return day
}

// Usage is what the decisions took of a resource that the scenario limits.
type Usage struct {
	Resource string `json:"resource"`
	// Used is how many units, PerDecision that by the decisions that could be
	// read.
	Used        float64 `json:"used"`
	PerDecision float64 `json:"per_decision"`
	// PerMonth is Used by the time from the first to the last decision; 0 when
	// that is less than a day.
	PerMonth float64 `json:"per_month"`
	// Limit is how many units there are a month.
	Limit float64 `json:"limit"`
	// Days is the time from the first to the last decision.
	Days float64 `json:"days"`
}

const daysPerMonth = 365.2425 / 12

// usage sums up what was used.
func (w *watch) usage() []Usage {
	var out []Usage
	readable := w.counts.Made - w.counts.Unreadable
	for k, r := range w.resources {
		if !r.Limited || readable == 0 {
			continue
		}
		u := Usage{Resource: r.Name, Used: w.used[k], PerDecision: w.used[k] / float64(readable), Limit: r.PerMonth, Days: w.last.Sub(w.first).Hours() / 24}
		if u.Days >= 1 {
			u.PerMonth = u.Used / u.Days * daysPerMonth
		}
		out = append(out, u)
	}
	return out
}

// use counts what a decision took. A row whose payoffs fail is met again when it
// is priced.
func (w *watch) use(d *ledger.Decision, action int) {
	if _, err := w.bundle.Solution.Payoffs.Decide(w.row, 0, d.Prediction, w.scratch); err != nil {
		return
	}
	for k, u := range w.scratch.Used(action) {
		w.used[k] += u
	}
}
