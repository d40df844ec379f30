package serve

import (
	"cmp"
	"slices"
	"strconv"
)

// ranking ends the array of predictions and begins another one: the positions
// of the rows in the request, from 0, by falling score. All rows of a request
// are ranked among each other; of equal scores the earlier row stands first.
func (w *work) ranking() {
	order := make([]int, len(w.numbers))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(w.numbers[b], w.numbers[a]) })
	w.out = append(w.out, `],"ranking":[`...)
	for k, i := range order {
		if k > 0 {
			w.out = append(w.out, ',')
		}
		w.out = strconv.AppendInt(w.out, int64(i), 10)
	}
}
