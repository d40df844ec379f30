package modeltest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"bespoke/model"
)

// checkStakes holds a model to what its table of parameters says about stakes.
// Without model.StakesParam, or with its default, they change no byte. With it
// the model must learn by them: as weights exactly as from weights, as expected
// loss so that less is lost on new rows. Numbers have no stakes.
func checkStakes(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 300, 28)
	offers := slices.ContainsFunc(e.Params, func(p model.Param) bool { return p.Name == model.StakesParam })
	if task == model.Regression {
		if offers {
			refused(t, e, use(model.StakesWeights), in, model.StakesParam)
		}
		in.Stakes = slices.Repeat([]float64{1}, in.X.Rows)
		refused(t, e, nil, in, "stakes")
		return
	}
	plain := mustSave(t, mustFit(t, e, in))
	if offers {
		refused(t, e, use(model.StakesWeights), in, model.StakesParam)
		refused(t, e, use(model.StakesExpected), in, model.StakesParam)
	}
	in.Stakes = staked(in, 28)
	sameBytes(t, "stakes that were not asked for", mustSave(t, mustFit(t, e, in)), plain)
	checkBadStakes(t, e, in)
	if offers {
		checkStakesAsWeights(t, e, in)
		checkExpected(t, e, task)
	}
}

func use(choice string) model.Params { return model.Params{model.StakesParam: choice} }

func checkBadStakes(t *testing.T, e model.Entry, in model.Training) {
	for _, s := range []float64{-1, math.NaN(), math.Inf(1)} {
		bad := copied(in)
		bad.Stakes[9] = s
		refused(t, e, nil, bad, "stake of row 9")
	}
	bad := copied(in)
	bad.Stakes = bad.Stakes[:20]
	refused(t, e, nil, bad, "20 stakes")
	bad.Stakes = make([]float64, in.X.Rows)
	refused(t, e, nil, bad, "every stake is 0")
}

func checkStakesAsWeights(t *testing.T, e model.Entry, in model.Training) {
	before := copied(in)
	got := fitWith(t, e, use(model.StakesWeights), in)
	sameBits(t, "stakes after the fit", in.Stakes, before.Stakes)
	if in.Weights != nil {
		t.Error("the fit left weights behind")
	}
	weighted := copied(in)
	weighted.Weights, weighted.Stakes = weighted.Stakes, nil
	sameBytes(t, "stakes as weights", mustSave(t, got), mustSave(t, mustFit(t, e, weighted)))
	in.Stakes = slices.Clone(in.Stakes)
	for i := range 100 { // a stake of nothing is no weight of nothing
		in.Stakes[i] = 0
	}
	fitWith(t, e, use(model.StakesWeights), in)
}

// checkExpected verifies that a model trained for expected loss loses less
// money on new rows than one trained for probabilities, and that it does so
// with the same bytes for any number of threads.
func checkExpected(t *testing.T, e model.Entry, task model.Task) {
	train, test := learnable(e.Encoding, task, 1200, 29), learnable(e.Encoding, task, 600, 30)
	train.Stakes, test.Stakes = staked(train, 29), staked(test, 30)
	lost := func(m model.Fitted) float64 {
		sum, k := 0.0, m.Outputs()
		for i, p := range predictAll(t, m, task, test.X) {
			if i%k == int(test.Y[i/k]) {
				sum += test.Stakes[i/k] * (1 - p)
			}
		}
		return sum / float64(test.X.Rows)
	}
	plain, m := mustFit(t, e, train), fitWith(t, e, use(model.StakesExpected), train)
	if got, was := lost(m), lost(plain); !(got < 0.97*was) {
		t.Errorf("trained for expected loss the model loses %v a row; trained for probabilities %v", got, was)
	}
	want := mustSave(t, m)
	for _, n := range []int{1, 3} {
		train.Threads = n
		sameBytes(t, fmt.Sprintf("expected loss with %d threads against 2", n), mustSave(t, fitWith(t, e, use(model.StakesExpected), train)), want)
	}
}

// fitWith fits with the given parameters.
func fitWith(t *testing.T, e model.Entry, p model.Params, in model.Training) model.Fitted {
	t.Helper()
	m, err := tryFit(context.Background(), e, p, in)
	if err != nil {
		t.Fatalf("fit with %v: %v", p, err)
	}
	return m
}
