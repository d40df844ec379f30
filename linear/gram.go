package linear

import (
	"context"
)

// gram holds the weighted mean products of the standardised features with each
// other and with the standardised target: all that least squares needs to know
// of the rows.
type gram struct {
	n        int
	products []float64 // n x n, symmetric
	target   []float64
}

// gramTile is the number of rows of the products that one goroutine fills in
// one pass over the data.
const gramTile = 16

func gramOf(ctx context.Context, p problem) (*gram, error) {
	n := p.in.X.Cols()
	g := &gram{n: n, products: make([]float64, n*n), target: make([]float64, n)}
	tiles := (n + gramTile - 1) / gramTile
	parallel(p.in.Threads, tiles, func(t int) {
		g.fill(ctx, p, t*gramTile, min((t+1)*gramTile, n))
	})
	for j := range n {
		for k := range j {
			g.products[j*n+k] = g.products[k*n+j]
		}
	}
	return g, ctx.Err()
}

// fill computes rows from..to-1 of the products, right of the diagonal, row
// after row of the data in order: no sum is split, whatever the threads. It
// stops early when the context ends.
func (g *gram) fill(ctx context.Context, p problem, from, to int) {
	m, n := p.moments, g.n
	row := make([]float64, n)
	for i := range p.in.X.Rows {
		if i%minBlock == 0 && ctx.Err() != nil {
			return
		}
		x := p.in.X.Row(i)
		for j := from; j < n; j++ {
			row[j] = (x[j] - m.means[j]) / m.scales[j]
		}
		y := (p.in.Y[i] - m.targetMean) / p.unit()
		w := weightOf(p.in, i) / m.sum
		for j := from; j < to; j++ {
			axpy(w*row[j], row[j:], g.products[j*n+j:(j+1)*n])
			g.target[j] += w * row[j] * y
		}
	}
}
