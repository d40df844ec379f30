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
	// Zero asks for a line at zero, for money that may be lost.
	Zero bool
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
	data := Table{Columns: []Column{{Title: "Line"}, amounts(p.X, "", Auto), amounts(p.Y, p.Unit, Auto)}}
	banded := false
	var ends []string
	for _, s := range p.Series {
		for _, pt := range s.Points {
			low, high := bounds(pt.Y, pt.Interval)
			banded = banded || pt.Interval != nil
			rows = append(rows, object{
				"x": p.place(pt.X), "y": numberOf(pt.Y), "low": low, "high": high, "series": s.Name,
				"at": p.where(pt.X), "text": estimate(pt.Y, pt.Interval, p.Unit, Auto),
			})
			cells := []Cell{Str(s.Name), {Value: pt.X, Text: p.where(pt.X)}, {Value: pt.Y, Interval: pt.Interval}}
			data.Rows = append(data.Rows, Row{Cells: cells})
		}
		if n := len(s.Points); n > 0 {
			last := Quantity{Value: s.Points[n-1].Y, Unit: p.Unit, Decimals: Auto}
			ends = append(ends, fmt.Sprintf("%s ends at %s", cmp.Or(s.Name, "the line"), last))
		}
	}
	alt := fmt.Sprintf("%s over %s: %s.", p.Y, p.X, strings.Join(ends, ", "))
	return finished(p.Title, p.Caption, alt, p.spec(alt, banded), rows, data)
}

func (p Lines) spec(alt string, banded bool) object {
	x := quantitative("x", axis(p.X, "", false), object{"scale": object{"zero": false, "nice": false}})
	if p.Time {
		x = object{"field": "x", "type": "temporal", "axis": object{"title": p.X, "grid": false}}
	}
	y := func(name string) object {
		if p.Log {
			// Vega's own labels leave out those that would crowd a decade.
			log := object{"title": withUnit(p.Y, p.Unit), "format": "~g"}
			return quantitative(name, log, object{"scale": object{"type": "log"}})
		}
		return quantitative(name, axis(p.Y, p.Unit, true), object{"scale": object{"zero": false}})
	}
	color := nominal("series", nil)
	if len(p.Series) < 2 {
		color["legend"] = nil
	}
	parts := list{}
	if banded {
		band := object{"type": "area", "opacity": 0.14}
		parts = append(parts, layer(band, object{"x": x, "y": y("low"), "y2": field("high"), "color": color}))
	}
	if p.Zero {
		parts = append(parts, inline(list{object{"y": 0}}, layer(mark("rule", "zero"), object{"y": y("y")})))
	}
	tip := tooltip("series:", "at:"+p.X, "text:"+p.Y)
	dot := object{"type": "point", "filled": true, "size": 26}
	if p.longest() > mostDots {
		dot["opacity"] = 0 // they still say what they are when pointed at
	}
	return layers(260, alt, append(parts,
		layer(object{"type": "line"}, object{"x": x, "y": y("y"), "color": color}),
		layer(dot, object{"x": x, "y": y("y"), "color": color, "tooltip": tip}),
	))
}

// mostDots is up to how many points a line has dots.
const mostDots = 40

// longest is the number of points of the longest line.
func (p Lines) longest() int {
	n := 0
	for _, s := range p.Series {
		n = max(n, len(s.Points))
	}
	return n
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
