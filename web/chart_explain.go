package web

import (
	"fmt"
	"strings"
)

// Importance shows how much each column matters: the loss, in quality or in
// money, when the column is shuffled.
type Importance struct {
	Title, Caption string
	// Measure names what is lost: "AUC lost", "money lost per 1,000
	// decisions". Unit is its unit, empty for plain numbers.
	Measure, Unit string
	// Decimals is how many decimals are shown; Auto picks them by size.
	Decimals int
	// Rows are the columns, best sorted with the most important first.
	Rows []ImportanceRow
}

// ImportanceRow is one column.
type ImportanceRow struct {
	Name  string
	Value float64
	// Interval belongs to Value; nil when there is none.
	Interval *Interval
}

// Chart draws a bar per column with its interval.
func (p Importance) Chart() Chart {
	rows := list{}
	data := Table{Columns: []Column{{Title: "Column", Code: true}, {Title: p.Measure, Number: true, Unit: p.Unit, Decimals: p.Decimals}}}
	var first []string
	for _, r := range p.Rows {
		low, high := bounds(r.Value, r.Interval)
		// A column whose interval holds zero has not been shown to matter.
		sure := r.Interval == nil && r.Value > 0 || r.Interval != nil && r.Interval.Low > 0
		text := estimate(r.Value, r.Interval, p.Unit, p.Decimals)
		rows = append(rows, object{"name": r.Name, "value": numberOf(r.Value), "low": low, "high": high, "sure": sure, "zero": 0, "text": text})
		data.Rows = append(data.Rows, Row{Cells: []Cell{Str(r.Name), {Value: r.Value, Interval: r.Interval}}})
		if len(first) < 5 {
			first = append(first, r.Name+" "+text)
		}
	}
	alt := fmt.Sprintf("%s when a column is shuffled, %d columns; first %s.", p.Measure, len(p.Rows), strings.Join(first, ", "))
	y := nominal("name", object{"axis": object{"grid": false}})
	x := func(field string) object {
		return quantitative(field, object{"axis": object{"title": withUnit(p.Measure, p.Unit), "format": "~g"}})
	}
	bar := func(filter, style string) object {
		return object{"transform": list{object{"filter": filter}}, "mark": object{"type": "bar", "style": style, "height": object{"band": 0.62}}, "encoding": object{"y": y, "x": x("value"), "tooltip": tooltip("name:", "text:"+p.Measure)}}
	}
	spec := layers(object{"step": 26}, alt,
		bar("datum.sure", "bar-main"), bar("!datum.sure", "bar-mute"),
		object{"data": values(object{"zero": 0}), "mark": object{"type": "rule", "style": "zero"}, "encoding": object{"x": quantitative("zero")}},
		object{"mark": object{"type": "rule", "style": "whisker-ink"}, "encoding": object{"y": y, "x": x("low"), "x2": object{"field": "high"}}},
	)
	spec["data"] = values(rows...)
	return Chart{Title: p.Title, Caption: p.Caption, Alt: alt, Spec: spec, Data: data}
}

// Waterfall shows how one row's prediction comes about: from the average, one
// reason after the other, to the prediction.
type Waterfall struct {
	Title, Caption string
	// Axis names what is added up: "probability of bad", "log-odds", "money".
	Axis string
	// Unit is "%" for probabilities, else the unit of the axis.
	Unit string
	// Decimals is how many decimals are shown; Auto picks them by size.
	Decimals int
	// Start and End name the first and last bar: "average", "this row".
	Start, End string
	// Base is the value of Start; the End is Base plus all effects.
	Base    float64
	Reasons []Reason
}

// Reason is what one column's value adds.
type Reason struct {
	// Name is the column and Value its value in this row, as text; a sum of
	// many small reasons has no Value.
	Name, Value string
	// Effect is what it adds, in the unit of the axis.
	Effect float64
}

