// Command value computes every measure of package profit on cases that
// parity.py writes, for parity.py to set beside the peers'.
//
//	go run ./bench/value -repeats 1 < cases.jsonl > results.jsonl
//
// A case is a line of JSON, and so is a result: for each measure that the case
// has the data for, the value, or why there is none, and the least seconds of
// the repeats.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sort"
	"time"

	"bespoke/profit"
)

// input is one case. Fields that are left out switch their measures off.
type input struct {
	Label []float64 `json:"label"`
	Score []float64 `json:"score"`
	// Costs per row or one for all, of the binary decision.
	Costs *struct {
		TP, FN, FP, TN []float64
	} `json:"costs"`
	Accept   float64                 `json:"accept"`
	Lost     float64                 `json:"lost"`
	Share    float64                 `json:"share"`
	Churn    *profit.ChurnOffer      `json:"churn"`
	Business *profit.BusinessOffer   `json:"business"`
	Lifetime []float64               `json:"lifetime"`
	Credit   *profit.CreditLoan      `json:"credit"`
	Lead     *profit.AcquisitionLead `json:"lead"`
	Gamma    profit.Gamma            `json:"gamma"`
	// Thresholds and Prevalence are of the decision curve.
	Thresholds []float64 `json:"thresholds"`
	Prevalence float64   `json:"prevalence"`
	// Uplift takes Label as outcome.
	Treated []bool `json:"treated"`
}

// value is a measure's result; most are one number.
type value struct {
	Values  []float64 `json:"values,omitempty"`
	Error   string    `json:"error,omitempty"`
	Seconds float64   `json:"seconds"`
}

type measure func(in *input) ([]float64, error)

func main() {
	repeats := flag.Int("repeats", 1, "how often each measure is computed; the least time counts")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *repeats); err != nil {
		fmt.Fprintln(os.Stderr, "value:", err)
		os.Exit(1)
	}
}

func run(from io.Reader, to io.Writer, repeats int) error {
	out := bufio.NewWriter(to)
	dec, enc := json.NewDecoder(bufio.NewReaderSize(from, 1<<20)), json.NewEncoder(out)
	for dec.More() {
		var in input
		if err := dec.Decode(&in); err != nil {
			return err
		}
		if err := enc.Encode(compute(&in, repeats)); err != nil {
			return err
		}
	}
	return out.Flush()
}

func compute(in *input, repeats int) map[string]value {
	wanted := measures(in)
	names := make([]string, 0, len(wanted))
	for name := range wanted {
		names = append(names, name)
	}
	sort.Strings(names)
	out := map[string]value{}
	for _, name := range names {
		var v value
		for k := range repeats {
			start := time.Now()
			values, err := wanted[name](in)
			if seconds := time.Since(start).Seconds(); k == 0 || seconds < v.Seconds {
				v.Seconds = seconds
			}
			v.Values, v.Error = values, ""
			if err != nil {
				v.Values, v.Error = nil, err.Error()
			}
		}
		out[name] = v
	}
	return out
}

// measures are those that the case has the data for.
func measures(in *input) map[string]measure {
	out := map[string]measure{}
	if in.Churn != nil {
		out["EMPC"] = maximum(func(in *input) (profit.MaximumProfit, error) { return in.Churn.Expected(in.Label, in.Score) })
		out["MPC"] = maximum(func(in *input) (profit.MaximumProfit, error) { return in.Churn.At(in.Label, in.Score, in.Accept) })
	}
	if in.Credit != nil {
		out["EMPCS"] = maximum(func(in *input) (profit.MaximumProfit, error) { return in.Credit.Expected(in.Label, in.Score) })
		out["MPCS"] = maximum(func(in *input) (profit.MaximumProfit, error) { return in.Credit.At(in.Label, in.Score, in.Lost) })
	}
	if in.Lead != nil {
		out["MPA"] = maximum(func(in *input) (profit.MaximumProfit, error) { return in.Lead.Best(in.Label, in.Score) })
		out["EMPA"] = maximum(func(in *input) (profit.MaximumProfit, error) {
			return in.Lead.Expected(in.Label, in.Score, in.Gamma)
		})
	}
	if in.Business != nil {
		out["EMPB"] = maximum(func(in *input) (profit.MaximumProfit, error) {
			gains, err := in.Business.Costs(in.Lifetime).Gains(in.Label)
			if err != nil {
				return profit.MaximumProfit{}, err
			}
			return profit.BestShare(gains, in.Score)
		})
		out["AUEPC"] = one(func(in *input) (float64, error) {
			gains, err := in.Business.Costs(in.Lifetime).Gains(in.Label)
			if err != nil {
				return 0, err
			}
			return profit.AreaUnderProfit(gains, in.Score)
		})
		out["churn loss"] = one(func(in *input) (float64, error) { return in.Business.Costs(in.Lifetime).Loss(in.Label, in.Score) })
	}
	if in.Share > 0 {
		out["lift"] = one(func(in *input) (float64, error) { return profit.Lift(in.Label, in.Score, in.Share) })
	}
	costs(in, out)
	if in.Thresholds != nil {
		out["net benefit"] = benefit
		out["avoided"] = avoided
		out["net benefit among"] = func(in *input) ([]float64, error) {
			return each(in.Thresholds, func(t float64) (float64, error) { return profit.NetBenefitAmong(in.Prevalence, in.Label, in.Score, t) })
		}
	}
	uplift(in, out)
	return out
}

