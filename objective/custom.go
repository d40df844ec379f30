package objective

import "bespoke/model"

// With is a loss of another package's own, built on one of this package: it
// keeps the name, tasks, raw outputs, check, best constant, preparation and link
// of o and has other derivatives and another loss. A model that has learnt by it
// is saved under o's name and predicts through o's link, so the loss itself need
// not be known to load it.
//
// gradient must give a second derivative, or a bound of it, above 0 (or 0 where
// the first derivative is 0) for every row; both are called as the fields of
// Objective say.
func (o *Objective) With(
	gradient func(t *Target, score []float64, k, lo, hi int, g, h []float64),
	loss func(t *Target, i int, scores []float64) float64,
) *Objective {
	out := *o
	out.Constant, out.Renew, out.Refine, out.Total = false, nil, nil, nil
	out.Gradient, out.Loss = gradient, loss
	return &out
}

// Row is a loss with one raw output, told row by row.
type Row struct {
	// Derivatives gives the first and second derivative of the loss of row i, of
	// those that are learnt from, by its raw score, without the row's weight.
	Derivatives func(i int, score float64) (g, h float64)
	// Loss is the loss of row i of the watched rows, or, with nothing watched,
	// of any; it may be nil when no rows are watched for early stopping.
	Loss func(i int, score float64) float64
}

// OfRows is With for a loss that is told row by row, such as money that depends
// on columns which are no features: the functions know their rows by position.
// o must have one raw output. The functions are called from several goroutines.
func (o *Objective) OfRows(r Row) *Objective {
	out := o.With(
		func(_ *Target, score []float64, _, lo, hi int, g, h []float64) {
			for i := lo; i < hi; i++ {
				g[i], h[i] = r.Derivatives(i, score[i])
			}
		},
		func(_ *Target, i int, scores []float64) float64 { return r.Loss(i, scores[0]) },
	)
	return out
}

// Usual is the usual loss of a task: squared error or log-loss. It is what
// losses of one's own are built on.
func Usual(task model.Task) *Objective {
	for _, o := range table {
		if o.Fits(task) {
			return o
		}
	}
	return squared
}
