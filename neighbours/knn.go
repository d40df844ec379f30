// Package neighbours predicts by the nearest training rows.
//
// The files are the steps in the order they run:
//
//	knn.go   the entry, its parameters, training rows to points
//	tree.go  the points in a k-d tree, and the exact search in it
//	vote.go  what the nearest points say: the prediction
//	save.go  the model as bytes
//
// The search is exact. In few dimensions the tree spares nearly all points; in
// many it comes to measuring the distance to every point, block after block,
// which is then what a prediction costs: about a nanosecond per number that is
// stored, at most.
//
// Nothing hangs on the order of rows: points are sorted, equal ones are merged,
// and points that are equally far as the last neighbour share its place.
package neighbours

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"bespoke/model"
)

const knnName = "neighbours.knn.v1"

// KNN is the entry of k nearest neighbours (Fix and Hodges, "Discriminatory
// analysis: nonparametric discrimination", 1951): the mean of the targets, or the
// shares of the classes, among the rows at the least Euclidean distance. Features
// are taken as they come, which in the dense encoding is standardised.
//
// Weights count as repetitions: a row of weight 2 is two neighbours.
var KNN = model.Entry{
	Name:     knnName,
	Title:    "nearest neighbours",
	Summary:  "Mean of the training rows that are nearest to the row; keeps them all, and looks among them for every prediction.",
	Tasks:    []model.Task{model.Regression, model.Binary, model.Multiclass},
	Encoding: model.Dense,
	Params:   knnParams,
	Fit:      model.FitWith(Fit),
	Load:     model.LoadWith(Load),
}

var knnParams = []model.Param{
	{
		Name: "neighbours", Default: 20.0, Min: 1, Max: 10000, Integer: true,
		Doc:    "Number of nearest rows that are asked, counted by weight.",
		Search: &model.Range{Low: 3, High: 200, Log: true},
	},
	{
		Name: "weighting", Default: "uniform", Choices: []string{"uniform", "distance"},
		Doc: "Whether neighbours count the same or by one over their distance, where a row at distance 0 is the only one that counts.",
	},
	{
		Name: "smoothing", Default: 1.0, Min: 0, Max: 10000,
		Doc: "As how many neighbours the shares of the classes among all rows count; numbers ignore it.",
	},
}

// Model is fitted nearest neighbours. It is immutable and safe for concurrent
// use.
type Model struct {
	task      model.Task
	classes   int // 0 for regression
	inputs    int
	used      []int32 // the features that are not constant, in order
	count     float64 // of neighbours
	distance  bool    // weighting by distance
	smoothing float64

	// points are sorted, coordinate by coordinate, and no two are the same.
	points []point
	// said has what the points say: the mean target, or the weight of each
	// class; width numbers for each point.
	said   []float64
	weight []float64
	prior  []float64 // what all points say together

	tree tree
	pool pool
}

// point is the place of a training row.
type point []float64

var _ model.Raw = (*Model)(nil)

// Name is "neighbours.knn.v1".
func (m *Model) Name() string { return knnName }

// Outputs is the length of a prediction: 1 for regression, else the number of
// classes.
func (m *Model) Outputs() int { return max(1, m.classes) }

// Inputs is the number of features that a row must have.
func (m *Model) Inputs() int { return m.inputs }

// Points is how many different places of training rows are kept.
func (m *Model) Points() int { return len(m.points) }

// mostNumbers bounds what is kept: a gibibyte of coordinates and targets.
const mostNumbers = 1 << 27

// Fit keeps the training rows. Rows that with their features and classes make
// more than 134 million numbers are an error, as is what Training.Check refuses.
func Fit(ctx context.Context, params model.Params, in model.Training) (*Model, error) {
	p, err := model.Resolve(knnName, knnParams, params)
	if err != nil {
		return nil, fmt.Errorf("neighbours: parameters: %w", err)
	}
	if err := in.Check(model.Dense); err != nil {
		return nil, fmt.Errorf("neighbours: fit: %w", err)
	}
	if per := in.X.Cols() + len(in.Classes) + 2; in.X.Rows > mostNumbers/per {
		return nil, fmt.Errorf("neighbours: fit: %d rows of %d features; with so many features at most %d rows can be kept", in.X.Rows, in.X.Cols(), mostNumbers/per)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("neighbours: fit: %w", err)
	}
	m := &Model{
		task: in.Task, classes: len(in.Classes), inputs: in.X.Cols(), count: p.Number("neighbours"),
		distance: p.Choice("weighting") == "distance", smoothing: p.Number("smoothing"),
	}
	m.used = varying(in.X)
	if err := m.keep(in); err != nil {
		return nil, fmt.Errorf("neighbours: fit: %w", err)
	}
	m.prepare()
	if in.Progress != nil {
		in.Progress(1, 1)
	}
	return m, nil
}

// varying lists the features that have more than one value.
func varying(x *model.Matrix) []int32 {
	var out []int32
	for j := range x.Features {
		for i := 1; i < x.Rows; i++ {
			if x.Values[i*x.Cols()+j] != x.Values[j] {
				out = append(out, int32(j))
				break
			}
		}
	}
	return out
}

// keep makes points of the rows.
func (m *Model) keep(in model.Training) error {
	places := make([]float64, in.X.Rows*len(m.used))
	all := make([]point, in.X.Rows)
	order := make([]int32, in.X.Rows)
	for i := range all {
		all[i] = places[i*len(m.used) : (i+1)*len(m.used)]
		for d, j := range m.used {
			all[i][d] = in.X.Row(i)[j] + 0 // -0 becomes 0
		}
		order[i] = int32(i)
	}
	weigh := func(i int32) float64 {
		if in.Weights == nil {
			return 1
		}
		return in.Weights[i]
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(slices.Compare(all[a], all[b]), cmp.Compare(in.Y[a], in.Y[b]), cmp.Compare(weigh(a), weigh(b)))
	})
	width := m.Outputs()
	total := 0.0
	for _, i := range order {
		w, y := weigh(i), in.Y[i]
		total += w
		last := len(m.points) - 1
		if last < 0 || slices.Compare(m.points[last], all[i]) != 0 {
			m.points, m.weight = append(m.points, all[i]), append(m.weight, 0)
			m.said = append(m.said, make([]float64, width)...)
			last++
		}
		m.weight[last] += w
		if m.classes > 0 {
			m.said[last*width+int(y)] += w
		} else {
			// The mean as an update, so that large targets cannot overflow a sum.
			mean := &m.said[last]
			*mean += (y/2 - *mean/2) * (w / m.weight[last]) * 2
		}
	}
	if math.IsInf(total, 0) {
		return fmt.Errorf("the weights add up to %v", total)
	}
	return nil
}

// prepare makes what is not saved: the prior and the tree.
func (m *Model) prepare() {
	width := m.Outputs()
	m.prior = make([]float64, width)
	total := 0.0
	for i, w := range m.weight {
		total += w
		for k, s := range m.said[i*width : (i+1)*width] {
			if m.classes > 0 {
				m.prior[k] += s
			} else {
				m.prior[k] += (s/2 - m.prior[k]/2) * (w / total) * 2
			}
		}
	}
	if m.classes > 0 {
		for k := range m.prior {
			m.prior[k] /= total
		}
	}
	m.tree = plant(m.points, len(m.used))
	most := min(len(m.points), int(min(m.count/slices.Min(m.weight), math.MaxInt32))+2)
	m.pool.init(len(m.used), width, most)
}
