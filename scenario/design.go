package scenario

import (
	"fmt"
	"slices"
)

// Design says which models may be tried.
type Design struct {
	// Models are the names of models to try; empty means all that fit.
	Models []string `yaml:"models,omitempty" json:"models,omitempty"`
	// Exclude are names not to try.
	Exclude []string `yaml:"exclude,omitempty" json:"exclude,omitempty"`
	// Committee is of how many models at most the mean may be taken where that
	// is better than the best one; 1 keeps single models.
	Committee int `yaml:"committee" json:"committee" rule:"min=1 max=20"`
}

func (d Design) check(r *report) {
	for i, m := range d.Models {
		path := fmt.Sprintf("design.models[%d]", i)
		switch {
		case m == "":
			r.add(path, codeEmpty, "is empty", "name a model")
		case slices.Contains(d.Exclude, m):
			r.add(path, codeExclude, fmt.Sprintf("%q is excluded as well", m), "remove it from models or from exclude")
		}
	}
	for i, m := range d.Exclude {
		if m == "" {
			r.add(fmt.Sprintf("design.exclude[%d]", i), codeEmpty, "is empty", "name a model")
		}
	}
}
