package web

import (
	"fmt"
	"math"
	"slices"
)

// ProfitCurve shows the money for every share of rows that could be acted on,
// the most promising first, and where the chosen decisions lie.
type ProfitCurve struct {
	Title, Caption string
	// Action says what is done to a row: "granted", "called".
	Action string
	// Unit is the currency and Per what Money is per: "per 1,000 decisions".
	Unit, Per string
	// Points are the curve, by rising share.
	Points []CurvePoint
	// Chosen is the point of the model's own decisions; nil when it has none.
	Chosen *CurvePoint
	// References are horizontal lines: do nothing, today's rule, perfect.
	References []Reference
}

// CurvePoint is the money when a share (0 to 1) of the rows is acted on.
type CurvePoint struct {
	Share, Money float64
	// Interval belongs to Money; nil when there is none.
	Interval *Interval
}

// text is the point as people read it.
func (c CurvePoint) text(unit string) (share, money string) {
	return Quantity{Value: c.Share, Unit: "%"}.String(), estimate(c.Money, c.Interval, unit, 0)
}

// Reference is a named amount.
type Reference struct {
	Name  string
	Money float64
}

// Chart draws the curve.
func (p ProfitCurve) Chart() Chart {
	rows := list{}
	best := CurvePoint{Money: math.Inf(-1)}
	data := Table{Columns: []Column{{Title: "Share " + p.Action, Number: true, Unit: "%"}, {Title: "Money " + p.Per, Number: true, Unit: p.Unit}}}
	for _, c := range p.Points {
		low, high := bounds(c.Money, c.Interval)
		share, money := c.text(p.Unit)
		rows = append(rows, object{"share": numberOf(c.Share), "money": numberOf(c.Money), "low": low, "high": high, "acted": share, "text": money})
		data.Rows = append(data.Rows, Row{Cells: []Cell{Num(c.Share), {Value: c.Money, Interval: c.Interval}}})
		if c.Money > best.Money {
			best = c
		}
	}
	alt := fmt.Sprintf("Money %s against the share %s.", p.Per, p.Action)
	if len(p.Points) > 0 {
		share, money := best.text(p.Unit)
		alt += fmt.Sprintf(" The top of the curve is %s at %s.", money, share)
	}
	if p.Chosen != nil {
		share, money := p.Chosen.text(p.Unit)
		alt += fmt.Sprintf(" The chosen decisions earn %s at %s.", money, share)
	}
	x, y := p.x(), p.y
	spec := layers(340, alt,
		object{"data": values(object{"money": 0}), "mark": object{"type": "rule", "style": "zero"}, "encoding": object{"y": y("money")}},
		object{"mark": object{"type": "area", "style": "band"}, "encoding": object{"x": x, "y": y("low"), "y2": object{"field": "high"}}},
		object{"mark": object{"type": "line", "style": "series"}, "encoding": object{"x": x, "y": y("money")}},
		p.references(),
		object{
			"params": list{object{"name": "hover", "select": object{"type": "point", "on": "pointerover", "nearest": true, "clear": "pointerout", "fields": list{"share"}}}},
			"mark":   object{"type": "point", "style": "dot-main", "size": 70},
			"encoding": object{
				"x": x, "y": y("money"), "tooltip": tooltip("acted:"+p.Action, "text:money"),
				"opacity": object{"condition": object{"param": "hover", "empty": false, "value": 1}, "value": 0},
			},
		},
	)
	if p.Chosen != nil {
		spec["layer"] = append(spec["layer"].(list), p.chosen())
	}
	return finished(p.Title, p.Caption, alt, spec, rows, data)
}

func (p ProfitCurve) x() object {
	return quantitative("share", axis("share "+p.Action, "%", false), object{"scale": object{"domain": list{0, 1}, "nice": false}})
}

func (p ProfitCurve) y(field string) object {
	return quantitative(field, axis("money "+p.Per, p.Unit, true))
}

