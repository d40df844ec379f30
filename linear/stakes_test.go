package linear

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"bespoke/model"
)

// TestExpectedLossDerivatives compares with finite differences, for two classes
// and for four.
func TestExpectedLossDerivatives(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for _, k := range []int{1, 4} {
		for range 50 {
			z := make([]float64, k)
			for i := range z {
				z[i] = 2 * r.NormFloat64()
			}
			y := r.IntN(max(2, k))
			slope := slices.Clone(z)
			expectedLoss(slope, y)
			for i := range z {
				at := func(d float64) float64 {
					moved := slices.Clone(z)
					moved[i] += d
					return expectedLoss(moved, y)
				}
				if want := (at(1e-5) - at(-1e-5)) / 2e-5; math.Abs(slope[i]-want) > 1e-8 {
					t.Errorf("outputs %v, class %d: derivative %d is %v, want %v", z, y, i, slope[i], want)
				}
			}
		}
	}
}

// Rows of two groups: in the first, one in four is positive and a missed one
// costs five; in the second, three in four are and it costs a fifth. Weighted,
// probabilities are those of money (.25*5 against .75 is .625, .75*.2 against
// .25 is .375); expected, they go to the answer that loses least.
func TestStakesMoveProbabilities(t *testing.T) {
	const n = 8000
	in := model.Training{Task: model.Binary, Classes: []string{"no", "yes"}, Threads: 2, X: model.NewMatrix([]model.Feature{{Name: "group"}}, n)}
	for i := range n {
		group, y, stake := i%2, 0.0, 1.0
		if share := i / 2 % 4; share == 0 || group == 1 && share < 3 {
			y = 1
			stake = []float64{5, 0.2}[group]
		}
		in.X.Row(i)[0] = float64(group)
		in.Y, in.Stakes = append(in.Y, y), append(in.Stakes, stake)
	}
	for _, c := range []struct {
		use             string
		want            [2]float64
		least, farthest float64
	}{
		{model.StakesNone, [2]float64{0.25, 0.75}, 0, 1e-3},
		{model.StakesWeights, [2]float64{0.625, 0.375}, 0, 1e-3},
		{model.StakesExpected, [2]float64{1, 0}, 1e-9, 0.01},
	} {
		last := 0
		in.Progress = func(done, _ int) { last = max(last, done) }
		m, err := fitLogistic(context.Background(), model.Params{"stakes": c.use, "c": 1e4}, in)
		if err != nil {
			t.Fatal(err)
		}
		for group, want := range c.want {
			p := make([]float64, 2)
			m.Predict([]float64{float64(group)}, p)
			if d := math.Abs(p[1] - want); d > c.farthest || d < c.least {
				t.Errorf("stakes %s, group %d: probability %v, want %v", c.use, group, p[1], want)
			}
		}
		if want := 1000; c.use == model.StakesExpected && last != 2*want || c.use != model.StakesExpected && last != want {
			t.Errorf("stakes %s: progress ended at %d", c.use, last)
		}
	}
}

// Equal stakes change nothing but the last bits: they are weights of one.
func TestEqualStakes(t *testing.T) {
	in := model.Training{Task: model.Binary, Classes: []string{"no", "yes"}, Threads: 1, X: model.NewMatrix([]model.Feature{{Name: "x"}}, 60)}
	for i := range 60 {
		in.X.Row(i)[0] = float64(i * i % 17)
		in.Y, in.Stakes = append(in.Y, float64(i%3/2)), append(in.Stakes, 1)
	}
	plain, err := fitLogistic(context.Background(), nil, in)
	if err != nil {
		t.Fatal(err)
	}
	weighted, err := fitLogistic(context.Background(), model.Params{"stakes": model.StakesWeights}, in)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := plain.MarshalBinary()
	b, _ := weighted.MarshalBinary()
	if !slices.Equal(a, b) {
		t.Errorf("equal stakes gave\n%s, none\n%s", b, a)
	}
}
