package linear

import "math"

// pivotShare is the smallest pivot, relative to its feature's own product, that
// still counts as positive: below it the features repeat each other.
const pivotShare = 1e-12

// direct solves (products + ridge) theta = target by Cholesky's method. ok is
// false when the matrix is not positive definite.
func (g *gram) direct(p problem) (theta []float64, ok bool) {
	n := g.n
	_, ridge := p.penalties(p.moments.scales)
	l := make([]float64, n*n)
	for i := range n {
		for j := range i + 1 {
			v := g.products[i*n+j] - dot(l[i*n:i*n+j], l[j*n:])
			if i != j {
				l[i*n+j] = v / l[j*n+j]
				continue
			}
			whole := g.products[i*n+i] + ridge[i]
			v += ridge[i]
			if p.moments.deviations[i] == 0 {
				v, whole = 1, 1 // a constant feature: its row is zero, so is its weight
			}
			if !(v > pivotShare*whole) {
				return nil, false
			}
			l[i*n+i] = math.Sqrt(v)
		}
	}
	theta = make([]float64, n)
	for i := range n { // L z = target
		theta[i] = (g.target[i] - dot(l[i*n:i*n+i], theta)) / l[i*n+i]
	}
	for i := n - 1; i >= 0; i-- { // L' theta = z
		theta[i] /= l[i*n+i]
		axpy(-theta[i], l[i*n:i*n+i], theta)
	}
	return theta, true
}
