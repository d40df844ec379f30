package linear

import (
	"context"
	"math"
)

// descend minimises the penalised squared error one coordinate at a time
// (Friedman, Hastie, Tibshirani 2010, covariance updates): each weight is set
// to its exact optimum given the others,
//
//	theta_j = soft(slope_j + G_jj theta_j, lasso_j) / (G_jj + ridge_j)
//
// with slope = target - G theta kept up to date. It stops when no coordinate
// moved the slope by more than the tolerance in a whole pass.
func (g *gram) descend(ctx context.Context, p problem) (solution, error) {
	n := g.n
	lasso, ridge := p.penalties(p.moments.scales)
	theta := make([]float64, n+1)
	slope := append([]float64(nil), g.target...)
	total, tolerance := p.params.Int("max_iterations"), p.params.Number("tolerance")
	for pass := range total {
		if err := ctx.Err(); err != nil {
			return solution{}, err
		}
		if p.in.Progress != nil {
			p.in.Progress(pass, total)
		}
		worst := 0.0
		for j := range n {
			own := g.products[j*n+j]
			if p.moments.deviations[j] == 0 {
				continue
			}
			next := soft(slope[j]+own*theta[j], lasso[j]) / (own + ridge[j])
			if move := next - theta[j]; move != 0 {
				axpy(-move, g.products[j*n:(j+1)*n], slope)
				theta[j] = next
				worst = max(worst, math.Abs(move)*(own+ridge[j]))
			}
		}
		if worst <= tolerance {
			return solution{theta, pass + 1, true}, nil
		}
	}
	return solution{theta, total, false}, nil
}

// soft moves x towards zero by t, not beyond zero.
func soft(x, t float64) float64 {
	switch {
	case x > t:
		return x - t
	case x < -t:
		return x + t
	}
	return 0
}
