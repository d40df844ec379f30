package explain

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"bespoke/table"

	"golang.org/x/sync/errgroup"
)

// Summary is what the reasons of many rows have in common.
type Summary struct {
	// Rows is how many rows were explained.
	Rows int `json:"rows"`
	// Unit says what the figures are measured in; see Reasons.
	Unit string `json:"unit"`
	// Base is the model's average raw output, one per raw output.
	Base []float64 `json:"base"`
	// Columns have the largest MeanAbs first.
	Columns []ColumnSummary `json:"columns"`
	// Gap is the largest certificate over all rows.
	Gap float64 `json:"gap"`
}

// ColumnSummary is how much one column of the raw table moves predictions.
type ColumnSummary struct {
	Column string `json:"column"`
	// MeanAbs is the mean magnitude of the column's contribution over the rows,
	// and over the outcomes where there are three or more.
	MeanAbs float64 `json:"mean_abs"`
	// Share is MeanAbs as a share of the sum over all columns, from 0 to 1.
	Share float64 `json:"share"`
}

// summaryBlock is how many rows one goroutine explains at a time.
const summaryBlock = 256

// Summary explains every row of the table and averages. The result has the same
// bits for any number of threads.
func (e *Explainer) Summary(ctx context.Context, t *table.Table, threads int) (*Summary, error) {
	rows, _, err := t.Conform(e.solution.Features.Inputs())
	if err != nil {
		return nil, fmt.Errorf("explain: summary: %w", err)
	}
	n := rows.Rows()
	parts := make([]blockSum, (n+summaryBlock-1)/summaryBlock)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, threads))
	for b := range parts {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			var err error // of this block alone
			parts[b], err = e.summarise(rows, b*summaryBlock, min((b+1)*summaryBlock, n))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("explain: summary: %w", err)
	}
	return e.total(parts, n), nil
}

// blockSum is the sum over a block of rows.
type blockSum struct {
	amounts []float64 // per column, magnitudes
	gap     float64
}

func (e *Explainer) summarise(t *table.Table, from, to int) (blockSum, error) {
	p := blockSum{amounts: make([]float64, len(e.columns))}
	x := e.solution.Features.NewMatrix(to - from)
	if err := e.solution.Features.ApplyRange(t, from, x); err != nil {
		return p, err
	}
	a, amounts := e.attributor.New(), make([]float64, len(e.columns))
	for i := range x.Rows {
		e.attribute(x, i, a)
		p.gap = max(p.gap, a.Gap)
		for k := range a.Raw {
			e.group(a, k, amounts)
			for c, v := range amounts {
				p.amounts[c] += math.Abs(v) / float64(len(a.Raw))
			}
		}
	}
	return p, nil
}

// total adds the blocks in order.
func (e *Explainer) total(parts []blockSum, rows int) *Summary {
	out := &Summary{Rows: rows, Unit: e.unit(), Base: e.attributor.New().Base, Columns: make([]ColumnSummary, len(e.columns))}
	sum := 0.0
	for c, f := range e.columns {
		column := ColumnSummary{Column: f.Name}
		for _, p := range parts {
			column.MeanAbs += p.amounts[c] / float64(rows)
		}
		sum += column.MeanAbs
		out.Columns[c] = column
	}
	for _, p := range parts {
		out.Gap = max(out.Gap, p.gap)
	}
	for c := range out.Columns {
		if sum > 0 {
			out.Columns[c].Share = out.Columns[c].MeanAbs / sum
		}
	}
	slices.SortStableFunc(out.Columns, func(a, b ColumnSummary) int { return cmp.Compare(b.MeanAbs, a.MeanAbs) })
	return out
}
