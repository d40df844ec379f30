package table

// Split says which rows are held out for the final figures and which folds of
// the others choose the model. Rows are indices into the table that was split,
// rising within every list.
type Split struct {
	// By says in words how the rows were split, such as "random, stratified by
	// class".
	By string `json:"by"`
	// Test are the held-out rows.
	Test []int `json:"test"`
	// Development are all other rows that may be learnt from.
	Development []int `json:"development"`
	// Folds are the validation rows of each fold, all from Development. They
	// do not overlap. With Forward false every development row is in exactly
	// one fold.
	Folds [][]int `json:"folds"`
	// Forward is true for splits by time: the folds are in order of time and a
	// fold is validated with a model of earlier rows only, so that the oldest
	// development rows are in no fold.
	Forward bool `json:"forward,omitempty"`
	// First are the oldest development rows, which are in no fold; only with
	// Forward.
	First []int `json:"first,omitempty"`
	// Notes say what had to be done differently from what was asked.
	Notes []string `json:"notes,omitempty"`
}

// Training lists the rows, rising, that a model validated on fold k may learn
// from: the development rows outside the fold or, with Forward, those of First
// and of the folds before k.
func (s Split) Training(k int) []int {
	size := 0
	for _, d := range s.Development {
		size = max(size, d+1)
	}
	keep := make([]bool, size)
	if s.Forward {
		mark(keep, s.First, true)
		for _, f := range s.Folds[:k] {
			mark(keep, f, true)
		}
	} else {
		mark(keep, s.Development, true)
		mark(keep, s.Folds[k], false)
	}
	count := 0
	for _, ok := range keep {
		if ok {
			count++
		}
	}
	if count == 0 {
		return nil
	}
	rows := make([]int, 0, count)
	for i, ok := range keep {
		if ok {
			rows = append(rows, i)
		}
	}
	return rows
}

func mark(keep []bool, rows []int, to bool) {
	for _, r := range rows {
		keep[r] = to
	}
}
