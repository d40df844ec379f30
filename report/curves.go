package report

import (
	"fmt"
	"strings"

	"bespoke/explain"
	"bespoke/web"
)

// curvesDrawn is how many curves stand open; the others are folded.
const curvesDrawn = 4

// pairsNamed is how many pairs are named.
const pairsNamed = 5

// curveBlocks shows the curves of an additive model.
func curveBlocks(c *explain.Curves) []web.Block {
	if len(c.Features) == 0 {
		return nil
	}
	text := "The model is a sum: an intercept, and for each column its place on the column's curve. The curves are the model itself, not a sample of its answers."
	if n := len(c.Pairs); n > 0 {
		var names []string
		for _, p := range c.Pairs[:min(n, pairsNamed)] {
			names = append(names, fmt.Sprintf("%s (%.3g)", p.Name, p.Strength))
		}
		text += fmt.Sprintf(" It also has %s of columns, which move the sum by what stands in brackets on average: %s.", web.Count(n, "pair"), strings.Join(names, ", "))
	}
	var blocks []web.Block
	for _, f := range c.Features {
		if f.Category {
			blocks = append(blocks, curveTable(c, f))
		} else {
			blocks = append(blocks, curveChart(c, f))
		}
	}
	out := []web.Block{web.Heading("The curves of the model"), web.Paragraph(text), web.Grid(blocks[:min(len(blocks), curvesDrawn)])}
	if len(blocks) > curvesDrawn {
		out = append(out, web.Fold{Summary: "More curves", Blocks: blocks[curvesDrawn:]})
	}
	return out
}

// added is what the numbers of a curve are.
func added(c *explain.Curves, k int) string {
	switch {
	case c.Outputs[k] == "":
		return "added to the number"
	case len(c.Outputs) == 1:
		return "added to the log-odds of " + c.Outputs[k]
	}
	return "added to the score of " + c.Outputs[k]
}

// twoErrors is the interval of two standard deviations over the bags.
func twoErrors(p explain.CurvePoint, k int) *web.Interval {
	if p.Errors == nil {
		return nil
	}
	return &web.Interval{Low: p.Values[k] - 2*p.Errors[k], High: p.Values[k] + 2*p.Errors[k], Level: 0.95}
}

// curveChart draws the curve of a number, each interval at its middle.
func curveChart(c *explain.Curves, f explain.Curve) web.Block {
	chart := web.Lines{Title: f.Feature, X: f.Feature, Y: added(c, 0), Zero: true}
	if len(c.Outputs) > 1 {
		chart.Y = "added to the score of a class"
	}
	chart.Caption = "Bands are two standard deviations over the bags."
	for k, name := range c.Outputs {
		line := web.Line{Name: name}
		for _, p := range f.Points {
			switch {
			case p.Name != "":
				if k == 0 {
					chart.Caption += fmt.Sprintf(" Missing values: %+.3g.", p.Values[k])
				}
			case p.From != nil && p.To != nil:
				line.Points = append(line.Points, web.LinePoint{X: *p.From/2 + *p.To/2, Y: p.Values[k], Interval: twoErrors(p, k)})
			case p.From != nil:
				line.Points = append(line.Points, web.LinePoint{X: *p.From, Y: p.Values[k], Interval: twoErrors(p, k)})
			case p.To != nil:
				line.Points = append(line.Points, web.LinePoint{X: *p.To, Y: p.Values[k], Interval: twoErrors(p, k)})
			}
		}
		chart.Series = append(chart.Series, line)
	}
	return chart.Chart()
}

// curveTable lists the values of a category.
func curveTable(c *explain.Curves, f explain.Curve) web.Block {
	t := web.Table{Title: f.Feature, Columns: []web.Column{{Title: "Category"}}, Note: "Whiskers are two standard deviations over the bags."}
	for k := range c.Outputs {
		t.Columns = append(t.Columns, web.Column{Title: added(c, k), Number: true, Decimals: 3, Signed: true, Whisker: true})
	}
	t.Columns = append(t.Columns, web.Column{Title: "rows", Number: true})
	for _, p := range f.Points {
		row := web.Row{Cells: []web.Cell{web.Str(p.Name)}}
		for k, v := range p.Values {
			row.Cells = append(row.Cells, web.Cell{Value: v, Interval: twoErrors(p, k)})
		}
		row.Cells = append(row.Cells, web.Num(p.Rows))
		t.Rows = append(t.Rows, row)
	}
	return t
}
