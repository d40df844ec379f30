package web

import (
	"fmt"
	"math"
	"sort"
)

// ProfitCurve shows the money for every share of rows that could be acted on,
// the most promising first, and where the chosen decisions lie.
type ProfitCurve struct {
	Title, Caption string
	// Action is the verb of acting on a row: "granted", "called".
	Action string
	// Unit is the currency and Per what Money is per: "per 1,000 decisions".
	Unit, Per string
	Points    []CurvePoint
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

// Reference is a named amount.
type Reference struct {
	Name  string
	Money float64
}

// Chart draws the curve.
func (p ProfitCurve) Chart() Chart {
	rows := list{}
	best := CurvePoint{Money: math.Inf(-1)}
	data := Table{Columns: []Column{{Title: "Share " + p.Action, Number: true, Unit: "%", Decimals: 0}, {Title: "Money", Number: true, Unit: p.Unit, Decimals: 0}}}
	for _, c := range p.Points {
		low, high := bounds(c.Money, c.Interval)
		rows = append(rows, object{
			"share": numberOf(c.Share), "money": numberOf(c.Money), "low": low, "high": high,
			"acted": Quantity{Value: c.Share, Unit: "%", Decimals: 0}.String(), "text": estimate(c.Money, c.Interval, p.Unit, 0),
		})
		if c.Money > best.Money {
			best = c
		}
		data.Rows = append(data.Rows, Row{Cells: []Cell{Num(c.Share), {Value: c.Money, Interval: c.Interval}}})
	}
	alt := fmt.Sprintf("Money %s against the share %s. The top of the curve is %s at %s.", p.Per, p.Action,
		estimate(best.Money, best.Interval, p.Unit, 0), Quantity{Value: best.Share, Unit: "%", Decimals: 0})
	if p.Chosen != nil {
		alt += fmt.Sprintf(" The chosen decisions earn %s at %s.", estimate(p.Chosen.Money, p.Chosen.Interval, p.Unit, 0), Quantity{Value: p.Chosen.Share, Unit: "%", Decimals: 0})
	}
	x := quantitative("share", object{"axis": object{"format": ".0%", "title": "share " + p.Action, "grid": false}, "scale": object{"domain": list{0, 1}, "nice": false}})
	y := func(field string) object {
		return quantitative(field, object{"axis": object{"format": "~s", "title": withUnit("money "+p.Per, p.Unit)}})
	}
	spec := layers(320, alt,
		object{"data": values(object{"y": 0}), "mark": object{"type": "rule", "style": "zero"}, "encoding": object{"y": quantitative("y")}},
		object{"mark": object{"type": "area", "style": "band"}, "encoding": object{"x": x, "y": y("low"), "y2": object{"field": "high"}}},
		object{"mark": object{"type": "line", "style": "series"}, "encoding": object{"x": x, "y": y("money")}},
		p.references(),
		object{
			"params": list{object{"name": "hover", "select": object{"type": "point", "on": "pointerover", "nearest": true, "clear": "pointerout", "fields": list{"share"}}}},
			"mark":   object{"type": "point", "style": "dot-main", "size": 60},
			"encoding": object{
				"x": x, "y": y("money"), "tooltip": tooltip("acted:"+p.Action, "text:money"),
				"opacity": object{"condition": object{"param": "hover", "empty": false, "value": 1}, "value": 0},
			},
		},
	)
	spec["data"] = values(rows...)
	if p.Chosen != nil {
		spec["layer"] = append(spec["layer"].(list), p.chosen()...)
	}
	return Chart{Title: p.Title, Caption: p.Caption, Alt: alt, Spec: spec, Data: data}
}

// references are the horizontal lines with their names. Where two lines are
// close, their names go to different ends so that they do not collide.
func (p ProfitCurve) references() object {
	refs := append([]Reference(nil), p.References...)
	sort.SliceStable(refs, func(i, j int) bool { return refs[i].Money < refs[j].Money })
	low, high := 0.0, 0.0
	for _, c := range p.Points {
		low, high = math.Min(low, c.Money), math.Max(high, c.Money)
	}
	for _, r := range refs {
		low, high = math.Min(low, r.Money), math.Max(high, r.Money)
	}
	rows, left := list{}, false
	for i, r := range refs {
		near := i > 0 && r.Money-refs[i-1].Money < 0.08*(high-low)
		left = near && !left
		rows = append(rows, object{"name": r.Name, "money": numberOf(r.Money), "left": left, "text": Quantity{Value: r.Money, Unit: p.Unit}.String()})
	}
	name := func(side string, x any, align string) object {
		return object{
			"transform": only(side), "mark": object{"type": "text", "style": "note-faint", "align": align, "baseline": "bottom", "dy": -3},
			"encoding": object{"x": object{"value": x}, "y": quantitative("money"), "text": object{"field": "name", "type": "nominal"}},
		}
	}
	right := name("left", "width", "right")
	right["transform"] = list{object{"filter": "!datum.left"}}
	return object{"data": values(rows...), "layer": list{
		object{"mark": object{"type": "rule", "style": "reference"}, "encoding": object{"y": quantitative("money"), "tooltip": tooltip("name:", "text:money")}},
		name("left", 0, "left"), right,
	}}
}

// chosen marks the model's own decisions: a drop line, a dot and a label.
func (p ProfitCurve) chosen() list {
	c := p.Chosen
	low, high := bounds(c.Money, c.Interval)
	at := values(object{
		"share": numberOf(c.Share), "money": numberOf(c.Money), "low": low, "high": high, "zero": 0,
		"label": Quantity{Value: c.Money, Unit: p.Unit}.String(), "acted": Quantity{Value: c.Share, Unit: "%", Decimals: 0}.String(),
		"text": estimate(c.Money, c.Interval, p.Unit, 0),
	})
	x := quantitative("share")
	align, dx := "left", 10
	if c.Share > 0.6 {
		align, dx = "right", -10
	}
	return list{object{"data": at, "layer": list{
		object{"mark": object{"type": "rule", "style": "drop"}, "encoding": object{"x": x, "y": quantitative("zero"), "y2": object{"field": "money"}}},
		object{"mark": object{"type": "rule", "style": "whisker"}, "encoding": object{"x": x, "y": quantitative("low"), "y2": object{"field": "high"}}},
		object{"mark": object{"type": "point", "style": "dot-main", "size": 130}, "encoding": object{"x": x, "y": quantitative("money"), "tooltip": tooltip("acted:"+p.Action, "text:money")}},
		object{"mark": object{"type": "text", "style": "note-main", "align": align, "dx": dx, "dy": -12}, "encoding": object{"x": x, "y": quantitative("money"), "text": object{"field": "label", "type": "nominal"}}},
	}}}
}

// Policies compares ways to decide by their money: do nothing, act on all,
// today's rule, the candidates, a perfect model.
type Policies struct {
	Title, Caption string
	// Unit is the currency and Per what Money is per.
	Unit, Per string
	Rows      []Policy
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
	data := Table{Columns: []Column{{Title: "Policy"}, {Title: "Money " + p.Per, Number: true, Unit: p.Unit, Decimals: 0, Whisker: true}}}
	alt := "Money " + p.Per + ": "
	for i, r := range p.Rows {
		low, high := bounds(r.Money, r.Interval)
		rows = append(rows, object{
			"name": r.Name, "money": numberOf(r.Money), "low": low, "high": high, "zero": 0, "chosen": r.Chosen,
			"label": Quantity{Value: r.Money, Decimals: 0}.String(), "text": estimate(r.Money, r.Interval, p.Unit, 0),
		})
		data.Rows = append(data.Rows, Row{Cells: []Cell{Str(r.Name), {Value: r.Money, Interval: r.Interval}}, Chosen: r.Chosen})
		if i > 0 {
			alt += "; "
		}
		alt += r.Name + " " + estimate(r.Money, r.Interval, p.Unit, 0)
	}
	alt += "."
	y := nominal("name", object{"axis": nil, "scale": object{"paddingOuter": 0}})
	x := func(field string) object {
		return quantitative(field, object{"axis": object{"format": "~s", "title": withUnit("money "+p.Per, p.Unit)}})
	}
	part := func(chosen bool, mark object, encoding object) object {
		filter := "datum.chosen"
		if !chosen {
			filter = "!datum.chosen"
		}
		return object{"transform": list{object{"filter": filter}}, "mark": mark, "encoding": merged(object{"y": y}, encoding)}
	}
	spec := layers(object{"step": 46}, alt,
		object{"data": values(object{"zero": 0}), "mark": object{"type": "rule", "style": "zero"}, "encoding": object{"x": quantitative("zero")}},
		part(false, object{"type": "rule", "style": "whisker-mute", "yOffset": 8}, object{"x": x("low"), "x2": object{"field": "high"}}),
		part(true, object{"type": "rule", "style": "whisker", "yOffset": 8}, object{"x": x("low"), "x2": object{"field": "high"}}),
		part(false, object{"type": "point", "style": "dot-mute", "size": 110, "yOffset": 8}, object{"x": x("money"), "tooltip": tooltip("name:", "text:money")}),
		part(true, object{"type": "point", "style": "dot-main", "size": 150, "yOffset": 8}, object{"x": x("money"), "tooltip": tooltip("name:", "text:money")}),
		object{"mark": object{"type": "text", "style": "note", "align": "left", "dy": -10}, "encoding": object{"y": y, "x": object{"value": 0}, "text": object{"field": "name", "type": "nominal"}}},
		object{"mark": object{"type": "text", "style": "note-main", "align": "right", "dy": -10}, "encoding": object{"y": y, "x": object{"value": "width"}, "text": object{"field": "label", "type": "nominal"}}},
	)
	spec["data"] = values(rows...)
	return Chart{Title: p.Title, Caption: p.Caption, Alt: alt, Spec: spec, Data: data}
}

// Trials shows every candidate that was tried by quality and by money, so that
// one sees whether the most accurate is the one that earns most.
type Trials struct {
	Title, Caption string
	// Metric is the name of the quality measure, Lower whether less is better
	// (the axis is then turned, so that right is always better).
	Metric string
	Lower  bool
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
	data := Table{Columns: []Column{{Title: "Model"}, {Title: "Trial"}, {Title: t.Metric, Number: true, Decimals: 4}, {Title: "Money " + t.Per, Number: true, Unit: t.Unit, Decimals: 0}}}
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
	title := t.Metric + " (right is better)"
	x := quantitative("metric", object{"axis": object{"title": title, "format": "~g"}, "scale": object{"zero": false, "nice": true, "reverse": t.Lower, "padding": 12}})
	y := quantitative("money", object{"axis": object{"title": withUnit("money "+t.Per, t.Unit), "format": "~s"}, "scale": object{"zero": false, "padding": 14}})
	tip := tooltip("model:", "label:trial", "quality:"+t.Metric, "text:money")
	spec := layers(320, alt,
		object{"mark": object{"type": "point", "filled": true, "size": 80, "opacity": 0.75}, "encoding": object{"x": x, "y": y, "color": nominal("model"), "tooltip": tip}},
		object{"data": values(marked...), "layer": list{
			object{"mark": object{"type": "point", "style": "ring", "size": 190}, "encoding": object{"x": x, "y": y, "tooltip": tip}},
			object{"mark": object{"type": "text", "style": "note-main", "dy": -16}, "encoding": object{"x": x, "y": y, "text": object{"field": "mark", "type": "nominal"}}},
		}},
	)
	spec["data"] = values(rows...)
	return Chart{Title: t.Title, Caption: t.Caption, Alt: alt, Spec: spec, Data: data}
}
