package web

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
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
	data := Table{Columns: []Column{amounts("Share "+p.Action, "%", 0), amounts("Money "+p.Per, p.Unit, 0)}}
	for _, c := range p.Points {
		rows = append(rows, c.row(p.Unit))
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
	zero := layer(mark("rule", "zero"), object{"y": y("money")})
	spec := layers(340, alt,
		inline(list{object{"money": 0}}, zero),
		layer(mark("area", "band"), object{"x": x, "y": y("low"), "y2": field("high")}),
		layer(mark("line", "series"), object{"x": x, "y": y("money")}),
		p.references(), p.hover(), p.chosen(),
	)
	return finished(p.Title, p.Caption, alt, spec, rows, data)
}

// row is the point as data of the chart.
func (c CurvePoint) row(unit string) object {
	low, high := bounds(c.Money, c.Interval)
	share, money := c.text(unit)
	return object{
		"share": numberOf(c.Share), "money": numberOf(c.Money), "low": low, "high": high, "zero": 0,
		"acted": share, "text": money, "label": Quantity{Value: c.Money, Unit: unit}.String(),
	}
}

func (p ProfitCurve) x() object {
	scale := object{"domain": list{0, 1}, "nice": false}
	return quantitative("share", axis("share "+p.Action, "%", false), object{"scale": scale})
}

func (p ProfitCurve) y(name string) object {
	return quantitative(name, axis("money "+p.Per, p.Unit, true))
}

// hover shows the point of the curve that is nearest to the pointer.
func (p ProfitCurve) hover() object {
	near := object{"type": "point", "on": "pointerover", "nearest": true, "clear": "pointerout", "fields": list{"share"}}
	shown := object{"condition": object{"param": "hover", "empty": false, "value": 1}, "value": 0}
	dot := layer(mark("point", "dot-main", object{"size": 70}), object{
		"x": p.x(), "y": p.y("money"), "tooltip": p.tip(), "opacity": shown,
	})
	dot["params"] = list{object{"name": "hover", "select": near}}
	return dot
}

func (p ProfitCurve) tip() list { return tooltip("acted:"+p.Action, "text:money") }

// references are the horizontal lines with their names. Where a line is close
// below another, its name goes under it so that the two do not collide.
func (p ProfitCurve) references() list {
	refs := slices.Clone(p.References)
	slices.SortStableFunc(refs, func(a, b Reference) int { return cmp.Compare(a.Money, b.Money) })
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
		text := Quantity{Value: r.Money, Unit: p.Unit}.String()
		rows = append(rows, object{"name": r.Name, "money": numberOf(r.Money), "under": under, "text": text})
	}
	if len(rows) == 0 {
		return rows
	}
	name := func(under bool, baseline string, dy int) list {
		look := mark("text", "note-faint", object{"align": "right", "baseline": baseline, "dy": dy})
		text := layer(look, object{"x": value("width"), "y": p.y("money"), "text": label("name")})
		return part(rows, "under", under, inline(rows, text))
	}
	line := layer(mark("rule", "reference"), object{"y": p.y("money"), "tooltip": hover("money")})
	return slices.Concat(list{inline(rows, line)}, name(true, "top", 4), name(false, "bottom", -3))
}

// chosen marks the model's own decisions: a drop line, an interval, a dot and
// a label.
func (p ProfitCurve) chosen() list {
	if p.Chosen == nil {
		return nil
	}
	x, y := p.x(), p.y
	align, dx := "left", 11
	if p.Chosen.Share > 0.6 {
		align, dx = "right", -11
	}
	name := mark("text", "note-main", object{"align": align, "dx": dx, "dy": -13})
	dot := mark("point", "dot-main", object{"size": 140})
	rows := list{p.Chosen.row(p.Unit)}
	return list{
		inline(rows, layer(mark("rule", "drop"), object{"x": x, "y": y("zero"), "y2": field("money")})),
		inline(rows, layer(mark("rule", "whisker"), object{"x": x, "y": y("low"), "y2": field("high")})),
		inline(rows, layer(dot, object{"x": x, "y": y("money"), "tooltip": p.tip()})),
		inline(rows, layer(name, object{"x": x, "y": y("money"), "text": label("label")})),
	}
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
	data := Table{Columns: []Column{{Title: "Policy"}, amounts("Money "+p.Per, p.Unit, 0)}}
	data.Columns[1].Whisker = true
	var words []string
	for _, r := range p.Rows {
		low, high := bounds(r.Money, r.Interval)
		text := estimate(r.Money, r.Interval, p.Unit, 0)
		rows = append(rows, object{
			"name": r.Name, "money": numberOf(r.Money), "low": low, "high": high, "zero": 0, "chosen": r.Chosen,
			"label": Quantity{Value: r.Money}.String(), "text": text,
		})
		cells := []Cell{Str(r.Name), {Value: r.Money, Interval: r.Interval}}
		data.Rows = append(data.Rows, Row{Cells: cells, Chosen: r.Chosen})
		words = append(words, r.Name+" "+text)
	}
	alt := fmt.Sprintf("Money %s: %s.", p.Per, strings.Join(words, "; "))
	return finished(p.Title, p.Caption, alt, p.spec(alt, rows), rows, data)
}

