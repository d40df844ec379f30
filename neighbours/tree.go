package neighbours

import (
	"cmp"
	"math"
	"slices"
)

// leafPoints is how many points a leaf of the tree has at most.
const leafPoints = 16

// tree is a k-d tree (Bentley, "Multidimensional binary search trees used for
// associative searching", 1975) without pointers: the node of the points lo to
// hi-1 has its children at lo to mid-1 and mid to hi-1, with mid the middle.
type tree struct {
	dims int
	// order lists the points, by their number in Model; places has their
	// coordinates in this order, point after point.
	order  []int32
	places []float64
	// dim and at say where the node that is split at a middle is split.
	dim []int32
	at  []float64
}

// plant makes the tree: each node is split in the dimension in which its points
// spread most, at the middle one.
func plant(points []point, dims int) tree {
	t := tree{
		dims: dims, order: make([]int32, len(points)), places: make([]float64, 0, len(points)*dims),
		dim: make([]int32, len(points)), at: make([]float64, len(points)),
	}
	for i := range t.order {
		t.order[i] = int32(i)
	}
	t.split(points, 0, len(points))
	for _, i := range t.order {
		t.places = append(t.places, points[i]...)
	}
	return t
}

func (t *tree) split(points []point, lo, hi int) {
	if hi-lo <= leafPoints {
		return
	}
	order := t.order[lo:hi]
	dim, most := 0, -1.0
	for d := range t.dims {
		least, largest := math.Inf(1), math.Inf(-1)
		for _, i := range order {
			least, largest = min(least, points[i][d]), max(largest, points[i][d])
		}
		if largest/2-least/2 > most {
			dim, most = d, largest/2-least/2
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(points[a][dim], points[b][dim]), cmp.Compare(a, b))
	})
	mid := (lo + hi) / 2
	t.dim[mid], t.at[mid] = int32(dim), points[t.order[mid]][dim]
	t.split(points, lo, mid)
	t.split(points, mid, hi)
}

// found is a point near the row, with the square of its distance.
type found struct {
	square float64
	point  int32
}

// scratch is the memory of one prediction.
type scratch struct {
	row  []float64 // the features that are used
	away []float64 // how far the row is from the node being searched, per dimension
	// heap has the nearest points so far, the farthest first; total is their
	// weight.
	heap  []found
	total float64
	// left is the least square among points that were passed over; reach is the
	// square up to which points matter.
	left  float64
	reach float64
	votes votes
}

// pool lends scratch memory. It keeps what was given back for good, unlike
// sync.Pool, so that predicting allocates nothing once it has begun.
type pool struct {
	free              chan *scratch
	dims, width, most int
}

// mostKept is how much scratch memory a pool keeps: enough for as many rows at a
// time as there are processors on most machines.
const mostKept = 64

func (p *pool) init(dims, width, most int) {
	*p = pool{free: make(chan *scratch, mostKept), dims: dims, width: width, most: most}
}

func (p *pool) get() *scratch {
	select {
	case s := <-p.free:
		return s
	default:
	}
	return &scratch{
		row: make([]float64, p.dims), away: make([]float64, p.dims), heap: make([]found, 0, p.most),
		votes: votes{near: tally{said: make([]float64, p.width)}, edge: tally{said: make([]float64, p.width)}},
	}
}

func (p *pool) put(s *scratch) {
	select {
	case p.free <- s:
	default:
	}
}

// slack makes up for rounding in the distance from a node, so that no point is
// passed over that is as near as another.
const slack = 1 - 1e-9

// search visits the points lo to hi-1, whose node is at the square of distance
// away from the row, unless that is too far.
func (m *Model) search(s *scratch, lo, hi int, square float64, visit func(m *Model, s *scratch, lo, hi int)) {
	t := &m.tree
	if hi-lo <= leafPoints {
		visit(m, s, lo, hi)
		return
	}
	mid := (lo + hi) / 2
	d := t.dim[mid]
	beyond := s.row[d] - t.at[mid]
	if beyond < 0 {
		m.search(s, lo, mid, square, visit)
	} else {
		m.search(s, mid, hi, square, visit)
	}
	old := s.away[d]
	far := square - old*old + beyond*beyond
	if far*slack > s.reach {
		return
	}
	s.away[d] = beyond
	if beyond < 0 {
		m.search(s, mid, hi, far, visit)
	} else {
		m.search(s, lo, mid, far, visit)
	}
	s.away[d] = old
}

// square is the square of the distance of the row from a place. Once it is above
// most it may stop, at any number above most.
func square(row, place []float64, most float64) float64 {
	sum := 0.0
	place = place[:len(row)]
	for len(row) >= 8 {
		a, b := (*[8]float64)(row), (*[8]float64)(place)
		d0, d1, d2, d3 := a[0]-b[0], a[1]-b[1], a[2]-b[2], a[3]-b[3]
		d4, d5, d6, d7 := a[4]-b[4], a[5]-b[5], a[6]-b[6], a[7]-b[7]
		sum += (d0*d0 + d1*d1 + d2*d2 + d3*d3) + (d4*d4 + d5*d5 + d6*d6 + d7*d7)
		if sum > most {
			return sum
		}
		row, place = row[8:], place[8:]
	}
	for j, x := range row {
		d := x - place[j]
		sum += d * d
	}
	return sum
}

// keepNearest is the visit that fills the heap.
func keepNearest(m *Model, s *scratch, lo, hi int) {
	dims := m.tree.dims
	for i := lo; i < hi; i++ {
		d := square(s.row, m.tree.places[i*dims:(i+1)*dims], s.reach)
		if s.total >= m.count && d >= s.reach {
			s.left = min(s.left, d)
			continue
		}
		if d != d {
			continue // a row that is no number is near nothing
		}
		s.push(found{d, m.tree.order[i]})
		s.total += m.weight[m.tree.order[i]]
		for s.total-m.weight[s.heap[0].point] >= m.count {
			s.total -= m.weight[s.heap[0].point]
			s.left = min(s.left, s.heap[0].square)
			s.pop()
		}
		if s.total >= m.count {
			s.reach = s.heap[0].square
		}
	}
}

// nearer orders the heap: by distance, then by number.
func (f found) nearer(g found) bool {
	return f.square < g.square || (f.square == g.square && f.point < g.point)
}

func (s *scratch) push(f found) {
	s.heap = append(s.heap, f)
	i := len(s.heap) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !s.heap[up].nearer(f) {
			break
		}
		s.heap[i] = s.heap[up]
		i = up
	}
	s.heap[i] = f
}

func (s *scratch) pop() {
	last := len(s.heap) - 1
	f := s.heap[last]
	s.heap = s.heap[:last]
	i := 0
	for {
		down := 2*i + 1
		if down >= last {
			break
		}
		if down+1 < last && s.heap[down].nearer(s.heap[down+1]) {
			down++
		}
		if !f.nearer(s.heap[down]) {
			break
		}
		s.heap[i] = s.heap[down]
		i = down
	}
	if last > 0 {
		s.heap[i] = f
	}
}
