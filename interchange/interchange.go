// Package interchange carries fitted trees between this program and others: it
// writes and reads LightGBM's text model (version 4) and reads XGBoost's JSON
// and UBJSON model (version 3). What may be lost on the way is an error, not a
// silent change.
//
// The files are:
//
//	interchange.go  what a read model comes with, and preparing its rows
//	objective.go    the objectives that both sides know
//	layout.go       foreign nodes in the order of trees.Tree
//	lightgbm.go     LightGBM's decision rules as ours, and back
//	write.go        a model as LightGBM's text
//	read.go         LightGBM's text as a model
//	fields.go       the lines of LightGBM's text
//	xgboost.go      XGBoost's model as ours
//	ubjson.go       UBJSON as JSON
//	solution.go     the model of a solution, with what is left behind
//
// docs/interchange.md says what is equal to what, and how exactly.
package interchange

import (
	"fmt"
	"math"

	"bespoke/trees"
)

// Import is a model that another program fitted, with what its rows must know.
type Import struct {
	// Model predicts, for rows that Prepare has readied. It can be saved and
	// loaded as any other model of the package trees.
	Model *trees.Model
	// Format is what was read, such as "LightGBM v4" or "XGBoost 3.2.0".
	Format string
	// Objective is the objective in the words of the other program.
	Objective string
	// Columns describes the features of a row, in order; there are as many as
	// Model.Features.
	Columns []Column
}

// Column is one feature of a row, as another program knows it.
type Column struct {
	// Name is the feature's name in the foreign file.
	Name string
	// Levels names the category codes 0, 1, ... where the file does; else nil.
	Levels []string

	category bool
	// unseen, when above 0, is the code that every code that no split knows is
	// given: XGBoost sends those elsewhere than missing ones.
	unseen float64
	// zeroMissing is true when zero counts as missing (LightGBM's
	// zero_as_missing).
	zeroMissing bool
	// lightGBM is true when numbers up to nearZero are 0 and infinite ones are
	// numbers.
	lightGBM bool
}

// nearZero is the size up to which LightGBM takes a number for zero
// (kZeroThreshold in its source, the float32 nearest to 1e-35).
const nearZero = float64(float32(1e-35))

// Prepare changes a row of len(Columns) values in place to what Model expects,
// so that the rules of the other program hold to the bit: where it takes zero
// for missing, zero becomes NaN; numbers that it takes for zero become 0; the
// fraction of a category code is cut off; codes that no split knows are told
// apart from missing where it does so. Most rows do not change. It does not
// allocate, and is safe for concurrent use.
func (m *Import) Prepare(row []float64) {
	for i := range m.Columns {
		row[i] = m.Columns[i].prepare(row[i])
	}
}

func (c *Column) prepare(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case c.category && c.unseen > 0:
		if x < 0 || x > c.unseen {
			return c.unseen
		}
		return math.Trunc(x)
	case c.category:
		return math.Trunc(x)
	case c.zeroMissing && math.Abs(x) <= nearZero:
		return math.NaN()
	case c.lightGBM && math.Abs(x) <= nearZero:
		return 0
	case c.lightGBM:
		return min(max(x, -math.MaxFloat64), math.MaxFloat64)
	}
	return x
}

// checkNames says whether there is one name for each feature.
func checkNames(names []string, features int) error {
	if len(names) != features {
		return fmt.Errorf("%d feature names for %d features; it must be as many", len(names), features)
	}
	return nil
}
