package trees

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"bespoke/model"
)

// crossing are rows of two groups: in the first, one in four is positive and a
// missed one costs five; in the second, three in four are and it costs a fifth.
// Money and probability want opposite answers.
func crossing(n int, seed uint64) (in model.Training, stakes []float64) {
	r := rand.New(rand.NewPCG(seed, 3))
	in = model.Training{Task: model.Binary, Classes: []string{"no", "yes"}, Seed: 1, Threads: 2, X: model.NewMatrix([]model.Feature{{Name: "group"}}, n), Y: make([]float64, n)}
	stakes = make([]float64, n)
	for i := range n {
		group := float64(r.IntN(2))
		in.X.Row(i)[0] = group
		if r.Float64() < 0.25+0.5*group {
			in.Y[i] = 1
		}
		switch stakes[i] = 1; {
		case in.Y[i] == 1 && group == 0:
			stakes[i] = 5
		case in.Y[i] == 1:
			stakes[i] = 0.2
		}
	}
	return in, stakes
}

// Weighted, the probabilities are those of money: 0.25*5 against 0.75 is 0.625,
// 0.75*0.2 against 0.25 is 0.375. Expected, they go all the way to the answer
// that loses least; plain, they are what happened.
func TestStakesMoveProbabilities(t *testing.T) {
	in, stakes := crossing(20000, 1)
	in.Stakes = stakes
	for _, c := range []struct {
		use  string
		want [2]float64
	}{
		{model.StakesNone, [2]float64{0.25, 0.75}},
		{model.StakesWeights, [2]float64{0.625, 0.375}},
		{model.StakesExpected, [2]float64{1, 0}},
	} {
		m, err := Fit(context.Background(), model.Params{"stakes": c.use, "rounds": 300}, in)
		if err != nil {
			t.Fatal(err)
		}
		for group, want := range c.want {
			p := make([]float64, 2)
			m.Predict([]float64{float64(group)}, p)
			if math.Abs(p[1]-want) > 0.02 {
				t.Errorf("stakes %s, group %d: probability %v, want %v", c.use, group, p[1], want)
			}
		}
	}
}

// The rows that early stopping watches are weighed by their own stakes, and by
// the loss that is minimised: as long as their money comes in, rounds go on;
// where their money says otherwise than that of the rows to learn from, they
// end at once.
func TestStoppingWatchesTheSameLoss(t *testing.T) {
	in, stakes := crossing(4000, 2)
	valid, validStakes := crossing(4000, 3)
	in.Stakes, in.Valid = stakes, &valid
	equal := make([]float64, len(validStakes))
	for i := range equal {
		equal[i] = 1
	}
	for _, use := range []string{model.StakesWeights, model.StakesExpected} {
		for _, c := range []struct {
			watched     []float64
			least, most int
		}{{validStakes, 60, 100}, {equal, 0, 5}} {
			valid.Stakes = c.watched
			m, err := Fit(context.Background(), model.Params{"stakes": use, "rounds": 100, "patience": 10}, in)
			if err != nil {
				t.Fatal(err)
			}
			if m.Rounds() < c.least || m.Rounds() > c.most {
				t.Errorf("stakes %s: %d rounds, want %d to %d", use, m.Rounds(), c.least, c.most)
			}
		}
		valid.Stakes = nil
		if _, err := Fit(context.Background(), model.Params{"stakes": use}, in); err == nil {
			t.Errorf("stakes %s: watched rows without stakes were taken", use)
		}
	}
}

// The first rounds for expected loss are those of the weighted log-loss, and no
// more than those.
func TestExpectedLossStartsWarm(t *testing.T) {
	in, stakes := crossing(2000, 4)
	in.Stakes = stakes
	for _, c := range []struct {
		rounds int
		same   bool
	}{{60, true}, {62, false}} {
		var saved [2][]byte
		for i, use := range []string{model.StakesWeights, model.StakesExpected} {
			m, err := Fit(context.Background(), model.Params{"stakes": use, "rounds": c.rounds, "learning_rate": 0.1}, in)
			if err != nil {
				t.Fatal(err)
			}
			if saved[i], err = m.MarshalBinary(); err != nil {
				t.Fatal(err)
			}
		}
		if bytes.Equal(saved[0], saved[1]) != c.same {
			t.Errorf("%d rounds: the same model %v, want %v", c.rounds, !c.same, c.same)
		}
	}
}
