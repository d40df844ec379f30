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
	y := nominal("name", column(rows, "name"), object{"axis": object{"grid": false}})
	x := func(field string) object { return quantitative(field, axis(p.Measure, p.Unit, true)) }
	bar := func(sure bool, style string) list {
		return part(rows, "sure", sure, object{"mark": object{"type": "bar", "style": style, "height": object{"band": 0.62}}, "encoding": object{"y": y, "x": x("value"), "tooltip": tooltip("name:", "text:"+p.Measure)}})
	}
	spec := layers(26*len(p.Rows), alt,
		bar(true, "bar-main"), bar(false, "bar-mute"),
		object{"data": values(object{"zero": 0}), "mark": object{"type": "rule", "style": "zero"}, "encoding": object{"x": x("zero")}},
		object{"mark": object{"type": "rule", "style": "whisker-ink"}, "encoding": object{"y": y, "x": x("low"), "x2": object{"field": "high"}}},
	)
	return finished(p.Title, p.Caption, alt, spec, rows, data)
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
	// Up is the tone of what adds: Bad for the probability of a loss, Good for
	// money. Neutral gives both directions colours without a judgement.
	Up Tone
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
	data := Table{Columns: []Column{{Title: "Reason"}, {Title: "Adds", Number: true, Unit: p.Unit, Decimals: p.Decimals, Signed: true}, {Title: p.Axis, Number: true, Unit: p.Unit, Decimals: p.Decimals}}}
	rows := list{}
	seen := map[string]bool{}
	// bar adds a row from one value to another and gives its name.
	bar := func(name, part string, from, to float64, label string) string {
		for seen[name] { // the chart needs names that differ
			name += " "
		}
		seen[name] = true
		rows = append(rows, object{"name": name, "part": part, "end": part == "end", "from": numberOf(from), "to": numberOf(to), "next": numberOf(to), "zero": 0, "label": label, "text": label})
		return name
	}
	end := func(name string, at float64) {
		name = bar(name, "end", 0, at, p.write(at, false))
		data.Rows = append(data.Rows, Row{Cells: []Cell{Str(name), Str(" "), Num(at)}})
	}
	at := p.Base
	end(p.Start, at)
	var words []string
	for _, r := range p.Reasons {
		name, part := r.Name, "up"
		if r.Value != "" {
			name += " = " + r.Value
		}
		if r.Effect < 0 {
			part = "down"
		}
		effect := p.write(r.Effect, true)
		name = bar(name, part, at, at+r.Effect, effect)
		at += r.Effect
		data.Rows = append(data.Rows, Row{Cells: []Cell{Str(name), Num(r.Effect), Num(at)}})
		words = append(words, name+" "+effect)
	}
	end(p.End, at)
	data.Rows[len(data.Rows)-1].Chosen = true
	alt := fmt.Sprintf("%s: %s %s; %s; %s %s.", p.Axis, p.Start, p.write(p.Base, false), strings.Join(words, ", "), p.End, p.write(at, false))
	return finished(p.Title, p.Caption, alt, p.spec(alt, rows), rows, data)
}

func (p Waterfall) write(v float64, signed bool) string {
	return Quantity{Value: v, Unit: p.Unit, Decimals: p.Decimals, Signed: signed}.String()
}

func (p Waterfall) spec(alt string, rows list) object {
	y := nominal("name", column(rows, "name"), object{"axis": nil})
	x := func(field string) object { return quantitative(field, axis(p.Axis, p.Unit, false)) }
	const drop = 9 // the bar lies below the reason's name
	bar := func(kind, style string) list {
		return part(rows, "part", kind, object{
			"mark":     object{"type": "bar", "style": style, "height": 11, "yOffset": drop},
			"encoding": object{"y": y, "x": x("from"), "x2": object{"field": "to"}, "tooltip": tooltip("name:", "text:adds")},
		})
	}
	tick := func(field, style string, height int) object {
		return object{
			"mark":     object{"type": "tick", "style": style, "orient": "vertical", "height": height, "thickness": 1, "yOffset": drop},
			"encoding": object{"y": y, "x": x(field)},
		}
	}
	text := func(end bool, style, align, field string, at any) list {
		return part(rows, "end", end, object{
			"mark":     object{"type": "text", "style": style, "align": align, "dy": -9},
			"encoding": object{"y": y, "x": object{"value": at}, "text": object{"field": field, "type": "nominal"}},
		})
	}
	up, down := "bar-main", "bar-second"
	switch p.Up {
	case Bad:
		up, down = "bar-loss", "bar-main"
	case Good:
		down = "bar-loss"
	}
	return layers(42*len(rows), alt,
		object{"mark": object{"type": "rule", "style": "track", "yOffset": drop}, "encoding": object{"y": y, "x": object{"value": 0}, "x2": object{"value": "width"}}},
		tick("zero", "zero-tick", 16), tick("next", "link", 20),
		bar("up", up), bar("down", down), bar("end", "bar-mute"),
		text(false, "note", "left", "name", 0), text(true, "note-strong", "left", "name", 0),
		text(false, "note", "right", "label", "width"), text(true, "note-strong", "right", "label", "width"),
	)
}
