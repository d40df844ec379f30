// Package scenario holds the product's face: the YAML file that says what a
// customer needs and what right and wrong answers are worth there.
//
// One struct, Scenario, has the stages as fields in the order in which they
// run; each section lives in a file of its own with its checks and one doc
// sentence per key. Everything else is made from these structs, so that it
// cannot disagree with them: strict decoding with file:line:column errors
// (Load, Parse), the file with every default filled in (Render), the JSON
// Schema (Schema), the manual's reference (Reference) and the first draft for
// a data file (Draft).
//
//	f, err := scenario.Load("examples/credit-g/scenario.yaml")
//	if err != nil {
//		return err // every problem of the file, each with its place
//	}
//	fmt.Println(f.Scenario.Data.Target, f.At("data.target"))
//
// To add a key: add a field with its doc comment, its yaml name and its rule
// (see rule in decode.go), a default in Default if it needs one, a good and a bad file
// in testdata, and run go test with -update.
package scenario

import "bespoke/internal/position"

// Scenario is a whole scenario file.
type Scenario struct {
	// Name is a short name for files and reports: letters, digits, - and _.
	Name string `yaml:"scenario" json:"scenario" rule:"required name"`
	// About says in a sentence who decides what.
	About string `yaml:"about,omitempty" json:"about,omitempty"`

	// Need asks whether there is money in it at all.
	Need Need `yaml:"need" json:"need"`
	// Data says where the rows come from and how they are split.
	Data Data `yaml:"data" json:"data"`
	// Value says what each action is worth under each outcome. Without it, no
	// choice by money can be made.
	Value *Value `yaml:"value,omitempty" json:"value,omitempty"`
	// Design says which models may be tried.
	Design Design `yaml:"design" json:"design"`
	// Evaluate says how the final figures are made.
	Evaluate Evaluate `yaml:"evaluate" json:"evaluate"`
	// Explain says how much explanation the report holds.
	Explain Explain `yaml:"explain" json:"explain"`
	// Limits drop a candidate that breaks one, with the reason.
	Limits Limits `yaml:"limits" json:"limits"`
	// Budget bounds the search, by trials or by time.
	Budget Budget `yaml:"budget" json:"budget"`

	// Seed fixes every random choice: the same scenario, data, seed and trials
	// give the same bytes.
	Seed uint64 `yaml:"seed" json:"seed"`
}

// Default is a scenario with every default filled in and nothing else.
func Default() Scenario {
	return Scenario{
		Data:     Data{Split: Split{Test: 0.2, Folds: 5}},
		Evaluate: Evaluate{Bootstrap: 2000, Confidence: 0.95, Calibration: [2]float64{0.9, 1.1}},
		Explain:  Explain{Repeats: 5, Rows: 5},
		Budget:   Budget{Trials: 40},
		Seed:     1,
	}
}

// Validate checks a scenario that was put together by a program. The error is
// a position.List of every problem, without places; Load and Parse check the
// same and know the places.
func (s Scenario) Validate() error {
	r := &report{}
	s.check(r)
	return r.problems.Err()
}

// check reports every problem of the scenario.
func (s Scenario) check(r *report) {
	r.rules(s)
	s.Data.check(r)
	if s.Value != nil {
		s.Value.check(r)
	}
	s.Design.check(r)
	s.Evaluate.check(r)
	s.Budget.check(r)
}

// report collects problems of a scenario whose types are right.
type report struct {
	problems position.List
	// silent says that a path's problem is known already, so that one mistake
	// is reported once; nil when nothing is known.
	silent func(path string) bool
	// given says that the file holds the key, even if with the zero value; nil
	// when there is no file.
	given func(path string) bool
}

func (r *report) add(path, code, msg, note string) {
	if r.silent != nil && r.silent(path) {
		return
	}
	r.problems = append(r.problems, &position.Error{Code: code, Path: path, Msg: msg, Note: note})
}

// has says that the file holds the key.
func (r *report) has(path string) bool { return r.given != nil && r.given(path) }
