package web

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
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

// Parallel shows many settings of the same kind as lines over parallel axes, one
// axis per parameter: where the good lines run close together, the parameter
// matters.
type Parallel struct {
	Title, Caption string
	// Axes stand from left to right, the outcome last; each has a value per line.
	Axes  []ParallelAxis
	Lines []ParallelLine
}

// ParallelAxis is one parameter, or the outcome.
type ParallelAxis struct {
	Name   string
	Values []float64
	// Lower puts the least value at the top.
	Lower bool
}

// ParallelLine is one setting.
type ParallelLine struct {
	Name string
	// Good lines are drawn in colour above the others.
	Good bool
}

// logRange is from which ratio of the largest to the least positive value on an
// axis is divided by powers of ten.
const logRange = 30

// heights are the places of the axis' values, 0 at the bottom and 1 at the top,
// with the values at both ends.
func (a ParallelAxis) heights() (at []float64, bottom, top float64) {
	bottom, top = math.Inf(1), math.Inf(-1)
	for _, v := range a.Values {
		bottom, top = math.Min(bottom, v), math.Max(top, v)
	}
	scale := func(v float64) float64 { return v }
	if bottom > 0 && top >= logRange*bottom {
		scale = math.Log
	}
	at = make([]float64, len(a.Values))
	for i, v := range a.Values {
		at[i] = 0.5
		if top > bottom {
			at[i] = (scale(v) - scale(bottom)) / (scale(top) - scale(bottom))
		}
		if a.Lower {
			at[i] = 1 - at[i]
		}
	}
	if a.Lower {
		bottom, top = top, bottom
	}
	return at, bottom, top
}

// Chart draws a line per setting.
func (p Parallel) Chart() Chart {
	rows, ends := list{}, list{}
	data := Table{Columns: []Column{{Title: "Setting"}}}
	for _, l := range p.Lines {
		data.Rows = append(data.Rows, Row{Cells: []Cell{Str(l.Name)}, Chosen: l.Good})
	}
	var names []string
	for k, a := range p.Axes {
		at, bottom, top := a.heights()
		names = append(names, a.Name)
		data.Columns = append(data.Columns, amounts(a.Name, "", Auto))
		ends = append(ends, object{"axis": k, "odd": k % 2, "name": a.Name, "low": 0, "high": 1, "bottom": short(bottom), "top": short(top)})
		for i, l := range p.Lines[:min(len(p.Lines), len(a.Values))] {
			rows = append(rows, object{"axis": k, "line": i, "name": l.Name, "good": l.Good, "at": numberOf(at[i]), "text": a.Name + " " + short(a.Values[i])})
			data.Rows[i].Cells = append(data.Rows[i].Cells, Num(a.Values[i]))
		}
	}
	alt := fmt.Sprintf("%d settings over %s.", len(p.Lines), strings.Join(names, ", "))
	return finished(p.Title, p.Caption, alt, p.spec(alt, rows, ends), rows, data)
}

// short is a number in three digits.
func short(v float64) string {
	if a := math.Abs(v); a != 0 && a < 1e-3 {
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	return decimal(v, digits(v, Auto), false)
}

func (p Parallel) spec(alt string, rows, ends list) object {
	x := quantitative("axis", nil, object{"scale": object{"zero": false, "nice": false, "padding": 34}})
	y := func(name string) object {
		return quantitative(name, nil, object{"scale": object{"domain": list{0, 1}, "padding": 56}})
	}
	lines := func(good bool, style string, width, opacity float64) list {
		look := mark("line", style, object{"strokeWidth": width, "strokeOpacity": opacity})
		return part(rows, "good", good, layer(look, object{"x": x, "y": y("at"), "detail": label("line"), "order": field("axis"), "tooltip": tooltip("name:")}))
	}
	text := func(name string, dy int, style string, at object) object {
		return inline(ends, layer(mark("text", style, object{"dy": dy}), object{"x": x, "y": at, "text": label(name)}))
	}
	// Neighbouring names stand at two heights, so that long ones have room.
	names := func(odd, dy int) list {
		of := list{}
		for _, e := range ends {
			if e.(object)["odd"] == odd {
				of = append(of, e)
			}
		}
		if len(of) == 0 {
			return of
		}
		return list{inline(of, layer(mark("text", "note-strong", object{"dy": dy}), object{"x": x, "y": y("high"), "text": label("name")}))}
	}
	dot := layer(object{"type": "point", "filled": true, "size": 30, "opacity": 0}, object{"x": x, "y": y("at"), "tooltip": tooltip("name:", "text:")})
	return layers(340, alt,
		inline(ends, layer(mark("rule", "track"), object{"x": x, "y": y("low"), "y2": field("high")})),
		lines(false, "link", 1, 0.45), lines(true, "series", 1.75, 0.85), dot,
		names(0, -30), names(1, -46), text("top", -12, "note-faint", y("high")), text("bottom", 14, "note-faint", y("low")),
	)
}
