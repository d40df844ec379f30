package additive_test

import (
	"testing"

	"bespoke/additive"
	"bespoke/model/modeltest"
)

func TestComplies(t *testing.T) { modeltest.Run(t, additive.Boost) }
