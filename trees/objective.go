package trees

import (
	"bespoke/model"
	"bespoke/objective"
)

// warmth is for how many rounds, times the learning rate, boosting for expected
// loss follows the log-loss with the same weights first: as far as a score can
// go in them, in log-odds. From the priors alone, rows are pushed to the side of
// the dear answer before anything is known about them, and where they are pushed
// far their gradient is gone; on development data (bench/quality/RESULTS.md) 6
// lost less money than 3 or 0. It does not hang on the number of rounds, so that
// a refit with the rounds that early stopping found goes the same way.
const warmth = 6.0

// objectivesFor is the loss that the settings ask for, and the one, if any, that
// the first rounds follow.
func objectivesFor(s *settings, task model.Task) (loss, warm *objective.Objective, err error) {
	loss, err = objective.Find(s.objective, task)
	if err == nil && s.stakes == model.StakesExpected {
		if dear := objective.Expected(task); dear != nil {
			return dear, loss, nil
		}
	}
	return loss, nil, err
}

// lossSettings are the parameters that losses need.
func lossSettings(p model.Params) objective.Settings {
	s := objective.Defaults()
	s.Alpha, s.Delta, s.Power = p.Number("alpha"), p.Number("delta"), p.Number("variance_power")
	return s
}
