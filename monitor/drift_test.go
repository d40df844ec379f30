package monitor_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"bespoke/monitor"
	"bespoke/table"
)

// generator is x <- (1103515245 x + 12345) mod 2^31, so that the rows of the
// reference figures can be made anywhere.
func generator(seed uint64, n int, power float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		seed = (1103515245*seed + 12345) % (1 << 31)
		out[i] = math.Pow(float64(seed)/(1<<31), power)
	}
	return out
}

func near(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s is %.12f, want %.12f", name, got, want)
	}
}

// Reference figures of shared notes D.3, computed once with numpy: deciles of
// the reference, no value missing.
func TestPSIOfTheReference(t *testing.T) {
	ref, cur := table.NewNumber("x", generator(1, 2000, 1)), table.NewNumber("x", generator(2, 1500, 1.15))
	near(t, "the first value", ref.Numbers[0], 0.51387008, 1e-8)

	// numpy.quantile interpolates; the tolerance is that of the figure's digits.
	cuts := []float64{}
	profile := ref.Profile()
	sorted := append([]float64(nil), ref.Numbers...)
	sortFloats(sorted)
	for i := 1; i <= 9; i++ {
		at := float64(i) / 10 * 1999
		low := int(at)
		cuts = append(cuts, sorted[low]+(at-float64(low))*(sorted[low+1]-sorted[low]))
	}
	numpy := table.Bins{Cuts: cuts, Counts: make([]int, 11)}
	s := monitor.Compare(numpy.Count(ref), numpy.Count(cur), 0.95)
	near(t, "PSI on numpy's deciles", s.PSI, 0.027509609727, 1e-12)

	// The bundle's own bins cut at values that occur; computed likewise.
	s = monitor.Compare(profile.Bins.Counts, profile.Bins.Count(cur), 0.95)
	near(t, "PSI on the bundle's bins", s.PSI, 0.027120846238592674, 1e-12)
	if s.Bins != 10 || s.Reference != 2000 || s.Current != 1500 {
		t.Errorf("%+v", s)
	}
}

func sortFloats(x []float64) {
	for i := 1; i < len(x); i++ {
		for j := i; j > 0 && x[j] < x[j-1]; j-- {
			x[j], x[j-1] = x[j-1], x[j]
		}
	}
}

func TestPSIOfCounts(t *testing.T) {
	s := monitor.Compare([]int{500, 300, 200}, []int{420, 330, 250}, 0.95)
	near(t, "PSI", s.PSI, 0.027964753931, 1e-12)
	// Chi-squared with 2 degrees of freedom is -2 ln(1-p) at p.
	near(t, "limit", s.Limit, 2.0/1000*-2*math.Log(0.05), 1e-12)
	near(t, "p", s.P, math.Exp(-s.PSI/(2.0/1000)/2), 1e-12)
	if s.Words() != "little" || s.P > 0.001 {
		t.Errorf("%+v", s)
	}
	ten := make([]int, 10)
	for i := range ten {
		ten[i] = 100
	}
	// Reference D.2: ten bins, a thousand rows on both sides.
	near(t, "limit for ten bins", monitor.Compare(ten, ten, 0.95).Limit, 0.034, 0.0005)
}

func TestCompareEdges(t *testing.T) {
	for name, c := range map[string]struct {
		reference, current []int
		bins               int
		psi                float64
	}{
		"nothing":                    {nil, nil, 0, 0},
		"no current rows":            {[]int{5, 5}, []int{0, 0}, 0, 0},
		"different bins":             {[]int{5, 5}, []int{5}, 0, 0},
		"one bin":                    {[]int{50, 0}, []int{60, 0}, 1, 0},
		"equal":                      {[]int{50, 50}, []int{500, 500}, 2, 0},
		"sparse bins join":           {[]int{50, 50, 1, 1}, []int{50, 50, 1, 1}, 2, 0},
		"many sparse make a bin":     {[]int{100, 4, 4, 4}, []int{100, 4, 4, 4}, 2, 0},
		"all sparse":                 {[]int{1, 1, 1}, []int{1, 1, 1}, 1, 0},
		"a bin appears":              {[]int{100, 0}, []int{50, 50}, 2, (1-0.5)*math.Log(1/0.5) + (0.005-0.5)*math.Log(0.005/0.5)},
		"a bin disappears":           {[]int{50, 50}, []int{100, 0}, 2, (0.5-1)*math.Log(0.5/1) + (0.5-0.005)*math.Log(0.5/0.005)},
		"an empty bin on both sides": {[]int{50, 0, 50}, []int{50, 0, 50}, 2, 0},
	} {
		s := monitor.Compare(c.reference, c.current, 0.95)
		if s.Bins != c.bins || math.Abs(s.PSI-c.psi) > 1e-12 || math.IsNaN(s.P) || s.P < 0 || s.P > 1 {
			t.Errorf("%s: %+v, want %d bins and PSI %v", name, s, c.bins, c.psi)
		}
	}
}

// Without drift the limit is passed in one case of twenty: bins cut at the
// deciles of the reference itself, samples of unequal size.
func TestFalseAlarmRate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	runs := 2000
	if testing.Short() {
		runs = 500
	}
	beyond := 0
	for range runs {
		ref, cur := make([]float64, 1000), make([]float64, 600)
		for i := range ref {
			ref[i] = rng.NormFloat64()
		}
		for i := range cur {
			cur[i] = rng.NormFloat64()
		}
		b := table.NewNumber("x", ref).Profile().Bins
		if s := monitor.Compare(b.Counts, b.Count(table.NewNumber("x", cur)), 0.95); s.PSI > s.Limit {
			beyond++
		}
	}
	// Four standard errors of a share of 0.05 in 2000 are 0.02, in 500 0.04.
	if rate := float64(beyond) / float64(runs); math.Abs(rate-0.05) > 0.9/math.Sqrt(float64(runs)) {
		t.Errorf("without drift %v of the cases pass the limit, want 0.05", rate)
	}
}

// With forty columns and no drift, hardly ever is one marked: Benjamini and
// Hochberg hold the chance of any false mark at 1 in 20.
func TestManyColumnsRaiseNoFalseAlarm(t *testing.T) {
	if testing.Short() {
		t.Skip("draws two million numbers")
	}
	rng := rand.New(rand.NewPCG(5, 6))
	draw := func(n int) *table.Table {
		var columns []*table.Column
		for c := range 40 {
			x := make([]float64, n)
			for i := range x {
				x[i] = rng.ExpFloat64()
			}
			columns = append(columns, table.NewNumber(string(rune('a'+c%26))+string(rune('a'+c/26)), x))
		}
		t, err := table.New(columns...)
		if err != nil {
			panic(err)
		}
		return t
	}
	const runs = 60
	marked := 0
	for range runs {
		drifts, err := monitor.Table(table.ProfileOf(draw(800)), draw(500), monitor.Default())
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range drifts {
			if d.Drifted {
				marked++
				break
			}
		}
	}
	if marked > 11 { // 3 are expected; 11 would be a chance below 1 in 10,000
		t.Errorf("%d of %d tables without drift had a column marked", marked, runs)
	}
}
