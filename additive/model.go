// Package additive learns models that are a sum of curves: one per feature, and
// one grid for each of a few chosen pairs of features. The raw score of a row is
// an intercept and what it finds in each curve, so that the whole model can be
// drawn, read and edited.
//
// The files are the steps in the order they run:
//
//	entry.go   the table of parameters and the entry Boost
//	bin.go     values to bins: edges of numbers, categories by count
//	sample.go  which rows a bag learns from
//	loss.go    base scores, gradients, losses, links
//	step.go    one small step of a curve or a grid
//	boost.go   rounds of steps in one bag, early stopping
//	pair.go    which pairs are worth a grid; interaction without main effects
//	fit.go     all bags, on the threads there are
//	join.go    the mean of the bags, monotone and centred
//	model.go   rows to predictions and contributions
//	shape.go   the curves for readers; edits
//	save.go    the model as JSON
//
// A bag is learnt by one goroutine, so that no sum depends on the number of
// threads.
package additive

import (
	"math"

	"bespoke/model"
)

// Model is a fitted additive model. It is immutable and safe for concurrent use;
// it implements model.Raw.
//
// Raw output k of a row is Intercept[k] plus, for every term, Values[k] at the
// row's cell. Regression has one raw output, the number itself; binary has one,
// the log-odds of class 1; multiclass has one per class and the softmax of them
// is the prediction.
type Model struct {
	// Task is what the model predicts.
	Task model.Task
	// Classes is the length of a prediction for classes, 0 for regression.
	Classes int
	// Columns describes the features of a row, in order.
	Columns []Column
	// Intercept is the weighted mean of each raw output over the training rows.
	Intercept []float64
	// Terms are the curves in the order of the features, then the pairs, the
	// strongest first.
	Terms []Term
	// Edits are the changes made by hand, in order.
	Edits []Edit

	cols []int32 // the features that terms read
	one  []curve
	two  []curve
}

var _ model.Raw = (*Model)(nil)

// Term is the part of one feature or of a pair.
type Term struct {
	// Features are one or two positions in Model.Columns.
	Features []int `json:"features"`
	// Values has one slice per raw output. A curve has a value per bin of the
	// feature, the last one for missing values. The grid of a pair has a value
	// per group of the first and group of the second feature, row after row.
	// Their mean over the training rows is zero; that of every row and column of
	// a grid too, until it is edited.
	Values [][]float64 `json:"values"`
	// Errors is the standard deviation of each value over the bags: with
	// bootstrap samples the standard error, with subsets somewhat less. nil with
	// one bag.
	Errors [][]float64 `json:"errors,omitempty"`
	// Weights is the weight of the training rows in each cell.
	Weights []float64 `json:"weights"`
}

// curve is a term as Raw reads it: values of output k of cell c are at c*k.
type curve struct {
	a, b    int32 // places in Model.cols
	columns int   // groups of the second feature
	values  []float64
}

// mostKnown is of how many features the bins of a row are kept on the stack;
// those of others are found again for every pair.
const mostKnown = 256

// add appends a term that says anything.
func (m *Model) add(t Term) {
	for _, values := range t.Values {
		for _, v := range values {
			if v != 0 {
				m.Terms = append(m.Terms, t)
				return
			}
		}
	}
}

// ungroup forgets the groups of features that are in no pair.
func (m *Model) ungroup() {
	used := make([]bool, len(m.Columns))
	for _, t := range m.Terms {
		if len(t.Features) == 2 {
			used[t.Features[0]], used[t.Features[1]] = true, true
		}
	}
	for j := range m.Columns {
		if !used[j] {
			m.Columns[j].Groups = nil
		}
	}
}

