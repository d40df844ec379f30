// Package zoo is the table of all models, and holds the baseline that every
// other model has to beat.
//
// Adding a model is one file that makes a model.Entry, here or in a package of
// its own, and one line in All. The test of this package then runs the
// compliance suite of model/modeltest on it and shows its table of parameters
// in testdata/registry.golden.
package zoo

import (
	"fmt"
	"strings"

	"bespoke/additive"
	"bespoke/ensemble"
	"bespoke/internal/near"
	"bespoke/linear"
	"bespoke/model"
	"bespoke/neighbours"
	"bespoke/trees"
)

// All lists every model that learns from rows, the baselines first, then by
// rising complexity. It must not be changed.
var All = []model.Entry{
	Prior,
	linear.Logistic,
	linear.Ridge,
	linear.ElasticNet,
	neighbours.KNN,
	trees.RandomForest,
	trees.ExtraTrees,
	additive.Boost,
	trees.Boost,
}

// Mean is the mean of several models of All. It is made by joining them and
// does not learn itself, so that it is not among them.
var Mean = ensemble.Entry(func(name string, data []byte) (model.Fitted, error) {
	e, err := find(name)
	if err != nil {
		return nil, err
	}
	return e.Load(data)
})

// Find returns the entry with the name: one of All, or Mean. An unknown name is
// an error that lists what there is and proposes the nearest.
func Find(name string) (model.Entry, error) {
	if name == Mean.Name {
		return Mean, nil
	}
	return find(name)
}

// find is Find among All.
func find(name string) (model.Entry, error) {
	names := make([]string, len(All))
	for i, e := range All {
		if e.Name == name {
			return e, nil
		}
		names[i] = e.Name
	}
	return model.Entry{}, fmt.Errorf("zoo: find: %q is none of the models %s%s", name, strings.Join(names, ", "), near.Hint(name, names))
}

// Load reads a saved model with the entry that wrote it.
func Load(name string, data []byte) (model.Fitted, error) {
	e, err := Find(name)
	if err != nil {
		return nil, err
	}
	m, err := e.Load(data)
	if err != nil {
		return nil, fmt.Errorf("zoo: load: %w", err)
	}
	return m, nil
}
