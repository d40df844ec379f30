package web

import (
	"fmt"
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

// layers is a chart of layers on one plot that is as wide as its place.
func layers(height any, alt string, layer ...any) object {
	return object{
		"$schema": schema, "description": alt, "width": "container", "height": height,
		"layer": list(layer),
	}
}

// values is inline data.
func values(rows ...any) object { return object{"values": list(rows)} }

// quantitative is a channel of numbers, without a title of its own.
func quantitative(field string, more ...object) object {
	return merged(append([]object{{"field": field, "type": "quantitative", "title": nil}}, more...)...)
}

// nominal is a channel of names, kept in the order of the data.
func nominal(field string, more ...object) object {
	return merged(append([]object{{"field": field, "type": "nominal", "title": nil, "sort": nil}}, more...)...)
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

// only keeps the rows for which a field is true.
func only(field string) list { return list{object{"filter": "datum." + field}} }

// tooltip shows ready-made texts, so that numbers read the same as in tables.
func tooltip(fields ...string) list {
	t := list{}
	for _, f := range fields {
		key, title, _ := strings.Cut(f, ":")
		t = append(t, object{"field": key, "type": "nominal", "title": title})
	}
	return t
}

// axisFormat is the d3 number format of an axis of a unit.
func axisFormat(unit string) string {
	if unit == "%" {
		return ".0%"
	}
	return "~s"
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
	if interval == nil {
		return q.String()
	}
	return fmt.Sprintf("%s [%s]", q.String(), q.Range())
}

// bounds are the ends of an interval for JSON: the value itself where there is
// none.
func bounds(value float64, interval *Interval) (low, high any) {
	if interval == nil {
		return numberOf(value), numberOf(value)
	}
	return numberOf(interval.Low), numberOf(interval.High)
}
