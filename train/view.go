package train

import (
	"bespoke/features"
	"bespoke/model"
	"bespoke/table"
)

// applied is the matrix of the rows of t, which features.Fit did not make: it is
// made block by block as a model reads it.
func applied(steps *features.Fitted, t *table.Table) (*model.Matrix, error) {
	// Whether the columns fit is the same for every block.
	if err := steps.Apply(t.Slice(0, 1), model.NewMatrix(steps.Features(), 1)); err != nil {
		return nil, err
	}
	return model.NewView(steps.Features(), t.Rows(), func(lo int, out *model.Matrix) {
		_ = steps.Apply(t.Slice(lo, lo+out.Rows), out)
	}), nil
}

// applyBlock is how many rows of a view are in memory at a time.
const applyBlock = 4096

// apply is features.Apply for a table that may be a view.
func apply(steps *features.Fitted, t *table.Table, out *model.Matrix) error {
	if !t.Large() {
		return steps.Apply(t, out)
	}
	var part model.Matrix
	if out.Sparse != nil {
		part.Sparse = model.NewSparse(out.Sparse.Features)
		out.Sparse.Reset()
	}
	for lo := 0; lo < out.Rows; lo += applyBlock {
		hi := min(out.Rows, lo+applyBlock)
		part.Features, part.Rows, part.Values = out.Features, hi-lo, out.Values[lo*out.Cols():hi*out.Cols()]
		if err := steps.Apply(t.Slice(lo, hi), &part); err != nil {
			return err
		}
		if part.Sparse != nil {
			for i := range part.Rows {
				out.Sparse.Append(part.Sparse.Row(i))
			}
		}
	}
	return nil
}
