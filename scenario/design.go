package scenario

import (
	"fmt"
	"slices"
	"strings"

	"bespoke/internal/near"
)

// Features says whether features are derived from columns beside those that
// every model gets. Without it none are.
type Features struct {
	// Derive is off, as without it, or auto: each step of derived features is
	// tried with a quick model on the development rows and kept where it lowers
	// the out-of-fold loss by more than its standard error.
	Derive string `yaml:"derive,omitempty" json:"derive,omitempty" rule:"one=off|auto"`
	// Force are steps that are taken whatever they bring, also with off: target,
	// cross, group, sum, difference, product, ratio, cycles, between, topics,
	// spellings, n-grams.
	Force []string `yaml:"force,omitempty" json:"force,omitempty"`
	// Exclude are steps that are not tried.
	Exclude []string `yaml:"exclude,omitempty" json:"exclude,omitempty"`
	// Text, when it is there, has linear models read free text by all words or
	// runs of characters that two training rows share, instead of by the few
	// hundred commonest.
	Text *FeaturesText `yaml:"text,omitempty" json:"text,omitempty"`
}

// FeaturesText says by what linear models read free text.
type FeaturesText struct {
	// Ngrams are words, as without it, with pairs of neighbouring words, or
	// characters: runs of two to four of them.
	Ngrams string `yaml:"ngrams,omitempty" json:"ngrams,omitempty" rule:"one=words|characters"`
	// Size is how many words or runs are kept at most, those that the most rows
	// have; without it all are, up to 262144.
	Size int `yaml:"size,omitempty" json:"size,omitempty" rule:"min=1 max=262144"`
}

// DerivedSteps are the names that Force and Exclude may hold, in the order in
// which they are tried.
var DerivedSteps = []string{"target", "cross", "group", "sum", "difference", "product", "ratio", "cycles", "between", "topics", "spellings", "n-grams"}

// Auto says whether steps are tried.
func (f *Features) Auto() bool { return f != nil && f.Derive == "auto" }

// Forces says whether the step is taken whatever it brings.
func (f *Features) Forces(step string) bool { return f != nil && slices.Contains(f.Force, step) }

// Excludes says whether the step is not tried.
func (f *Features) Excludes(step string) bool { return f != nil && slices.Contains(f.Exclude, step) }

func (f *Features) check(r *report) {
	if f == nil {
		return
	}
	for k, list := range [][]string{f.Force, f.Exclude} {
		key := []string{"force", "exclude"}[k]
		for i, step := range list {
			at := fmt.Sprintf("features.%s[%d]", key, i)
			switch {
			case step == "":
				r.add(at, codeEmpty, "is empty", "name a step")
			case !slices.Contains(DerivedSteps, step):
				r.add(at, codeChoice, fmt.Sprintf("%q is not known here", step), "allowed: "+strings.Join(DerivedSteps, ", ")+near.Hint(step, DerivedSteps))
			case key == "force" && f.Excludes(step):
				r.add(at, codeExclude, fmt.Sprintf("%q is excluded as well", step), "remove it from force or from exclude")
			}
		}
	}
}

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

// Limits drop a candidate that breaks one, with the reason.
type Limits struct {
	// Latency is the 95th percentile of deciding one row, such as 5ms.
	Latency Duration `yaml:"latency,omitempty" json:"latency,omitempty" rule:"above=0"`
	// Size is the size of the bundle, such as 20MB.
	Size Size `yaml:"size,omitempty" json:"size,omitempty" rule:"above=0"`
	// Memory is what training may use, such as 1GB.
	Memory Size `yaml:"memory,omitempty" json:"memory,omitempty" rule:"above=0"`
}

// Budget bounds the search: by trials, or by time (then runs are not
// bit-reproducible).
type Budget struct {
	// Trials is how many candidates are tried.
	Trials int `yaml:"trials,omitempty" json:"trials,omitempty" rule:"min=1 max=100000"`
	// Time is how long the search may take, such as 10m; instead of trials.
	// Then the result depends on the speed of the machine.
	Time Duration `yaml:"time,omitempty" json:"time,omitempty" rule:"above=0"`
	// Search is how candidates are found. draw: design's proposals, then chance.
	// guided: a list learnt on many data sets, then what finished trials suggest,
	// and poor ones stop after one fold. It is guided with time, draw with trials.
	Search string `yaml:"search,omitempty" json:"search,omitempty" rule:"one=draw|guided"`
}

// Guided says whether the search learns from its trials.
func (b Budget) Guided() bool { return b.Search == "guided" || b.Search == "" && b.Time > 0 }

func (b Budget) check(r *report) {
	switch {
	case b.Trials != 0 && b.Time != 0:
		r.add("budget", codeExclude, "has both trials and time", "keep one of them: with trials, runs can be repeated bit for bit")
	case b.Trials == 0 && b.Time == 0 && !r.has("budget.trials") && !r.has("budget.time"):
		r.add("budget", codeNeeds, "has neither trials nor time", "such as trials: 40 or time: 10m")
	}
}
