package table_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bespoke/table"
)

func TestTrainingLeavesTheFoldOut(t *testing.T) {
	s := table.Split{Test: []int{1}, Development: []int{0, 2, 3, 4, 5}, Folds: [][]int{{0, 4}, {2, 3, 5}}}
	if diff := cmp.Diff([]int{2, 3, 5}, s.Training(0)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{0, 4}, s.Training(1)); diff != "" {
		t.Error(diff)
	}
}

func TestTrainingForwardUsesEarlierBlocksOnly(t *testing.T) {
	s := table.Split{Test: []int{6}, Development: []int{0, 1, 2, 3, 4, 5}, Forward: true, First: []int{1, 5}, Folds: [][]int{{0, 4}, {2, 3}}}
	if diff := cmp.Diff([]int{1, 5}, s.Training(0)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{0, 1, 4, 5}, s.Training(1)); diff != "" {
		t.Error(diff)
	}
}