// prepare lays the terms out for prediction. It is called last.
func (m *Model) prepare() {
	place := make([]int32, len(m.Columns))
	for j := range place {
		m.Columns[j].prepare()
		place[j] = -1
	}
	m.cols, m.one, m.two = nil, nil, nil
	at := func(j int) int32 {
		if place[j] < 0 {
			place[j] = int32(len(m.cols))
			m.cols = append(m.cols, int32(j))
		}
		return place[j]
	}
	for _, t := range m.Terms {
		k := len(t.Values)
		c := curve{a: at(t.Features[0]), values: make([]float64, k*len(t.Weights))}
		for o, values := range t.Values {
			for i, v := range values {
				c.values[i*k+o] = v
			}
		}
		if len(t.Features) == 1 {
			m.one = append(m.one, c)
			continue
		}
		c.b, c.columns = at(t.Features[1]), m.Columns[t.Features[1]].groups()
		m.two = append(m.two, c)
	}
}

// Name is the name of the entry, "additive.boost.v1".
func (m *Model) Name() string { return boostName }

// Outputs is the length of a prediction: 1 for regression, else the number of
// classes.
func (m *Model) Outputs() int {
	if m.Task == model.Regression {
		return 1
	}
	return m.Classes
}

// Inputs is the number of features that a row must have.
func (m *Model) Inputs() int { return len(m.Columns) }

// Raw writes the raw scores of one row into out, whose length is
// len(m.Intercept). It does not allocate.
func (m *Model) Raw(row, out []float64) {
	copy(out, m.Intercept)
	var known [mostKnown]uint16
	for i, j := range m.cols[:min(len(m.cols), mostKnown)] {
		known[i] = uint16(m.Columns[j].bin(row[j]))
	}
	for i := range m.one {
		c := &m.one[i]
		add(c.values, m.cell(c.a, row, &known), out)
	}
	for i := range m.two {
		c := &m.two[i]
		a, b := &m.Columns[m.cols[c.a]], &m.Columns[m.cols[c.b]]
		add(c.values, a.Groups[m.cell(c.a, row, &known)]*c.columns+b.Groups[m.cell(c.b, row, &known)], out)
	}
}

// cell is the bin of the feature at a place in cols.
func (m *Model) cell(place int32, row []float64, known *[mostKnown]uint16) int {
	if place < mostKnown {
		return int(known[place])
	}
	j := m.cols[place]
	return m.Columns[j].bin(row[j])
}

func add(values []float64, cell int, out []float64) {
	for k, v := range values[cell*len(out) : (cell+1)*len(out)] {
		out[k] += v
	}
}

// Predict writes the prediction for one row into out, which has length Outputs:
// the number, or one probability per class. It does not allocate.
func (m *Model) Predict(row, out []float64) {
	raw := out[:len(m.Intercept)]
	m.Raw(row, raw)
	link(m.Task, raw, out)
}

// Contributions splits the raw scores of a row exactly: output k is Intercept[k]
// plus the sum of phi[k*Inputs+j] over the features j. A curve belongs to its
// feature, half of a pair to each of its two. It does not allocate.
func (m *Model) Contributions(row, phi []float64) {
	clear(phi)
	n := len(m.Columns)
	for i := range m.Terms {
		t := &m.Terms[i]
		c := m.place(t, row)
		for k, values := range t.Values {
			if len(t.Features) == 1 {
				phi[k*n+t.Features[0]] += values[c]
				continue
			}
			phi[k*n+t.Features[0]] += values[c] / 2
			phi[k*n+t.Features[1]] += values[c] / 2
		}
	}
}

// place is the cell of a row in a term.
func (m *Model) place(t *Term, row []float64) int {
	first := &m.Columns[t.Features[0]]
	c := first.bin(row[t.Features[0]])
	if len(t.Features) == 1 {
		return c
	}
	second := &m.Columns[t.Features[1]]
	return first.Groups[c]*second.groups() + second.Groups[second.bin(row[t.Features[1]])]
}

// strength is the weighted mean magnitude of a term's values, over the raw
// outputs.
func (t *Term) strength() float64 {
	sum, total := 0.0, 0.0
	for _, values := range t.Values {
		for c, v := range values {
			sum += t.Weights[c] * math.Abs(v)
			total += t.Weights[c]
		}
	}
	if total == 0 {
		return 0
	}
	return sum / total
}