// Chart draws the reasons from top to bottom.
func (p Waterfall) Chart() Chart {
	at := p.Base
	rows := list{object{"name": p.Start, "from": numberOf(0), "to": numberOf(at), "next": numberOf(at), "part": "end", "label": p.write(at, false), "text": p.write(at, false)}}
	data := Table{Columns: []Column{{Title: "Reason"}, {Title: "Adds", Number: true, Unit: p.Unit, Decimals: p.Decimals, Signed: true}, {Title: p.Axis, Number: true, Unit: p.Unit, Decimals: p.Decimals}}}
	data.Rows = append(data.Rows, Row{Cells: []Cell{Str(p.Start), Str(" "), Num(at)}})
	seen := map[string]bool{p.Start: true, p.End: true}
	var words []string
	for _, r := range p.Reasons {
		name := r.Name
		if r.Value != "" {
			name += " = " + r.Value
		}
		for seen[name] { // the chart needs different names
			name += " "
		}
		seen[name] = true
		part := "up"
		if r.Effect < 0 {
			part = "down"
		}
		to := at + r.Effect
		rows = append(rows, object{"name": name, "from": numberOf(at), "to": numberOf(to), "next": numberOf(to), "part": part, "label": p.write(r.Effect, true), "text": p.write(r.Effect, true)})
		at = to
		data.Rows = append(data.Rows, Row{Cells: []Cell{Str(name), Num(r.Effect), Num(at)}})
		words = append(words, name+" "+p.write(r.Effect, true))
	}
	rows = append(rows, object{"name": p.End, "from": numberOf(0), "to": numberOf(at), "next": numberOf(at), "part": "end", "label": p.write(at, false), "text": p.write(at, false)})
	data.Rows = append(data.Rows, Row{Cells: []Cell{Str(p.End), Str(" "), Num(at)}, Chosen: true})
	alt := fmt.Sprintf("%s: %s %s; %s; %s %s.", p.Axis, p.Start, p.write(p.Base, false), strings.Join(words, ", "), p.End, p.write(at, false))
	spec := p.spec(alt)
	spec["data"] = values(rows...)
	return Chart{Title: p.Title, Caption: p.Caption, Alt: alt, Spec: spec, Data: data}
}

func (p Waterfall) write(v float64, signed bool) string {
	return Quantity{Value: v, Unit: p.Unit, Decimals: p.Decimals, Signed: signed}.String()
}

func (p Waterfall) spec(alt string) object {
	y := nominal("name", object{"axis": nil})
	x := func(field string) object {
		return quantitative(field, object{"axis": object{"title": withUnit(p.Axis, p.Unit), "format": axisFormat(p.Unit)}})
	}
	bar := func(part, style string) object {
		return object{"transform": list{object{"filter": "datum.part == '" + part + "'"}}, "mark": object{"type": "bar", "style": style, "height": 12, "yOffset": 7}, "encoding": object{"y": y, "x": x("from"), "x2": object{"field": "to"}, "tooltip": tooltip("name:", "text:adds")}}
	}
	return layers(object{"step": 40}, alt,
		object{"data": values(object{"zero": 0}), "mark": object{"type": "rule", "style": "zero"}, "encoding": object{"x": quantitative("zero")}},
		object{"mark": object{"type": "tick", "style": "link", "orient": "vertical", "height": 20, "thickness": 1, "yOffset": 9}, "encoding": object{"y": y, "x": x("next")}},
		bar("up", "bar-loss"), bar("down", "bar-main"), bar("end", "bar-mute"),
		object{"mark": object{"type": "text", "style": "note", "align": "left", "dy": -9}, "encoding": object{"y": y, "x": object{"value": 0}, "text": object{"field": "name", "type": "nominal"}}},
		object{"mark": object{"type": "text", "style": "note-main", "align": "right", "dy": -9}, "encoding": object{"y": y, "x": object{"value": "width"}, "text": object{"field": "label", "type": "nominal"}}},
	)
}