func (p Policies) spec(alt string, rows list) object {
	y := nominal("name", column(rows, "name"), object{"axis": nil})
	x := func(name string) object { return quantitative(name, axis("money "+p.Per, p.Unit, false)) }
	// one draws a policy: its interval and its dot.
	one := func(chosen bool, whisker, dot string, size int) list {
		line := mark("rule", whisker, object{"yOffset": barDown})
		point := mark("point", dot, object{"size": size, "yOffset": barDown})
		return append(
			part(rows, "chosen", chosen, layer(line, object{"y": y, "x": x("low"), "x2": field("high")})),
			part(rows, "chosen", chosen, layer(point, object{"y": y, "x": x("money"), "tooltip": hover("money")}))...,
		)
	}
	return layers(48*len(rows), alt,
		track(y), tick(y, x("zero"), "zero-tick", 14),
		one(false, "whisker-mute", "dot-mute", 110), one(true, "whisker", "dot-main", 150),
		names(rows, "chosen", false, y, "note"), names(rows, "chosen", true, y, "note-strong"),
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
	data := Table{Columns: []Column{
		{Title: "Model", Code: true}, {Title: "Trial"}, amounts(t.Metric, "", 4), amounts("Money "+t.Per, t.Unit, 0),
	}}
	alt := fmt.Sprintf("%d trials by %s and money %s.", len(t.Points), t.Metric, t.Per)
	for _, p := range t.Points {
		quality, money := decimal(p.Metric, 4, false), Quantity{Value: p.Money, Unit: t.Unit}.String()
		row := object{
			"model": p.Model, "label": p.Label, "metric": numberOf(p.Metric), "money": numberOf(p.Money), "mark": p.Mark,
			"quality": quality, "text": money,
		}
		rows = append(rows, row)
		cells := []Cell{Str(p.Model), Str(p.Label), Num(p.Metric), Num(p.Money)}
		data.Rows = append(data.Rows, Row{Cells: cells, Chosen: p.Mark != "", Badge: p.Mark})
		if p.Mark != "" {
			marked = append(marked, row)
			alt += fmt.Sprintf(" %s: %s, %s %s, %s.", p.Mark, p.Model, t.Metric, quality, money)
		}
	}
	return finished(t.Title, t.Caption, alt, t.spec(alt, marked), rows, data)
}

func (t Trials) spec(alt string, marked list) object {
	x := quantitative("metric", axis(t.Metric+" (right is better)", "", true), object{
		"scale": object{"zero": false, "nice": true, "reverse": t.Lower, "padding": 12},
	})
	y := quantitative("money", axis("money "+t.Per, t.Unit, true), object{"scale": object{"zero": false, "padding": 14}})
	tip := tooltip("model:", "label:trial", "quality:"+t.Metric, "text:money")
	dot := object{"type": "point", "filled": true, "size": 80, "opacity": 0.75}
	parts := list{layer(dot, object{"x": x, "y": y, "color": nominal("model", nil), "tooltip": tip})}
	if len(marked) > 0 {
		parts = append(parts, inline(marked, layer(mark("point", "ring", object{"size": 190}), object{"x": x, "y": y, "tooltip": tip})))
	}
	for i, place := range t.places(marked) {
		name := layer(mark("text", "note-main", place), object{"x": x, "y": y, "text": label("mark")})
		parts = append(parts, inline(marked[i:i+1], name))
	}
	return layers(340, alt, parts)
}

// places says where the words of the marked trials stand: above the dot, or
// below when another marked dot is close above; towards the middle at the
// edges of the chart.
func (t Trials) places(marked list) []object {
	worst, best := math.Inf(1), math.Inf(-1)
	bottom, top := math.Inf(1), math.Inf(-1)
	for _, p := range t.Points {
		worst, best = math.Min(worst, p.Metric), math.Max(best, p.Metric)
		bottom, top = math.Min(bottom, p.Money), math.Max(top, p.Money)
	}
	at := func(i int) (x, y float64) {
		x, _ = marked[i].(object)["metric"].(float64)
		y, _ = marked[i].(object)["money"].(float64)
		x, y = (x-worst)/(best-worst), (y-bottom)/(top-bottom)
		if t.Lower {
			x = 1 - x
		}
		return x, y
	}
	places := make([]object, len(marked))
	for i := range marked {
		x, y := at(i)
		place := object{"dy": -17, "align": "center"}
		switch {
		case x > 0.85:
			place["align"], place["dx"] = "right", 10
		case x < 0.15:
			place["align"], place["dx"] = "left", -10
		}
		for k := range marked {
			otherX, otherY := at(k)
			higher := otherY > y || otherY == y && k < i
			if k != i && higher && math.Abs(otherX-x) < 0.25 && otherY-y < 0.2 {
				place["dy"] = 21
			}
		}
		places[i] = place
	}
	return places
}

// Cases compares a few ways to decide by their money under several cases, such
// as what-ifs.
type Cases struct {
	Title, Caption string
	// Unit is the currency and Per what Money is per.
	Unit, Per string
	// Ways are the ways to decide, the one that matters first.
	Ways []string
	Rows []Case
}

// Case is one case.
type Case struct {
	Name string
	// Money is by way; one without money is NaN. Interval belongs to the first
	// way; nil when there is none.
	Money    []float64
	Interval *Interval
}

// Chart draws a line per case with a dot per way.
func (p Cases) Chart() Chart {
	rows := list{}
	data := Table{Columns: []Column{{Title: "Case"}}}
	for _, way := range p.Ways {
		data.Columns = append(data.Columns, amounts(way, p.Unit, Auto))
	}
	var words []string
	for _, c := range p.Rows {
		row := Row{Cells: []Cell{Str(c.Name)}}
		for k, way := range p.Ways {
			v := math.NaN()
			if k < len(c.Money) {
				v = c.Money[k]
			}
			var interval *Interval
			if k == 0 {
				interval = c.Interval
			}
			row.Cells = append(row.Cells, Cell{Value: v, Interval: interval})
			low, high := bounds(v, interval)
			if v != v {
				continue
			}
			text := estimate(v, interval, p.Unit, Auto)
			rows = append(rows, object{
				"name": c.Name, "way": way, "first": k == 0, "money": numberOf(v), "low": low, "high": high, "zero": 0,
				"label": Quantity{Value: v, Decimals: Auto}.String(), "text": text,
			})
			words = append(words, fmt.Sprintf("%s: %s %s", c.Name, way, text))
		}
		data.Rows = append(data.Rows, row)
	}
	alt := fmt.Sprintf("Money %s by case. %s.", p.Per, strings.Join(words, "; "))
	return finished(p.Title, p.Caption, alt, p.spec(alt, rows), rows, data)
}

func (p Cases) spec(alt string, rows list) object {
	order := list{}
	for _, c := range p.Rows {
		order = append(order, c.Name)
	}
	ways := list{}
	for _, w := range p.Ways {
		ways = append(ways, w)
	}
	y := nominal("name", order, object{"axis": nil})
	x := func(name string) object { return quantitative(name, axis("money "+p.Per, p.Unit, false)) }
	color := nominal("way", ways)
	line := mark("rule", "whisker", object{"yOffset": barDown})
	dot := object{"type": "point", "filled": true, "opacity": 1, "size": 110, "yOffset": barDown}
	tip := tooltip("name:", "way:", "text:money")
	return layers(48*len(order), alt,
		track(y), tick(y, x("zero"), "zero-tick", 14),
		part(rows, "first", true, layer(line, object{"y": y, "x": x("low"), "x2": field("high")})),
		layer(dot, object{"y": y, "x": x("money"), "color": color, "shape": nominal("way", ways), "tooltip": tip}),
		names(rows, "first", true, y, "note"),
	)
}
