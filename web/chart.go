package web

import (
	"fmt"
	"strconv"
	"strings"
)

// Chart is a Vega-Lite chart with what takes its place where charts cannot be
// drawn.
type Chart struct {
	// Title says what the chart shows, best as a finding.
	Title string
	// Caption is small print below: how to read it.
	Caption string
	// Alt describes the chart for those who cannot see it and for terminals.
	Alt string
	// Spec is the Vega-Lite specification, of maps, slices, strings, numbers
	// and bools, marshalled as JSON. The builders of this package make it; one
	// of the caller's own works as well.
	Spec any
	// Data is the same content as a table, shown on demand and where scripts
	// are off.
	Data Table
}

// object and list make specifications readable.
type (
	object = map[string]any
	list   = []any
)

// schema names the version of the grammar that the embedded scripts speak.
const schema = "https://vega.github.io/schema/vega-lite/v6.json"

// layers is a chart of layers on one plot that is as wide as its place and as
// high as given in pixels.
func layers(height int, alt string, parts ...any) object {
	all := list{}
	for _, p := range parts {
		if several, ok := p.(list); ok {
			all = append(all, several...)
		} else {
			all = append(all, p)
		}
	}
	return object{"$schema": schema, "description": alt, "width": "container", "height": height, "layer": all}
}

// layer is one layer: what is drawn, and what decides its places and colours.
func layer(mark, encoding object) object { return object{"mark": mark, "encoding": encoding} }

// mark is a kind of mark in the look of a style of Theme.
func mark(kind, style string, more ...object) object {
	return merged(append([]object{{"type": kind, "style": style}}, more...)...)
}

// field is a channel that takes kind and scale from the one it belongs to.
func field(name string) object { return object{"field": name} }

// label is a channel of ready-made text.
func label(name string) object { return object{"field": name, "type": "nominal"} }

// value is a channel with a fixed value, such as a place in pixels.
func value(v any) object { return object{"value": v} }

// inline gives a layer its own data.
func inline(rows list, layer object) object { return merged(layer, object{"data": values(rows...)}) }

// hover is the tooltip of marks that have the name and text of their row.
func hover(what string) list { return tooltip("name:", "text:"+what) }

// The rows of charts that name their bars above them instead of beside them,
// which leaves the bars the whole width, also on a phone.
const (
	nameUp  = -9 // pixels from the middle of the row to the name
	barDown = 9  // pixels from the middle of the row to the bar
)

// names are the texts above the bars of the rows that have a value in a field:
// the name on the left and the amount on the right.
func names(rows list, field string, want any, y object, style string) list {
	text := func(align, name string, at any) list {
		look := mark("text", style, object{"align": align, "dy": nameUp})
		return part(rows, field, want, layer(look, object{"y": y, "x": value(at), "text": label(name)}))
	}
	return append(text("left", "name", 0), text("right", "label", "width")...)
}

// track is the thin line on which each row's bar lies, and tick a mark on it.
func track(y object) object {
	return layer(mark("rule", "track", object{"yOffset": barDown}), object{"y": y, "x": value(0), "x2": value("width")})
}

func tick(y, x object, style string, height int) object {
	look := object{"orient": "vertical", "height": height, "thickness": 1, "yOffset": barDown}
	return layer(mark("tick", style, look), object{"y": y, "x": x})
}

// amounts is a column of numbers of a chart's data.
func amounts(title, unit string, decimals int) Column {
	return Column{Title: title, Number: true, Unit: unit, Decimals: decimals}
}

// part is a layer of the rows that have a value in a field; no layer when
// there are none, because Vega warns of layers without data.
func part(rows list, name string, want any, layer object) list {
	for _, r := range rows {
		if r.(object)[name] == want {
			return list{merged(layer, object{"transform": only("datum." + name + " === " + literal(want))})}
		}
	}
	return list{}
}

// literal is a value in the expressions of Vega.
func literal(value any) string {
	if s, ok := value.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(value)
}

// finished puts a chart together. Without rows there is nothing to draw; the
// page then shows the empty table alone.
func finished(title, caption, alt string, spec object, rows list, data Table) Chart {
	c := Chart{Title: title, Caption: caption, Alt: alt, Data: data}
	if len(rows) > 0 {
		spec["data"] = values(rows...)
		c.Spec = spec
	}
	return c
}

// values is inline data.
func values(rows ...any) object { return object{"values": rows} }

// quantitative is a channel of numbers. Every layer of a chart must give the
// same axis, because layers share it.
func quantitative(field string, axis object, more ...object) object {
	c := object{"field": field, "type": "quantitative", "axis": axis}
	if axis == nil {
		c["axis"] = nil
	}
	return merged(append([]object{c}, more...)...)
}

// axis is the axis of numbers in a unit, with a title and without grid lines
// when so asked.
func axis(title, unit string, grid bool) object {
	a := object{"title": withUnit(title, unit), "grid": grid}
	if title == "" && (unit == "" || unit == "%") {
		a["title"] = nil
	}
	if unit == "%" {
		a["format"] = ".0%"
	} else {
		// 1200 as 1.2k and nothing as plain 0.
		a["labelExpr"] = "abs(datum.value) < 1000 ? format(datum.value, '~g') : format(datum.value, '~s')"
	}
	return a
}

// nominal is a channel of names in a fixed order: layers that show parts of
// the data must not change it.
func nominal(field string, order list, more ...object) object {
	c := object{"field": field, "type": "nominal", "title": nil, "sort": nil}
	if order != nil {
		c["scale"] = object{"domain": order}
	}
	return merged(append([]object{c}, more...)...)
}

// column collects a field of rows, for the order of names.
func column(rows list, field string) list {
	out := make(list, len(rows))
	for i, r := range rows {
		out[i] = r.(object)[field]
	}
	return out
}

// merged is one object of the entries of several; later ones win.
func merged(parts ...object) object {
	out := object{}
	for _, p := range parts {
		for k, v := range p {
			out[k] = v
		}
	}
	return out
}

// only keeps the rows for which an expression holds.
func only(expression string) list { return list{object{"filter": expression}} }

// tooltip shows ready-made texts, so that numbers read the same as in tables.
func tooltip(fields ...string) list {
	t := list{}
	for _, f := range fields {
		key, title, _ := strings.Cut(f, ":")
		t = append(t, object{"field": key, "type": "nominal", "title": title})
	}
	return t
}

// withUnit appends a unit to an axis title; shares carry theirs on each label.
func withUnit(title, unit string) string {
	switch {
	case unit == "" || unit == "%":
		return title
	case title == "":
		return unit
	}
	return title + " (" + unit + ")"
}

// estimate writes a number, and its interval where there is one, for tooltips
// and alternative texts.
func estimate(value float64, interval *Interval, unit string, decimals int) string {
	q := Quantity{Value: value, Interval: interval, Unit: unit, Decimals: decimals}
	if ends := q.ends(); ends != "" {
		return q.String() + " [" + ends + "]"
	}
	return q.String()
}

// bounds are the ends of an interval for JSON: the value itself where there is
// none.
func bounds(value float64, interval *Interval) (low, high any) {
	if interval == nil {
		return numberOf(value), numberOf(value)
	}
	return numberOf(interval.Low), numberOf(interval.High)
}
