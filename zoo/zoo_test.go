package zoo_test

import (
	"testing"

	"bespoke/model/modeltest"
	"bespoke/zoo"
)

func TestEveryModelComplies(t *testing.T) {
	for _, e := range zoo.All {
		t.Run(e.Name, func(t *testing.T) { modeltest.Run(t, e) })
	}
}
