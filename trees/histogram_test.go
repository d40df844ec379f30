package trees

import (
	"math"
	"math/rand/v2"
	"testing"

	"bespoke/model"
	"bespoke/objective"

	"pgregory.net/rapid"
)

// mixed makes columns of many and few bins, with missing values and levels.
func mixed(rows, cols int, seed uint64) *model.Matrix {
	r := rand.New(rand.NewPCG(seed, 9))
	x := model.NewMatrix(make([]model.Feature, cols), rows)
	for j := range cols {
		kind := r.IntN(4)
		if kind == 3 {
			x.Features[j].Levels = 1 + r.IntN(40)
		}
		for i := range rows {
			v := r.NormFloat64()
			switch kind {
			case 1:
				v = float64(r.IntN(5))
			case 3:
				v = float64(r.IntN(x.Features[j].Levels))
			}
			if kind > 0 && r.IntN(9) == 0 {
				v = math.NaN()
			}
			x.Row(i)[j] = v
		}
	}
	return x
}

// TestAccumulateIsAddingUp compares the kernels with a plain double loop, for
// all numbers of columns in a quad and more panels than one.
func TestAccumulateIsAddingUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := rapid.IntRange(1, 600).Draw(t, "rows"), rapid.IntRange(1, 150).Draw(t, "cols")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		d := binnedOf(mixed(rows, cols, r.Uint64()), nil, settings{maxBins: rapid.SampledFrom([]int{255, 400}).Draw(t, "bins"), minInBin: 1}, 1)
		gh := make([]cell, rows)
		var some []int32
		for i := range gh {
			gh[i] = cell{r.Int64() >> 12, r.Int64() >> 12}
			if r.IntN(3) > 0 {
				some = append(some, int32(i))
			}
		}
		use := make([]bool, len(d.cols))
		for j := range use {
			use[j] = r.IntN(4) > 0
		}
		hist := make([]cell, d.cells)
		for i := range d.panels {
			d.accumulate(hist, &d.panels[i], 0, d.panels[i].width, use, some, gh)
		}
		for j := range d.cols {
			if !use[j] {
				continue
			}
			c := &d.cols[j]
			want := make([]cell, c.cells())
			for _, i := range some {
				want[c.bin(d.value(t, j, int(i)))].add(gh[i])
			}
			for b := range want {
				if got := hist[d.stores[j].offset+b]; got != want[b] {
					t.Fatalf("column %d bin %d: %v, want %v", j, b, got, want[b])
				}
			}
		}
	})
}

// value is some value that column j would put into the bin that row i has.
func (d *binned) value(t *rapid.T, j, i int) float64 {
	c := &d.cols[j]
	var b int
	if st := &d.stores[j]; st.deep != nil {
		b = int(st.deep[i])
	} else {
		b = int(st.bins[i])
	}
	v := math.NaN()
	switch {
	case b == c.bins:
	case c.levels > 0:
		v = float64(c.level[b])
	case b < len(c.edges):
		v = c.edges[b]
	default:
		v = math.MaxFloat64
	}
	if got := c.bin(v); int(got) != b {
		t.Fatalf("column %d: %v is in bin %d, want %d", j, v, got, b)
	}
	return v
}

// TestScaleKeepsSums: sums of whole numbers stand for the sums of numbers, to
// the precision that scale promises, whatever the sizes, and do not overflow.
func TestScaleKeepsSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "rows")
		size := func(name string) float64 {
			return math.Pow(10, rapid.Float64Range(-30, 30).Draw(t, name))
		}
		unit, spread := size("unit"), rapid.Float64Range(0, 12).Draw(t, "spread")
		constant := rapid.Bool().Draw(t, "constant")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		var w []float64
		switch rapid.IntRange(0, 2).Draw(t, "weights") {
		case 1:
			for range n {
				w = append(w, float64(1+r.IntN(1000)))
			}
		case 2:
			by := size("weight")
			for range n {
				w = append(w, by*r.Float64()+by/1000)
			}
		}
		g, h := make([]float64, n), make([]float64, n)
		var s scale
		s.scaleWeights(w, n, constant)
		sumG, sumAbs, sumH, sumW := 0.0, 0.0, 0.0, 0.0
		at := func(i int) float64 { return (&objective.Target{Weights: w}).Weight(i) }
		for i := range g {
			g[i] = unit * r.NormFloat64() * math.Pow(10, spread*(r.Float64()-1))
			h[i] = unit * r.Float64() * math.Pow(10, spread*(r.Float64()-1))
			sumG += at(i) * g[i]
			sumAbs += at(i) * math.Abs(g[i])
			sumH += at(i) * h[i]
			sumW += at(i)
		}
		s.scaleSums(sumAbs, sumH)
		var sum cell
		for i := range g {
			c := s.row(g[i], h[i], at(i))
			if sum.add(c); sum.h < 0 || c.h <= 0 {
				t.Fatalf("overflow: row %v makes the sum %v", c, sum)
			}
		}
		near := func(what string, got, want, room float64) {
			if math.Abs(got-want) > room {
				t.Errorf("%s: %v, want %v within %v", what, got, want, room)
			}
		}
		rows := float64(n) + sumW*bit(s.whole)
		near("gradient", s.gradient(sum), sumG, sumAbs*(1e-12+rows*math.Ldexp(1, -sumBits)))
		if constant {
			sumH = sumW
		}
		near("hessian", s.hessian(sum), sumH, sumH*(1e-12+rows*math.Ldexp(1, int(s.shift)-sumBits)))
		room := sumW * (1e-12 + float64(n)*math.Ldexp(1, -25))
		if sumW < 1<<53 && (w == nil || s.whole) {
			room = 0
		}
		near("weight", s.weight(sum), sumW, room)
	})
}