// references are the horizontal lines with their names. Where a line is close
// below another, its name goes under it so that the two do not collide.
func (p ProfitCurve) references() list {
	refs := slices.Clone(p.References)
	slices.SortStableFunc(refs, func(a, b Reference) int {
		if a.Money < b.Money {
			return -1
		}
		if a.Money > b.Money {
			return 1
		}
		return 0
	})
	low, high := 0.0, 0.0
	for _, c := range p.Points {
		low, high = math.Min(low, c.Money), math.Max(high, c.Money)
	}
	for _, r := range refs {
		low, high = math.Min(low, r.Money), math.Max(high, r.Money)
	}
	rows := list{}
	for i, r := range refs {
		under := i+1 < len(refs) && refs[i+1].Money-r.Money < 0.08*(high-low)
		rows = append(rows, object{"name": r.Name, "money": numberOf(r.Money), "under": under, "text": Quantity{Value: r.Money, Unit: p.Unit}.String()})
	}
	name := func(under bool, baseline string, dy int) list {
		return part(rows, "under", under, object{
			"data": values(rows...), "mark": object{"type": "text", "style": "note-faint", "align": "right", "baseline": baseline, "dy": dy},
			"encoding": object{"x": object{"value": "width"}, "y": p.y("money"), "text": object{"field": "name", "type": "nominal"}},
		})
	}
	if len(rows) == 0 {
		return rows
	}
	line := object{"data": values(rows...), "mark": object{"type": "rule", "style": "reference"}, "encoding": object{"y": p.y("money"), "tooltip": tooltip("name:", "text:money")}}
	return slices.Concat(list{line}, name(true, "top", 4), name(false, "bottom", -3))
}

// chosen marks the model's own decisions: a drop line, a dot and a label.
func (p ProfitCurve) chosen() object {
	c := *p.Chosen
	low, high := bounds(c.Money, c.Interval)
	share, money := c.text(p.Unit)
	x, y := p.x(), p.y
	align, dx := "left", 11
	if c.Share > 0.6 {
		align, dx = "right", -11
	}
	at := values(object{
		"share": numberOf(c.Share), "money": numberOf(c.Money), "low": low, "high": high, "zero": 0,
		"label": Quantity{Value: c.Money, Unit: p.Unit}.String(), "acted": share, "text": money,
	})
	return object{"data": at, "layer": list{
		object{"mark": object{"type": "rule", "style": "drop"}, "encoding": object{"x": x, "y": y("zero"), "y2": object{"field": "money"}}},
		object{"mark": object{"type": "rule", "style": "whisker"}, "encoding": object{"x": x, "y": y("low"), "y2": object{"field": "high"}}},
		object{"mark": object{"type": "point", "style": "dot-main", "size": 140}, "encoding": object{"x": x, "y": y("money"), "tooltip": tooltip("acted:"+p.Action, "text:money")}},
		object{"mark": object{"type": "text", "style": "note-main", "align": align, "dx": dx, "dy": -13}, "encoding": object{"x": x, "y": y("money"), "text": object{"field": "label", "type": "nominal"}}},
	}}
}

// Policies compares ways to decide by their money: do nothing, act on all,
// today's rule, the candidates, a perfect model.
type Policies struct {
	Title, Caption string
	// Unit is the currency and Per what Money is per.
	Unit, Per string
	// Rows are the policies in the order to show; names must differ.
	Rows []Policy
}

// Policy is one way to decide.
type Policy struct {
	Name  string
	Money float64
	// Interval belongs to Money; nil when there is none.
	Interval *Interval
	// Chosen highlights the policy.
	Chosen bool
}

// Chart draws one line per policy, in the order given.
func (p Policies) Chart() Chart {
	rows := list{}
	data := Table{Columns: []Column{{Title: "Policy"}, {Title: "Money " + p.Per, Number: true, Unit: p.Unit, Whisker: true}}}
	alt := "Money " + p.Per + ":"
	for i, r := range p.Rows {
		low, high := bounds(r.Money, r.Interval)
		text := estimate(r.Money, r.Interval, p.Unit, 0)
		rows = append(rows, object{
			"name": r.Name, "money": numberOf(r.Money), "low": low, "high": high, "zero": 0, "chosen": r.Chosen,
			"label": Quantity{Value: r.Money}.String(), "text": text,
		})
		data.Rows = append(data.Rows, Row{Cells: []Cell{Str(r.Name), {Value: r.Money, Interval: r.Interval}}, Chosen: r.Chosen})
		if i > 0 {
			alt += ";"
		}
		alt += " " + r.Name + " " + text
	}
	spec := p.spec(alt+".", rows)
	return finished(p.Title, p.Caption, alt+".", spec, rows, data)
}

