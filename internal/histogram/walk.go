package histogram

// Query is what a search for a threshold asks. The assembly knows the order of
// the fields.
type Query struct {
	// The least and most weight and hessian that one side may have. All are
	// whole numbers, as in the cells, and 1 or more.
	MinWeight, MaxWeight, MinHessian, MaxHessian int64
	// Mask selects the weight in the second word of a cell, and Shift is how many
	// bits the hessian lies above it.
	Mask  int64
	Shift uint64
	// L2 is added to the hessian of each side, TotalG is the gradient of both
	// sides together and TotalH their hessian plus two L2.
	L2, TotalG, TotalH float64
}

// Threshold is the best place to divide a column's bins in two.
type Threshold struct {
	// Score is the largest (g*h' - g'*h)^2 / (h*h') where g and h are the sums of
	// gradient and hessian of one side and g' and h' those of the other; 0 when
	// no place is allowed or none has a larger score.
	Score float64
	// At is how many cells the first side has, less one. Of equal scores it is
	// the first.
	At int
	// G and H are the words of the first side.
	G, H int64
	// Able says that there was a place with enough on both sides.
	Able bool
}

// Walk tries the places between the cells of values: from the first cell on, or
// from the last when down is true. Hessians and weights must not be negative, and
// the sum of weights must fit into the mask.
func Walk(values []int64, down bool, q *Query) Threshold {
	if wide && len(values) >= wideWalk {
		return walkWide(values, down, q)
	}
	return walkPlain(values, down, q)
}

// walkPlain is Walk in Go.
func walkPlain(values []int64, down bool, q *Query) Threshold {
	mask, shift := q.Mask, q.Shift&63
	best := Threshold{At: -1}
	var sideG, sideH int64
	at, step := 0, 2
	if down {
		at, step = len(values)-2, -2
	}
	for n := 0; uint(at)+1 < uint(len(values)); at += step {
		sideG += values[at]
		sideH += values[at+1]
		n++
		w, hessian := sideH&mask, sideH>>shift
		if w < q.MinWeight || hessian < q.MinHessian {
			continue
		}
		if w > q.MaxWeight || hessian > q.MaxHessian {
			break
		}
		best.Able = true
		g, h := float64(sideG), float64(hessian)+q.L2
		other := q.TotalH - h
		d := g*other - (q.TotalG-g)*h
		if score := d * d / (h * other); score > best.Score {
			best.Score, best.At, best.G, best.H = score, n-1, sideG, sideH
		}
	}
	return best
}

// lanes is what the assembly finds: in lane l, the best of places l, l+8, l+16
// and so on.
type lanes struct {
	score    [8]float64
	at, g, h [8]int64
	able     int64
}

// wideWalk is from how many words on the assembly is used: eight bins fill one
// step of it.
const wideWalk = 16

func walkWide(values []int64, down bool, q *Query) Threshold {
	var l lanes
	if down {
		walkDown(&values[0], len(values)/2, &q.MinWeight, &l.score[0])
	} else {
		walkUp(&values[0], len(values)/2, &q.MinWeight, &l.score[0])
	}
	best := Threshold{At: -1, Able: l.able != 0}
	for i, score := range l.score {
		if score > best.Score || score == best.Score && score > 0 && int(l.at[i]) < best.At {
			best.Score, best.At, best.G, best.H = score, int(l.at[i]), l.g[i], l.h[i]
		}
	}
	return best
}
