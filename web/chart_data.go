package web

import (
	"cmp"
	"fmt"
	"strings"
)

// Histogram shows how the values of a column, or predictions, are spread.
// With two or more series it compares them, each as shares of its own rows.
type Histogram struct {
	Title, Caption string
	// Axis names the values, Unit their unit.
	Axis, Unit string
	// Edges are the borders of the bins, one more than counts; empty for
	// categories.
	Edges []float64
	// Labels are the categories; empty for numbers.
	Labels []string
	// Series are the counts; their first is drawn strong.
	Series []HistogramSeries
}

// HistogramSeries is the counts of one set of rows.
type HistogramSeries struct {
	// Name tells the set: "training", "last month"; may be empty for one.
	Name   string
	Counts []float64
}

// bins is how many bins every part of the histogram has.
func (h Histogram) bins() int {
	n := len(h.Labels)
	if n == 0 {
		n = max(len(h.Edges)-1, 0)
	}
	for _, s := range h.Series {
		n = min(n, len(s.Counts))
	}
	return n
}

// Chart draws bars; numbers from left to right, categories from top to bottom.
func (h Histogram) Chart() Chart {
	data := Table{Columns: []Column{{Title: h.Axis}}}
	var names []string
	for _, s := range h.Series {
		names = append(names, s.Name)
		data.Columns = append(data.Columns, amounts(cmp.Or(s.Name, "Rows"), "", 0))
	}
	for i := range h.bins() {
		row := Row{Cells: []Cell{Str(h.bin(i))}}
		for _, s := range h.Series {
			row.Cells = append(row.Cells, Num(s.Counts[i]))
		}
		data.Rows = append(data.Rows, row)
	}
	alt := fmt.Sprintf("%s in %d bins", h.Axis, h.bins())
	if len(h.Series) > 1 {
		alt += " for " + strings.Join(names, " and ")
	}
	alt += "."
	return finished(h.Title, h.Caption, alt, h.spec(alt), h.rows(), data)
}

// rows is the data of the chart: a row for each bin of each series.
func (h Histogram) rows() list {
	rows := list{}
	for _, s := range h.Series {
		total := 0.0
		for _, n := range s.Counts[:h.bins()] {
			total += n
		}
		for i := range h.bins() {
			share := 0.0
			if total > 0 {
				share = s.Counts[i] / total
			}
			r := object{
				"name": h.bin(i), "series": s.Name, "count": numberOf(s.Counts[i]), "share": numberOf(share),
				"text": Quantity{Value: share, Unit: "%", Decimals: Auto}.String(), "n": decimal(s.Counts[i], 0, false),
			}
			if len(h.Labels) == 0 {
				r["low"], r["high"] = numberOf(h.Edges[i]), numberOf(h.Edges[i+1])
			}
			rows = append(rows, r)
			if len(h.Labels) == 0 && i == h.bins()-1 {
				// The outline of the last bin ends at its upper border.
				rows = append(rows, merged(r, object{"low": r["high"], "end": true}))
			}
		}
	}
	return rows
}

// bin names a bin.
func (h Histogram) bin(i int) string {
	if len(h.Labels) > 0 {
		return h.Labels[i]
	}
	in := &Interval{Low: h.Edges[i], High: h.Edges[i+1]}
	return Quantity{Unit: h.Unit, Decimals: Auto, Value: h.Edges[i], Interval: in}.Range()
}

func (h Histogram) spec(alt string) object {
	if len(h.Series) > 1 {
		return h.several(alt)
	}
	tip := tooltip("name:"+h.Axis, "text:share", "n:rows")
	unstacked := object{"stack": nil} // stacking would hide the bars
	amount := quantitative("count", axis("rows", "", true), unstacked)
	if len(h.Labels) > 0 {
		y := nominal("name", nil, object{"axis": object{"grid": false}})
		// A few bars may be broad, so that the chart is not lost in its place.
		step := max(24, min(40, 160/max(h.bins(), 1)))
		return layers(step*h.bins(), alt, layer(mark("bar", "bar-main"), object{"y": y, "x": amount, "tooltip": tip}))
	}
	bars := layer(mark("bar", "bar-main", object{"binSpacing": 1}), object{
		"x": h.x(true), "x2": field("high"), "y": amount, "tooltip": tip,
	})
	bars["transform"] = only("!datum.end")
	return layers(220, alt, bars)
}

