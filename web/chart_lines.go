package web

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Lines shows how numbers go over steps or time: the best result of a search,
// a loss over epochs, promised against realised profit.
type Lines struct {
	Title, Caption string
	// X and Y name the axes, Unit is the unit of Y.
	X, Y, Unit string
	// Time says that the X of points are dates, in seconds since 1970.
	Time bool
	// Log asks for a logarithmic Y axis; all values must then be positive.
	Log bool
	// Series are the lines; the first has the accent colour.
	Series []Line
}

// Line is one line.
type Line struct {
	Name   string
	Points []LinePoint
}

// LinePoint is one point of a line.
type LinePoint struct {
	X, Y float64
	// Interval belongs to Y; nil when there is none.
	Interval *Interval
}

// Chart draws the lines with bands where there are intervals.
func (p Lines) Chart() Chart {
	rows := list{}
	data := Table{Columns: []Column{{Title: "Line"}, {Title: p.X, Number: true, Decimals: Auto}, {Title: p.Y, Number: true, Unit: p.Unit, Decimals: Auto}}}
	banded := false
	var ends []string
	for _, s := range p.Series {
		for _, pt := range s.Points {
			low, high := bounds(pt.Y, pt.Interval)
			banded = banded || pt.Interval != nil
			rows = append(rows, object{"x": p.place(pt.X), "y": numberOf(pt.Y), "low": low, "high": high, "series": s.Name, "at": p.where(pt.X), "text": estimate(pt.Y, pt.Interval, p.Unit, Auto)})
			data.Rows = append(data.Rows, Row{Cells: []Cell{Str(s.Name), {Value: pt.X, Text: p.where(pt.X)}, {Value: pt.Y, Interval: pt.Interval}}})
		}
		if n := len(s.Points); n > 0 {
			ends = append(ends, fmt.Sprintf("%s ends at %s", cmp.Or(s.Name, "the line"), Quantity{Value: s.Points[n-1].Y, Unit: p.Unit, Decimals: Auto}))
		}
	}
	alt := fmt.Sprintf("%s over %s: %s.", p.Y, p.X, strings.Join(ends, ", "))
	x := object{"field": "x", "type": "quantitative", "title": nil, "axis": axis(p.X, "", false), "scale": object{"zero": false, "nice": false}}
	if p.Time {
		x = object{"field": "x", "type": "temporal", "title": nil, "axis": object{"title": p.X, "grid": false}}
	}
	y := func(field string) object {
		if p.Log {
			// Vega's own labels leave out those that would crowd a decade.
			return quantitative(field, object{"title": withUnit(p.Y, p.Unit), "format": "~g"}, object{"scale": object{"type": "log"}})
		}
		return quantitative(field, axis(p.Y, p.Unit, true), object{"scale": object{"zero": false}})
	}
	legend := object{}
	if len(p.Series) < 2 {
		legend["legend"] = nil
	}
	color := nominal("series", nil, legend)
	spec := layers(260, alt)
	if banded {
		spec["layer"] = append(spec["layer"].(list), object{"mark": object{"type": "area", "opacity": 0.14}, "encoding": object{"x": x, "y": y("low"), "y2": object{"field": "high"}, "color": color}})
	}
	spec["layer"] = append(spec["layer"].(list),
		object{"mark": object{"type": "line"}, "encoding": object{"x": x, "y": y("y"), "color": color}},
		object{"mark": object{"type": "point", "filled": true, "size": 26}, "encoding": object{"x": x, "y": y("y"), "color": color, "tooltip": tooltip("series:", "at:"+p.X, "text:"+p.Y)}},
	)
	return finished(p.Title, p.Caption, alt, spec, rows, data)
}

// place is an X for the specification: Vega wants milliseconds.
func (p Lines) place(x float64) any {
	if p.Time {
		return numberOf(x * 1000)
	}
	return numberOf(x)
}

// where is an X as people read it.
func (p Lines) where(x float64) string {
	if p.Time && finite(x) {
		return time.Unix(int64(x), 0).UTC().Format("2006-01-02")
	}
	return decimal(x, digits(x, Auto), false)
}
