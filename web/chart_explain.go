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
	data := Table{Columns: []Column{{Title: "Column", Code: true}, amounts(p.Measure, p.Unit, p.Decimals)}}
	var first []string
	for _, r := range p.Rows {
		low, high := bounds(r.Value, r.Interval)
		// A column whose interval holds zero has not been shown to matter.
		sure := r.Interval == nil && r.Value > 0 || r.Interval != nil && r.Interval.Low > 0
		text := estimate(r.Value, r.Interval, p.Unit, p.Decimals)
		rows = append(rows, object{
			"name": r.Name, "value": numberOf(r.Value), "low": low, "high": high, "sure": sure, "text": text,
		})
		data.Rows = append(data.Rows, Row{Cells: []Cell{Str(r.Name), {Value: r.Value, Interval: r.Interval}}})
		if len(first) < 5 {
			first = append(first, r.Name+" "+text)
		}
	}
	alt := fmt.Sprintf("%s, %d columns; first %s.",
		p.Measure, len(p.Rows), strings.Join(first, ", "))
	y := nominal("name", column(rows, "name"), object{"axis": object{"grid": false}})
	x := func(name string) object { return quantitative(name, axis(p.Measure, p.Unit, true)) }
	bar := func(sure bool, style string) list {
		return part(rows, "sure", sure, layer(sideBar(style), object{"y": y, "x": x("value"), "tooltip": hover(p.Measure)}))
	}
	spec := layers(26*len(p.Rows), alt,
		bar(true, "bar-main"), bar(false, "bar-mute"),
		inline(list{object{"zero": 0}}, layer(mark("rule", "zero"), object{"x": x("zero")})),
		layer(mark("rule", "whisker-ink"), object{"y": y, "x": x("low"), "x2": field("high")}),
	)
	return finished(p.Title, p.Caption, alt, spec, rows, data)
}

// sideBar is a bar beside its name.
func sideBar(style string) object {
	return mark("bar", style, object{"height": object{"band": 0.62}})
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
	// Start and End name the first and last row: "average", "this row".
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
	data := Table{Columns: []Column{
		{Title: "Reason"}, amounts("Adds", p.Unit, p.Decimals), amounts(p.Axis, p.Unit, p.Decimals),
	}}
	data.Columns[1].Signed = true
	rows := list{}
	seen := map[string]bool{}
	// bar adds a row from one value to another and gives its name.
	bar := func(name, part string, from, to float64, text string) string {
		for seen[name] { // the chart needs names that differ
			name += " "
		}
		seen[name] = true
		rows = append(rows, object{
			"name": name, "part": part, "end": part == "end", "from": numberOf(from), "to": numberOf(to),
			"label": text, "text": text,
		})
		return name
	}
	end := func(name string, at float64) {
		name = bar(name, "end", at, at, p.write(at, false))
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
	alt := fmt.Sprintf("%s: %s %s; %s; %s %s.", p.Axis, p.Start, p.write(p.Base, false),
		strings.Join(words, ", "), p.End, p.write(at, false))
	return finished(p.Title, p.Caption, alt, p.spec(alt, rows), rows, data)
}

func (p Waterfall) write(v float64, signed bool) string {
	return Quantity{Value: v, Unit: p.Unit, Decimals: p.Decimals, Signed: signed}.String()
}

func (p Waterfall) spec(alt string, rows list) object {
	y := nominal("name", column(rows, "name"), object{"axis": nil})
	// Zero means nothing on the scale of log-odds, so the bars may use all of
	// the width.
	scale := object{"scale": object{"zero": false, "padding": 14}}
	x := func(name string) object { return quantitative(name, axis(p.Axis, p.Unit, false), scale) }
	bar := func(kind, style string) list {
		look := mark("bar", style, object{"height": 11, "yOffset": barDown})
		places := object{"y": y, "x": x("from"), "x2": field("to"), "tooltip": hover("adds")}
		return part(rows, "part", kind, layer(look, places))
	}
	up, down := "bar-main", "bar-second"
	switch p.Up {
	case Bad:
		up, down = "bar-loss", "bar-main"
	case Good:
		down = "bar-loss"
	}
	dot := mark("point", "dot-ink", object{"size": 130, "yOffset": barDown})
	return layers(42*len(rows), alt,
		track(y), tick(y, x("to"), "link", 20), bar("up", up), bar("down", down),
		part(rows, "part", "end", layer(dot, object{"y": y, "x": x("to"), "tooltip": hover("value")})),
		names(rows, "end", false, y, "note"), names(rows, "end", true, y, "note-strong"),
	)
}

// Tornado shows how an answer moves when each of its numbers is wrong, the one
// that moves it most first.
type Tornado struct {
	Title, Caption string
	// Unit is the currency and Per what the answer is per: "a month".
	Unit, Per string
	// Share is by how much each number is smaller and larger, such as 0.2.
	Share float64
	// Base is the answer as it is.
	Base float64
	Rows []Swing
}

// Swing is one number that may be wrong.
type Swing struct {
	Name string
	// Low and High are the answer with the number smaller and larger.
	Low, High float64
	// Note follows the name, such as the value at which the answer turns.
	Note string
}

// Chart draws a bar per number, from the answer with less of it to the answer
// with more.
func (p Tornado) Chart() Chart {
	smaller, larger := Quantity{Value: -p.Share, Unit: "%"}.String(), Quantity{Value: p.Share, Unit: "%", Signed: true}.String()
	rows := list{}
	data := Table{Columns: []Column{{Title: "Number"}, amounts(smaller, p.Unit, Auto), amounts(larger, p.Unit, Auto), {Title: "Turns"}}}
	var words []string
	for _, s := range p.Rows {
		low := Quantity{Value: s.Low, Unit: p.Unit, Decimals: Auto}
		high := Quantity{Value: s.High, Unit: p.Unit, Decimals: Auto}
		rows = append(rows, object{
			"name": s.Name, "base": numberOf(p.Base), "low": numberOf(s.Low), "high": numberOf(s.High), "every": true,
			"label": low.number(s.Low) + " to " + high.number(s.High), "less": low.String(), "more": high.String(),
		})
		data.Rows = append(data.Rows, Row{Cells: []Cell{Str(s.Name), Num(s.Low), Num(s.High), Str(s.Note)}})
		words = append(words, fmt.Sprintf("%s %s to %s", s.Name, low, high))
	}
	alt := fmt.Sprintf("Money %s with each number %s and %s: %s.", p.Per, smaller, larger, strings.Join(words, "; "))
	y := nominal("name", column(rows, "name"), object{"axis": nil})
	x := func(name string) object { return quantitative(name, axis("money "+p.Per, p.Unit, false)) }
	bar := func(end, style, text, title string) object {
		look := mark("bar", style, object{"height": 11, "yOffset": barDown})
		return layer(look, object{"y": y, "x": x("base"), "x2": field(end), "tooltip": tooltip("name:", text+":"+title)})
	}
	spec := layers(42*len(rows), alt,
		track(y),
		inline(list{object{"zero": 0}}, layer(mark("rule", "zero"), object{"x": x("zero")})),
		bar("low", "bar-second", "less", smaller), bar("high", "bar-main", "more", larger),
		tick(y, x("base"), "link", 20),
		names(rows, "every", true, y, "note"),
	)
	return finished(p.Title, p.Caption, alt, spec, rows, data)
}
