package neighbours

import "math"

// votes adds up what neighbours say. Those at the distance of the last one are
// kept apart: there may be more of them than places, which they then share.
type votes struct {
	last       float64 // the square of that distance
	near, edge tally
	exact      bool // a point at distance 0 was seen among the near ones
}

// tally is the votes of some neighbours: of each class, or the mean target.
type tally struct {
	said          []float64
	weight, votes float64
}

// add adds a point of which each unit of weight has the given vote.
func (t *tally) add(m *Model, vote float64, point int32) {
	w := m.weight[point]
	t.weight += w
	t.votes += w * vote
	width := len(t.said)
	for k, s := range m.said[int(point)*width : (int(point)+1)*width] {
		if m.classes > 0 {
			t.said[k] += vote * s // which has the weight in it
		} else if t.votes > 0 {
			t.said[k] += (s/2 - t.said[k]/2) * (w * vote / t.votes) * 2
		}
	}
}

func (t *tally) clear() {
	clear(t.said)
	t.weight, t.votes = 0, 0
}

// vote is how much a neighbour counts per weight.
func (m *Model) vote(square float64) float64 {
	if !m.distance || square == 0 {
		return 1
	}
	return 1 / math.Sqrt(square)
}

// add adds a point.
func (v *votes) add(m *Model, square float64, point int32) {
	switch {
	case square == v.last:
		v.edge.add(m, m.vote(square), point)
	case m.distance && v.exact: // nothing else counts
		v.near.weight += m.weight[point]
	case m.distance && square == 0: // of which there is one
		before := v.near.weight
		v.near.clear()
		v.near.add(m, 1, point)
		v.near.weight += before
		v.exact = true
	default:
		v.near.add(m, m.vote(square), point)
	}
}

// tell writes the prediction of the votes.
func (m *Model) tell(v *votes, out []float64) {
	share := 0.0 // of the edge that there is place for
	if v.edge.weight > 0 && !v.exact {
		share = min(1, (m.count-v.near.weight)/v.edge.weight)
	}
	if m.distance && v.last == 0 {
		v.near.clear()
	}
	edge := share * v.edge.votes
	all := v.near.votes + edge
	if !(all > 0) || math.IsInf(all, 0) { // all are farther than numbers reach
		copy(out, m.prior)
		return
	}
	if m.classes == 0 {
		near, far := v.near.said[0], v.edge.said[0]
		if v.near.votes == 0 {
			near = far
		}
		out[0] = near + 2*(far/2-near/2)*(edge/all)
		return
	}
	count := min(m.count, v.near.weight+v.edge.weight)
	sum := 0.0
	for k := range out {
		p := (v.near.said[k] + share*v.edge.said[k]) / all
		out[k] = (count*p + m.smoothing*m.prior[k]) / (count + m.smoothing)
		sum += out[k]
	}
	for k := range out {
		out[k] = min(1, out[k]/sum)
	}
}

// inReach is the visit that adds all points within reach.
func inReach(m *Model, s *scratch, lo, hi int) {
	dims := m.tree.dims
	for i := lo; i < hi; i++ {
		if d := square(s.row, m.tree.places[i*dims:(i+1)*dims], s.reach); d <= s.reach {
			s.votes.add(m, d, m.tree.order[i])
		}
	}
}

// Predict writes the prediction for one row into out, which has length Outputs:
// the number, or one probability per class. It does not allocate, and takes time
// in proportion to the points that the tree cannot rule out.
func (m *Model) Predict(row, out []float64) {
	s := m.pool.get()
	for d, j := range m.used {
		s.row[d] = row[j]
	}
	s.heap, s.total, s.left, s.reach = s.heap[:0], 0, math.Inf(1), math.Inf(1)
	m.search(s, 0, len(m.points), 0, keepNearest)
	v := &s.votes
	v.near.clear()
	v.edge.clear()
	v.exact, v.last = false, math.Inf(-1)
	if s.total >= m.count {
		v.last = s.heap[0].square
	}
	if s.left == v.last {
		m.search(s, 0, len(m.points), 0, inReach)
	} else {
		for _, f := range s.heap {
			v.add(m, f.square, f.point)
		}
	}
	m.tell(v, out)
	m.pool.put(s)
}

// Raw writes the number, the log-odds of class 1, or the logarithm of the
// probability of each class; a probability of 0 counts as 1e-16. It does not
// allocate.
func (m *Model) Raw(row, out []float64) {
	if m.classes == 2 {
		var p [2]float64
		m.Predict(row, p[:])
		out[0] = logarithm(p[1]) - logarithm(p[0])
		return
	}
	m.Predict(row, out)
	if m.classes > 2 {
		for k, p := range out {
			out[k] = logarithm(p)
		}
	}
}

func logarithm(p float64) float64 { return math.Log(max(p, 1e-16)) }
