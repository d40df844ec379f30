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
	rows := list{}
	data := Table{Columns: []Column{{Title: h.Axis}}}
	names := make([]string, len(h.Series))
	for k, s := range h.Series {
		names[k] = s.Name
		data.Columns = append(data.Columns, Column{Title: cmp.Or(s.Name, "Rows"), Number: true})
	}
	totals := make([]float64, len(h.Series))
	for i := range h.bins() {
		label := h.label(i)
		row := Row{Cells: []Cell{Str(label)}}
		for _, s := range h.Series {
			row.Cells = append(row.Cells, Num(s.Counts[i]))
		}
		data.Rows = append(data.Rows, row)
		for k, s := range h.Series {
			totals[k] += s.Counts[i]
		}
	}
	for k, s := range h.Series {
		for i := range h.bins() {
			share := 0.0
			if totals[k] > 0 {
				share = s.Counts[i] / totals[k]
			}
			r := object{"label": h.label(i), "series": s.Name, "count": numberOf(s.Counts[i]), "share": numberOf(share), "text": Quantity{Value: share, Unit: "%", Decimals: Auto}.String(), "n": decimal(s.Counts[i], 0, false)}
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
	alt := fmt.Sprintf("%s in %d bins", h.Axis, h.bins())
	if len(h.Series) > 1 {
		alt += " for " + strings.Join(names, " and ")
	}
	alt += "."
	spec := h.spec(alt)
	return finished(h.Title, h.Caption, alt, spec, rows, data)
}

func (h Histogram) label(i int) string {
	if len(h.Labels) > 0 {
		return h.Labels[i]
	}
	q := Quantity{Unit: h.Unit, Decimals: Auto, Value: h.Edges[i], Interval: &Interval{Low: h.Edges[i], High: h.Edges[i+1]}}
	return q.Range()
}

func (h Histogram) spec(alt string) object {
	field, title, unit := "count", "rows", ""
	many := len(h.Series) > 1
	if many {
		field, title, unit = "share", "share of rows", "%"
	}
	tip := tooltip("label:"+h.Axis, "text:share", "n:rows")
	color := object{}
	if many {
		tip = tooltip("series:", "label:"+h.Axis, "text:share", "n:rows")
		color = object{"color": nominal("series", nil)}
	}
	amount := quantitative(field, axis(title, unit, true), object{"stack": nil})
	if len(h.Labels) > 0 {
		enc := merged(object{"y": nominal("label", nil, object{"axis": object{"grid": false}}), "x": amount, "tooltip": tip}, color)
		if many {
			enc["yOffset"] = nominal("series", nil)
		}
		return merged(layers((24+8*(len(h.Series)-1))*h.bins(), alt, object{"mark": h.mark(many), "encoding": enc}))
	}
	x := quantitative("low", axis(h.Axis, h.Unit, false), object{"bin": "binned", "scale": object{"zero": false, "nice": false}})
	if many {
		// Outlines do not hide each other as bars do.
		edge := merged(x)
		delete(edge, "bin")
		line := object{"mark": object{"type": "area", "interpolate": "step-after", "fillOpacity": 0.14, "line": object{"strokeWidth": 1.75}}, "encoding": merged(object{"x": edge, "y": amount}, color)}
		hover := object{"mark": object{"type": "bar", "fillOpacity": 0, "binSpacing": 0}, "encoding": object{"x": x, "x2": object{"field": "high"}, "y": amount, "tooltip": tip, "detail": nominal("series", nil)}, "transform": only("!datum.end")}
		return layers(220, alt, line, hover)
	}
	return layers(220, alt, object{"transform": only("!datum.end"), "mark": merged(h.mark(false), object{"binSpacing": 1}), "encoding": object{"x": x, "x2": object{"field": "high"}, "y": amount, "tooltip": tip}})
}

func (h Histogram) mark(many bool) object {
	if many {
		return object{"type": "bar"}
	}
	return object{"type": "bar", "style": "bar-main"}
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
	data := Table{Columns: []Column{{Title: "Column", Code: true}, {Title: "Index", Number: true, Decimals: 3}, {Title: "Reading"}}}
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
		rows = append(rows, object{"name": r.Name, "value": numberOf(r.Index), "level": level, "text": decimal(r.Index, 3, false) + ", " + level})
		data.Rows = append(data.Rows, Row{Cells: []Cell{Str(r.Name), Num(r.Index), Mark(level, tone)}})
	}
	alt := fmt.Sprintf("Drift of %d columns: %d moved, %d moving, %d stable.", len(d.Rows), count["moved"], count["moving"], count["stable"])
	y := nominal("name", column(rows, "name"), object{"axis": object{"grid": false}})
	x := func(field string) object {
		return quantitative(field, axis("population stability index", "", false), object{"scale": object{"domainMin": 0}})
	}
	bar := func(level, style string) list {
		return part(rows, "level", level, object{"mark": object{"type": "bar", "style": style, "height": object{"band": 0.62}}, "encoding": object{"y": y, "x": x("value"), "tooltip": tooltip("name:", "text:drift")}})
	}
	border := object{"data": values(object{"at": driftSome, "name": "moving"}, object{"at": driftMuch, "name": "moved"}), "layer": list{
		object{"mark": object{"type": "rule", "style": "reference"}, "encoding": object{"x": x("at")}},
		object{"mark": object{"type": "text", "style": "note-faint", "align": "left", "dx": 4, "baseline": "bottom", "dy": -2}, "encoding": object{"x": x("at"), "y": object{"value": 0}, "text": object{"field": "name", "type": "nominal"}}},
	}}
	spec := layers(26*len(d.Rows), alt, bar("stable", "bar-main"), bar("moving", "bar-warn"), bar("moved", "bar-loss"), border)
	return finished(d.Title, d.Caption, alt, spec, rows, data)
}
