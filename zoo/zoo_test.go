package zoo_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bespoke/explain"
	"bespoke/model"
	"bespoke/model/modeltest"
	"bespoke/zoo"
)

type learner struct {
	name                       string
	explained, separates, view bool
}

// learners has a row for every model that learns, with what is promised of it
// beside what the suite of model/modeltest demands of all: that predictions are
// explained exactly, that it keeps to Training.Interactions, and that it reads
// rows block by block. What is not promised is checked too, so that nobody says
// less of a model than it can.
var learners = []learner{
	{name: "baseline.prior.v1", explained: true, separates: true, view: true},
	{name: "linear.logistic.v1", explained: true, separates: true},
	{name: "linear.ridge.v1", explained: true, separates: true},
	{name: "linear.elasticnet.v1", explained: true, separates: true},
	{name: "neighbours.knn.v1"}, // what a neighbour says hangs on all features at once
	{name: "trees.forest.v1", explained: true, separates: true},
	{name: "trees.extra.v1", explained: true, separates: true},
	{name: "additive.boost.v1", explained: true, separates: true},
	{name: "trees.boost.v1", explained: true, separates: true, view: true},
}

func TestEveryModelComplies(t *testing.T) {
	for _, l := range learners {
		i := slices.IndexFunc(zoo.All, func(e model.Entry) bool { return e.Name == l.name })
		if i < 0 {
			t.Errorf("%s is not among zoo.All", l.name)
			continue
		}
		e := zoo.All[i]
		t.Run(e.Name, func(t *testing.T) {
			if e.Separates != l.separates || e.Views != l.view {
				t.Errorf("keeps to interactions %v, reads views %v; promised are %v and %v", e.Separates, e.Views, l.separates, l.view)
			}
			modeltest.Run(t, e)
			if l.explained {
				modeltest.Explained(t, e, contributions)
				return
			}
			t.Run("is not explained", func(t *testing.T) {
				x := model.NewMatrix([]model.Feature{{Name: "x", Source: "x"}}, 2)
				m, err := e.Fit(t.Context(), nil, model.Training{Task: model.Regression, X: x, Y: []float64{1, 2}, Threads: 1})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := explain.Of(m, 1); !errors.Is(err, explain.ErrNoAttribution) {
					t.Errorf("%v; want that there is no exact method, or the table of this test to say that there is", err)
				}
			})
		})
	}
}

// contributions adds up what each feature does.
func contributions(m model.Fitted, features int) (func(row, raw []float64), error) {
	by, err := explain.Of(m, features)
	if err != nil {
		return nil, err
	}
	a := by.New()
	return func(row, raw []float64) {
		by.Attribute(row, a)
		for k := range raw {
			raw[k] = a.Base[k]
			for _, phi := range a.Phi[k*features : (k+1)*features] {
				raw[k] += phi
			}
		}
	}, nil
}

var quotedName = regexp.MustCompile(`"([a-z]+\.[a-z]+\.v[1-9][0-9]*)"`)

// TestNoModelIsLeftOut: every entry has a row in the table above, and every name
// of a model in the packages of models is the name of an entry.
func TestNoModelIsLeftOut(t *testing.T) {
	var names []string
	for _, e := range zoo.All {
		names = append(names, e.Name)
		if !slices.ContainsFunc(learners, func(l learner) bool { return l.name == e.Name }) {
			t.Errorf("%s has no row in the table of learners: add one, so that it is tested", e.Name)
		}
	}
	written := 0
	for _, dir := range []string{".", "../linear", "../neighbours", "../trees", "../additive", "../ensemble"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range quotedName.FindAllStringSubmatch(string(src), -1) {
				written++
				if name := m[1]; name != zoo.Mean.Name && !slices.Contains(names, name) {
					t.Errorf("%s names the model %s, which is not among zoo.All", file, name)
				}
			}
		}
	}
	if written < len(names) {
		t.Errorf("only %d names of models were found in the sources", written)
	}
}
