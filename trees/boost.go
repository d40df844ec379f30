package trees

import (
	"context"
	"errors"

	"bespoke/model"
)

// Fit learns boosted trees with the given parameters; see Boost for what they
// are.
func Fit(ctx context.Context, params model.Params, in model.Training) (*Model, error) {
	return nil, errors.New("trees: fit: not there yet")
}
