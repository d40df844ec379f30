// Package trees learns gradient boosted decision trees, random forests and
// extremely randomised trees from histograms of binned features.
//
// The files are the steps in the order they run:
//
//	entry.go      the table of parameters and the entry Boost
//	bin.go        values to bins: quantile edges, categories by count
//	sample.go     which rows and features a tree sees, which features a leaf
//	loss.go       which loss is followed, its gradients as whole numbers, leaves that are quantiles
//	histogram.go  gradient sums per bin; the binned rows in memory; which features share a store
//	split.go      the best threshold of a feature, the best set of levels of a category
//	grow.go       one tree, leaf by leaf, the best split first
//	boost.go      rounds, early stopping, gradients
//	predict.go    rows to predictions
//	save.go       the model as bytes
//	forest.go     random forests and extremely randomised trees: their entries, predictions and bytes
//	plant.go      how their trees grow
//
// Gradient sums are integers (see scale in loss.go), so they are exact:
// the trees do not depend on the number of threads or on the order in which
// rows are added up, and a parent less one child is the other child to the bit.
package trees

import (
	"math"
	"sort"

	"bespoke/model"
	"bespoke/objective"
)

// Model is a fitted ensemble. It is safe for concurrent use as long as nobody
// changes its fields; it implements model.Rounds, model.Raw and
// model.Logarithmic.
//
// The raw score (margin) of output k is Base[k] plus the values that the trees
// k, k+len(Base), k+2*len(Base), ... give the row. Regression has one raw
// output, the number itself or its logarithm (see Logarithmic); binary has one,
// the log-odds of class 1; multiclass has one per class and the softmax of them
// is the prediction.
type Model struct {
	// Task is what the model predicts.
	Task model.Task
	// Objective is the name of the loss that was minimised, such as "squared".
	Objective string
	// Classes is the length of a prediction for classes, 0 for regression.
	Classes int
	// Features describes the columns of a row, in order.
	Features []Feature
	// Base is the raw score before any tree, one per raw output.
	Base []float64
	// Trees are in the order of boosting: round 0 for every raw output, then
	// round 1, and so on.
	Trees []Tree

	fast fast // Trees laid out for prediction; made by prepare
}

var (
	_ model.Rounds = (*Model)(nil)
	_ model.Raw    = (*Model)(nil)

	_ model.Logarithmic = (*Model)(nil)
)

// Feature names one column of the rows that a Model reads.
type Feature struct {
	// Name is the name of the model.Feature it was trained on.
	Name string
	// Levels is the number of category codes, 0 for a number.
	Levels int
	// Gain is the sum of the gains of the splits on this feature, and Splits
	// is how many there are.
	Gain   float64
	Splits int
}

// Tree is one decision tree. Nodes[0] is the root and the children of a node
// always stand after it.
type Tree struct {
	Nodes []Node
	// Sets holds the bit sets of the category splits; Node.Set says where.
	Sets []uint64
}

// Node is a split or a leaf of a Tree.
type Node struct {
	// Feature is the column that is looked at, -1 for a leaf.
	Feature int32
	// Left and Right are the children's positions in Tree.Nodes.
	Left, Right int32
	// Set and SetLen say which words of Tree.Sets hold the category codes that
	// go left: code c goes left when bit c%64 of word Set+c/64 is 1. SetLen is
	// 0 for a split of a number.
	Set, SetLen int32
	// MissingLeft says where NaN goes. For a category it is always false: a
	// missing, unseen or rare level goes right.
	MissingLeft bool
	// Threshold sends a number x left when x <= Threshold.
	Threshold float64
	// Value is what a leaf adds to the raw score; the learning rate is in it
	// already. For a split it is what the node would have added as a leaf.
	Value float64
	// Cover is the sum of the weights of the training rows that reached the
	// node: their number when there were no weights.
	Cover float64
	// Gain is how much the split lowered the second-order approximation of the
	// loss, times two as in LightGBM; 0 for a leaf.
	Gain float64
}

// Leaf says whether the node is a leaf.
func (n *Node) Leaf() bool { return n.Feature < 0 }

// GoesLeft says which child of split n the row takes. It is the definition
// that Predict follows; explanations use it to walk the same path.
func (t *Tree) GoesLeft(n *Node, row []float64) bool {
	x := row[n.Feature]
	if n.SetLen > 0 {
		return inSet(t.Sets[n.Set:n.Set+n.SetLen], x)
	}
	if math.IsNaN(x) {
		return n.MissingLeft
	}
	return x <= n.Threshold
}

// inSet says whether the category code x is a member; NaN, negative numbers
// and codes beyond the set are not.
func inSet(set []uint64, x float64) bool {
	if !(x >= 0 && x < float64(len(set)*64)) {
		return false
	}
	c := uint(x)
	return set[c/64]>>(c%64)&1 == 1
}

// Name is the name of the entry, "trees.boost.v1".
func (m *Model) Name() string { return boostName }

// Outputs is the length of a prediction: 1 for regression, else the number of
// classes.
func (m *Model) Outputs() int {
	if m.Task == model.Regression {
		return 1
	}
	return m.Classes
}

// Logarithmic says whether the raw score is the logarithm of the number that is
// predicted, as with the objectives poisson, gamma and tweedie.
func (m *Model) Logarithmic() bool {
	obj, err := objective.Find(m.Objective, m.Task)
	return err == nil && obj.Logarithmic
}

// Rounds is how many boosting rounds were kept: after early stopping, those up
// to the best one.
func (m *Model) Rounds() int { return len(m.Trees) / len(m.Base) }

// Importance is the share of one feature in all gain.
type Importance struct {
	// Feature is the position in Model.Features, Name its name.
	Feature int
	Name    string
	// Gain is the sum of gains of the splits on the feature, Share its part of
	// the sum over all features (0 to 1) and Splits the number of splits.
	Gain   float64
	Share  float64
	Splits int
}

// GainImportance lists the features that were used, the most important first.
// Equal gains stand in the order of the features.
func (m *Model) GainImportance() []Importance {
	total := 0.0
	var list []Importance
	for i, f := range m.Features {
		total += f.Gain
		if f.Splits > 0 {
			list = append(list, Importance{Feature: i, Name: f.Name, Gain: f.Gain, Splits: f.Splits})
		}
	}
	sort.SliceStable(list, func(a, b int) bool { return list[a].Gain > list[b].Gain })
	for i := range list {
		if total > 0 {
			list[i].Share = list[i].Gain / total
		}
	}
	return list
}

// countGain fills Gain and Splits of the features from the trees.
func (m *Model) countGain() {
	for i := range m.Features {
		m.Features[i].Gain, m.Features[i].Splits = 0, 0
	}
	for _, t := range m.Trees {
		for i := range t.Nodes {
			if n := &t.Nodes[i]; !n.Leaf() {
				m.Features[n.Feature].Gain += n.Gain
				m.Features[n.Feature].Splits++
			}
		}
	}
}