// several compares series by their shares.
func (h Histogram) several(alt string) object {
	tip := tooltip("series:", "name:"+h.Axis, "text:share", "n:rows")
	unstacked := object{"stack": nil}
	amount := quantitative("share", axis("share of rows", "%", true), unstacked)
	color := nominal("series", nil)
	if len(h.Labels) > 0 {
		y := nominal("name", nil, object{"axis": object{"grid": false}})
		bars := object{"y": y, "yOffset": nominal("series", nil), "x": amount, "color": color, "tooltip": tip}
		return layers((16+8*len(h.Series))*h.bins(), alt, layer(object{"type": "bar"}, bars))
	}
	// Outlines do not hide each other as bars do; bars that cannot be seen
	// take the pointer.
	outline := object{
		"type": "area", "interpolate": "step-after", "fillOpacity": 0.14, "line": object{"strokeWidth": 1.75},
	}
	unseen := layer(object{"type": "bar", "fillOpacity": 0, "binSpacing": 0}, object{
		"x": h.x(true), "x2": field("high"), "y": amount, "tooltip": tip, "detail": nominal("series", nil),
	})
	unseen["transform"] = only("!datum.end")
	return layers(220, alt, layer(outline, object{"x": h.x(false), "y": amount, "color": color}), unseen)
}

// x is the axis of the values, for bars from border to border or for points.
func (h Histogram) x(binned bool) object {
	x := quantitative("low", axis(h.Axis, h.Unit, false), object{"scale": object{"zero": false, "nice": false}})
	if binned {
		x["bin"] = "binned"
	}
	return x
}

// Drift shows how far each column has moved from the training rows, by the
// population stability index, with the usual borders at 0.1 and 0.25.
type Drift struct {
	Title, Caption string
	// Rows are the columns, best sorted with the largest drift first.
	Rows []DriftRow
}

// DriftRow is one column.
type DriftRow struct {
	Name string
	// Index is the population stability index.
	Index float64
}

// The usual reading of the population stability index: below driftSome nothing
// happened, above driftMuch the model should be looked at.
const (
	driftSome = 0.1
	driftMuch = 0.25
)

// Chart draws a bar per column.
func (d Drift) Chart() Chart {
	rows := list{}
	data := Table{Columns: []Column{{Title: "Column", Code: true}, amounts("Index", "", 3), {Title: "Reading"}}}
	count := map[string]int{}
	for _, r := range d.Rows {
		level, tone := "stable", Good
		switch {
		case r.Index >= driftMuch:
			level, tone = "moved", Bad
		case r.Index >= driftSome:
			level, tone = "moving", Warn
		}
		count[level]++
		text := decimal(r.Index, 3, false) + ", " + level
		rows = append(rows, object{"name": r.Name, "value": numberOf(r.Index), "level": level, "text": text})
		data.Rows = append(data.Rows, Row{Cells: []Cell{Str(r.Name), Num(r.Index), Mark(level, tone)}})
	}
	alt := fmt.Sprintf("Drift of %d columns: %d moved, %d moving, %d stable.",
		len(d.Rows), count["moved"], count["moving"], count["stable"])
	y := nominal("name", column(rows, "name"), object{"axis": object{"grid": false}})
	x := func(name string) object {
		return quantitative(name, axis("population stability index", "", false), object{"scale": object{"domainMin": 0}})
	}
	bar := func(level, style string) list {
		return part(rows, "level", level, layer(sideBar(style), object{"y": y, "x": x("value"), "tooltip": hover("drift")}))
	}
	borders := list{object{"at": driftSome, "name": "moving"}, object{"at": driftMuch, "name": "moved"}}
	name := mark("text", "note-faint", object{"align": "left", "dx": 4, "baseline": "bottom", "dy": -2})
	spec := layers(26*len(d.Rows), alt,
		bar("stable", "bar-main"), bar("moving", "bar-warn"), bar("moved", "bar-loss"),
		inline(borders, layer(mark("rule", "reference"), object{"x": x("at")})),
		inline(borders, layer(name, object{"x": x("at"), "y": value(0), "text": label("name")})),
	)
	return finished(d.Title, d.Caption, alt, spec, rows, data)
}
