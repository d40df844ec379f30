package tune

// Again judges the trials of a finished search by another judge, such as one
// with other payoffs, and makes both choices anew, as a search with that judge
// would. Nothing is trained or calibrated again, and the outcome itself stays
// as it is. Trials that failed stay failed; those that were dropped for a limit
// stay marked, and it is the caller who passes over them. The error is that of
// a search of which every trial failed.
func (o *Outcome) Again(judge Judge, higherIsBetter bool) (*Outcome, error) {
	out := &Outcome{Trials: make([]*Trial, len(o.Trials)), Reproducible: o.Reproducible}
	for i, t := range o.Trials {
		again := *t
		again.Equal = false
		out.Trials[i] = &again
		if t.Failed != "" {
			continue
		}
		score, err := judge(t.outOfFold.Rows, t.calibration.Predictions)
		if err != nil {
			again.Failed = err.Error()
			continue
		}
		again.Metric, again.Loss, again.money = score.Metric, score.Loss, score.Money
		if again.money != nil {
			again.Money, again.MoneyError = meanError(again.money)
		}
	}
	return out, (&Search{HigherIsBetter: higherIsBetter}).choose(out)
}

// MoneyOf is the profit of each out-of-fold row of the trial; nil without
// payoffs.
func (t *Trial) MoneyOf() []float64 { return t.money }
