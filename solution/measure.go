package solution

import (
	"slices"
	"time"

	"bespoke/table"
)

// Bytes is the size of the solution's parts, as a bundle holds them.
func (s *Solution) Bytes() (int64, error) {
	parts, err := s.Parts()
	if err != nil {
		return 0, err
	}
	total := int64(0)
	for _, p := range parts {
		total += int64(len(p))
	}
	return total, nil
}

// Times measures how long deciding one row takes: n decisions of the rows of the
// table in turn, of which there is at least one, the shortest first.
func (s *Solution) Times(rows *table.Table, n int) ([]time.Duration, error) {
	conformed, _, err := rows.Conform(s.Schema)
	if err != nil {
		return nil, err
	}
	r := s.NewRow()
	spans := make([]time.Duration, n)
	for i := range spans {
		r.Fill(conformed, i%conformed.Rows())
		begin := time.Now()
		if err := s.Decide(r); err != nil {
			return nil, err
		}
		spans[i] = time.Since(begin)
	}
	slices.Sort(spans)
	return spans, nil
}
