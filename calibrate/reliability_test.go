package calibrate_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"bespoke/calibrate"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestCurve(t *testing.T) {
	p := []float64{0.9, 0.1, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6}
	y := []float64{1, 0, 0, 1, 1, 1, 0, 0}
	got := calibrate.Curve(p, y, 2)
	// The Wilson intervals of 1 and 3 in 4 are those of R's
	// prop.test(correct = FALSE): 0.04558726 to 0.69935817, and mirrored.
	want := []calibrate.Bin{
		{Low: 0.1, High: 0.4, Predicted: 0.25, Observed: 0.25, Count: 4, From: 0.045587, To: 0.699358},
		{Low: 0.6, High: 0.9, Predicted: 0.75, Observed: 0.75, Count: 4, From: 0.300642, To: 0.954413},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" { // six digits were written down
		t.Errorf("(-want +got):\n%s", diff)
	}
	if e := calibrate.ExpectedError(got); e > 1e-15 {
		t.Errorf("expected error %v, want 0", e)
	}
	if e := calibrate.ExpectedError(calibrate.Curve([]float64{0.2, 0.2, 0.9}, []float64{1, 0, 1}, 5)); math.Abs(e-(2*0.3+0.1)/3) > 1e-15 {
		t.Errorf("expected error %v, want %v", e, (2*0.3+0.1)/3)
	}
	if calibrate.Curve(nil, nil, 5) != nil || calibrate.ExpectedError(nil) != 0 {
		t.Error("no rows: want no bins and no error")
	}
	if got := calibrate.Curve([]float64{math.NaN(), 0.5}, []float64{1, 1}, 5); len(got) != 1 || got[0].Count != 1 || got[0].To != 1 {
		t.Errorf("a missing prediction: %+v", got)
	}
}

func TestCurveProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n, bins := rapid.IntRange(1, 100).Draw(rt, "rows"), rapid.IntRange(1, 15).Draw(rt, "bins")
		steps := rapid.SampledFrom([]float64{3, 10, 1000}).Draw(rt, "steps")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		p, y := make([]float64, n), make([]float64, n)
		for i := range p {
			p[i], y[i] = math.Round(rng.Float64()*steps)/steps, float64(rng.IntN(2))
		}
		curve := calibrate.Curve(p, y, bins)
		rows, ones := 0, 0.0
		for k, b := range curve {
			rows += b.Count
			ones += b.Observed * float64(b.Count)
			if b.Low > b.Predicted+1e-12 || b.Predicted > b.High+1e-12 || b.From > b.Observed || b.Observed > b.To || b.From < 0 || b.To > 1 {
				rt.Fatalf("bin %+v is out of order", b)
			}
			if k > 0 && b.Low <= curve[k-1].High {
				rt.Fatalf("bin %+v overlaps %+v", b, curve[k-1])
			}
		}
		want := 0.0
		for _, k := range y {
			want += k
		}
		if rows != n || math.Abs(ones-want) > 1e-9 || len(curve) > bins {
			rt.Fatalf("%d bins of %d rows and %v ones, want at most %d, %d and %v", len(curve), rows, ones, bins, n, want)
		}
		order := rng.Perm(n)
		q, z := make([]float64, n), make([]float64, n)
		for i, row := range order {
			q[i], z[i] = p[row], y[row]
		}
		if diff := cmp.Diff(curve, calibrate.Curve(q, z, bins)); diff != "" {
			rt.Fatalf("the order of rows matters (-want +got):\n%s", diff)
		}
	})
}