func (p Policies) spec(alt string, rows list) object {
	y := nominal("name", column(rows, "name"), object{"axis": nil})
	x := func(field string) object { return quantitative(field, axis("money "+p.Per, p.Unit, false)) }
	const drop = 9 // the line lies below the row's name
	mark := func(chosen bool, mark, encoding object) list {
		return part(rows, "chosen", chosen, object{"mark": merged(mark, object{"yOffset": drop}), "encoding": merged(object{"y": y}, encoding)})
	}
	text := func(chosen bool, style, align, field string, at any) list {
		return part(rows, "chosen", chosen, object{
			"mark":     object{"type": "text", "style": style, "align": align, "dy": -9},
			"encoding": object{"y": y, "x": object{"value": at}, "text": object{"field": field, "type": "nominal"}},
		})
	}
	span := object{"x": x("low"), "x2": object{"field": "high"}}
	dot := object{"x": x("money"), "tooltip": tooltip("name:", "text:money")}
	const chosen, other = true, false
	return layers(48*len(rows), alt,
		object{"mark": object{"type": "rule", "style": "track", "yOffset": drop}, "encoding": object{"y": y, "x": object{"value": 0}, "x2": object{"value": "width"}}},
		object{"mark": object{"type": "tick", "style": "zero-tick", "orient": "vertical", "height": 14, "thickness": 1, "yOffset": drop}, "encoding": object{"y": y, "x": x("zero")}},
		mark(other, object{"type": "rule", "style": "whisker-mute"}, span), mark(chosen, object{"type": "rule", "style": "whisker"}, span),
		mark(other, object{"type": "point", "style": "dot-mute", "size": 110}, dot), mark(chosen, object{"type": "point", "style": "dot-main", "size": 150}, dot),
		text(other, "note", "left", "name", 0), text(chosen, "note-strong", "left", "name", 0),
		text(other, "note", "right", "label", "width"), text(chosen, "note-strong", "right", "label", "width"),
	)
}

// Trials shows every candidate that was tried by quality and by money, so that
// one sees whether the most accurate is the one that earns most.
type Trials struct {
	Title, Caption string
	// Metric is the name of the quality measure.
	Metric string
	// Lower says that less of the metric is better; the axis is then turned,
	// so that right is always better.
	Lower bool
	// Unit is the currency and Per what Money is per.
	Unit, Per string
	Points    []Trial
}

// Trial is one candidate.
type Trial struct {
	// Model is the kind of model and gives the colour; Label tells trials of
	// a kind apart in tooltips.
	Model, Label  string
	Metric, Money float64
	// Mark is a word or two beside the point, such as "earns most"; empty for
	// all but the ones that matter.
	Mark string
}

// Chart draws a dot per trial.
func (t Trials) Chart() Chart {
	rows, marked := list{}, list{}
	data := Table{Columns: []Column{{Title: "Model", Code: true}, {Title: "Trial"}, {Title: t.Metric, Number: true, Decimals: 4}, {Title: "Money " + t.Per, Number: true, Unit: t.Unit}}}
	alt := fmt.Sprintf("%d trials by %s and money %s.", len(t.Points), t.Metric, t.Per)
	for _, p := range t.Points {
		row := object{
			"model": p.Model, "label": p.Label, "metric": numberOf(p.Metric), "money": numberOf(p.Money), "mark": p.Mark,
			"quality": decimal(p.Metric, 4, false), "text": Quantity{Value: p.Money, Unit: t.Unit}.String(),
		}
		rows = append(rows, row)
		data.Rows = append(data.Rows, Row{Cells: []Cell{Str(p.Model), Str(p.Label), Num(p.Metric), Num(p.Money)}, Chosen: p.Mark != "", Badge: p.Mark})
		if p.Mark != "" {
			marked = append(marked, row)
			alt += fmt.Sprintf(" %s: %s, %s %s, %s.", p.Mark, p.Model, t.Metric, row["quality"], row["text"])
		}
	}
	x := quantitative("metric", axis(t.Metric+" (right is better)", "", true), object{"scale": object{"zero": false, "nice": true, "reverse": t.Lower, "padding": 12}})
	y := quantitative("money", axis("money "+t.Per, t.Unit, true), object{"scale": object{"zero": false, "padding": 14}})
	tip := tooltip("model:", "label:trial", "quality:"+t.Metric, "text:money")
	spec := layers(340, alt,
		object{"mark": object{"type": "point", "filled": true, "size": 80, "opacity": 0.75}, "encoding": object{"x": x, "y": y, "color": nominal("model", nil), "tooltip": tip}},
	)
	if len(marked) > 0 {
		spec["layer"] = append(spec["layer"].(list), object{"data": values(marked...), "layer": list{
			object{"mark": object{"type": "point", "style": "ring", "size": 190}, "encoding": object{"x": x, "y": y, "tooltip": tip}},
			object{"mark": object{"type": "text", "style": "note-main", "dy": -17}, "encoding": object{"x": x, "y": y, "text": object{"field": "mark", "type": "nominal"}}},
		}})
	}
	return finished(t.Title, t.Caption, alt, spec, rows, data)
}
