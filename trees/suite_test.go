package trees_test

import (
	"testing"

	"bespoke/model/modeltest"
	"bespoke/trees"
)

func TestSuite(t *testing.T) { modeltest.Run(t, trees.Boost) }