func costs(in *input, out map[string]measure) {
	if in.Costs == nil {
		return
	}
	c := profit.Costs{TP: in.Costs.TP, FN: in.Costs.FN, FP: in.Costs.FP, TN: in.Costs.TN}
	out["expected cost"] = one(func(in *input) (float64, error) { return c.Loss(in.Label, in.Score) })
	out["log cost"] = one(func(in *input) (float64, error) { return c.LogLoss(in.Label, in.Score) })
	out["expected savings"] = one(func(in *input) (float64, error) { return c.Savings(in.Label, in.Score) })
	out["savings over the prior"] = one(func(in *input) (float64, error) {
		prior := 0.0
		for _, y := range in.Label {
			prior += y
		}
		prior /= float64(len(in.Label))
		a, err := c.Loss(in.Label, constant(prior, len(in.Label)))
		if err != nil {
			return 0, err
		}
		b, err := c.Loss(in.Label, constant(1-prior, len(in.Label)))
		if err != nil {
			return 0, err
		}
		if b < a {
			prior = 1 - prior
		}
		return c.SavingsOver(in.Label, in.Score, []float64{prior})
	})
	decided := func(then func(act []float64) (float64, error)) measure {
		return one(func(in *input) (float64, error) {
			act, err := c.Decide(in.Score)
			if err != nil {
				return 0, err
			}
			return then(act)
		})
	}
	out["cost of decisions"] = decided(func(act []float64) (float64, error) { return c.Loss(in.Label, act) })
	out["savings of decisions"] = decided(func(act []float64) (float64, error) { return c.Savings(in.Label, act) })
	out["maximum"] = maximum(func(in *input) (profit.MaximumProfit, error) { return c.Best(in.Label, in.Score) })
}

func uplift(in *input, out map[string]measure) {
	if in.Treated == nil {
		return
	}
	u := profit.Uplift{Outcome: in.Label, Treated: in.Treated}
	out["Qini curve"] = func(in *input) ([]float64, error) { return u.Qini(in.Score) }
	out["uplift curve"] = func(in *input) ([]float64, error) { return u.Cumulative(in.Score) }
	out["coefficients"] = func(in *input) ([]float64, error) {
		qini, cumulative, err := u.Coefficients(in.Score)
		return []float64{qini, cumulative}, err
	}
	if in.Share > 0 {
		out["top"] = one(func(in *input) (float64, error) {
			effect, _, err := u.Top(in.Score, in.Share)
			return effect, err
		})
	}
}

func benefit(in *input) ([]float64, error) {
	return each(in.Thresholds, func(t float64) (float64, error) { return profit.NetBenefit(in.Label, in.Score, t) })
}

func avoided(in *input) ([]float64, error) {
	prevalence := 0.0
	for _, y := range in.Label {
		prevalence += y / float64(len(in.Label))
	}
	return each(in.Thresholds, func(t float64) (float64, error) {
		b, err := profit.NetBenefit(in.Label, in.Score, t)
		return profit.AvoidedActions(b, profit.NetBenefitOfAll(prevalence, t), t), err
	})
}

func each(thresholds []float64, f func(t float64) (float64, error)) ([]float64, error) {
	out := make([]float64, len(thresholds))
	for i, t := range thresholds {
		var err error
		if out[i], err = f(t); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func constant(v float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func one(f func(in *input) (float64, error)) measure {
	return func(in *input) ([]float64, error) {
		v, err := f(in)
		return []float64{v}, err
	}
}

// maximum is of a profit and its share.
func maximum(f func(in *input) (profit.MaximumProfit, error)) measure {
	return func(in *input) ([]float64, error) {
		m, err := f(in)
		return []float64{m.Profit, m.Share}, err
	}
}
