package web

import (
	"fmt"
	"math"
	"strings"
)

// Calibration shows what was predicted against what came: on the diagonal the
// promises are kept. It serves probabilities (Unit "%"), numbers and money
// (expected against realised).
type Calibration struct {
	Title, Caption string
	// Predicted and Observed name the axes.
	Predicted, Observed string
	// Unit is "%" for probabilities, else the unit of both axes.
	Unit string
	Bins []CalibrationBin
}

// CalibrationBin is the rows with predictions close to each other.
type CalibrationBin struct {
	// Predicted and Observed are means over the bin's rows.
	Predicted, Observed float64
	// Interval belongs to Observed; nil when there is none.
	Interval *Interval
	// Rows is how many rows the bin holds; it gives the size of the dot and
	// the bar below it.
	Rows int
}

// Chart draws the reliability diagram with the number of rows at its foot.
func (c Calibration) Chart() Chart {
	low, high, most, total := 0.0, 0.0, 1, 0
	for _, b := range c.Bins {
		l, h := b.Observed, b.Observed
		if b.Interval != nil {
			l, h = b.Interval.Low, b.Interval.High
		}
		for _, v := range []float64{b.Predicted, l, h} {
			if finite(v) {
				low, high = math.Min(low, v), math.Max(high, v)
			}
		}
		most, total = max(most, b.Rows), total+b.Rows
	}
	if c.Unit == "%" || !(high > low) {
		low, high = 0, 1
	} else {
		pad := 0.04 * (high - low)
		low, high = low-pad, high+pad
	}
	rows := list{}
	data := Table{Columns: []Column{
		{Title: c.Predicted, Number: true, Unit: c.Unit, Decimals: Auto},
		{Title: c.Observed, Number: true, Unit: c.Unit, Decimals: Auto},
		{Title: "Rows", Number: true},
	}}
	gap := 0.0
	for _, b := range c.Bins {
		l, h := bounds(b.Observed, b.Interval)
		rows = append(rows, object{
			"predicted": numberOf(b.Predicted), "observed": numberOf(b.Observed), "low": l, "high": h, "rows": b.Rows,
			"foot": low, "count": low + 0.14*(high-low)*float64(b.Rows)/float64(most),
			"p": Quantity{Value: b.Predicted, Unit: c.Unit, Decimals: Auto}.String(), "o": estimate(b.Observed, b.Interval, c.Unit, Auto),
		})
		data.Rows = append(data.Rows, Row{Cells: []Cell{Num(b.Predicted), {Value: b.Observed, Interval: b.Interval}, Num(float64(b.Rows))}})
		if total > 0 {
			gap += math.Abs(b.Predicted-b.Observed) * float64(b.Rows) / float64(total)
		}
	}
	alt := fmt.Sprintf("%s against %s in %d bins of %s rows; the mean gap is %s.", c.Observed, c.Predicted, len(c.Bins),
		decimal(float64(total), 0, false), Quantity{Value: gap, Unit: c.Unit, Decimals: Auto})
	spec := c.spec(alt, low, high)
	return finished(c.Title, c.Caption, alt, spec, rows, data)
}

func (c Calibration) spec(alt string, low, high float64) object {
	scale := object{"domain": list{low, high}, "nice": false}
	across := func(field string) object {
		return quantitative(field, axis(c.Predicted, c.Unit, true), object{"scale": scale})
	}
	x := across("predicted")
	y := func(field string) object {
		return quantitative(field, axis(c.Observed, c.Unit, true), object{"scale": scale})
	}
	return layers(320, alt,
		object{"mark": object{"type": "rule", "style": "foot", "strokeWidth": 14}, "encoding": object{"x": x, "y": y("foot"), "y2": object{"field": "count"}, "tooltip": tooltip("rows:rows")}},
		object{"data": values(object{"a": low, "b": high}), "mark": object{"type": "rule", "style": "reference"}, "encoding": object{"x": across("a"), "x2": object{"field": "b"}, "y": y("a"), "y2": object{"field": "b"}}},
		object{"mark": object{"type": "rule", "style": "whisker"}, "encoding": object{"x": x, "y": y("low"), "y2": object{"field": "high"}}},
		object{"mark": object{"type": "line", "style": "series", "strokeWidth": 1, "strokeOpacity": 0.6}, "encoding": object{"x": x, "y": y("observed")}},
		object{"mark": object{"type": "point", "style": "dot-main", "size": 110}, "encoding": object{"x": x, "y": y("observed"), "tooltip": tooltip("p:"+c.Predicted, "o:"+c.Observed, "rows:rows")}},
	)
}

// Confusion shows how often each true outcome met each decision or prediction.
type Confusion struct {
	Title, Caption string
	// Actual and Decided name the axes: "outcome", "decision".
	Actual, Decided string
	// Rows are the true outcomes, Columns the decisions.
	Rows, Columns []string
	// Counts are rows x columns; what is missing counts as none.
	Counts [][]float64
	// Money, when given, is the money of each cell in Unit, rows x columns.
	Money [][]float64
	Unit  string
}

// element is a cell of a matrix, zero outside it.
func element(m [][]float64, i, j int) float64 {
	if i < len(m) && j < len(m[i]) {
		return m[i][j]
	}
	return 0
}

// Chart draws a heat map; the colour is the share within the true outcome.
func (c Confusion) Chart() Chart {
	rows := list{}
	data := Table{Columns: []Column{{Title: c.Actual + " / " + c.Decided}}}
	for _, name := range c.Columns {
		data.Columns = append(data.Columns, Column{Title: name, Number: true})
	}
	alt := fmt.Sprintf("%s by %s:", c.Actual, c.Decided)
	for i, actual := range c.Rows {
		total := 0.0
		for j := range c.Columns {
			total += element(c.Counts, i, j)
		}
		row := Row{Cells: []Cell{Str(actual)}}
		for j, decided := range c.Columns {
			n := element(c.Counts, i, j)
			share := 0.0
			if total > 0 {
				share = n / total
			}
			second := Quantity{Value: share, Unit: "%", Decimals: 0}.String() + " of " + actual
			if c.Money != nil {
				second = Quantity{Value: element(c.Money, i, j), Unit: c.Unit, Signed: true}.String()
			}
			rows = append(rows, object{"actual": actual, "decided": decided, "count": decimal(n, 0, false), "share": numberOf(share), "strong": share > 0.55, "second": second, "text": Quantity{Value: share, Unit: "%", Decimals: 1}.String()})
			row.Cells = append(row.Cells, Num(n))
			alt += fmt.Sprintf(" %s %s %s,", decimal(n, 0, false), actual, decided)
		}
		data.Rows = append(data.Rows, row)
	}
	alt = strings.TrimSuffix(alt, ",") + "."
	x := nominal("decided", nil, object{"axis": object{"title": c.Decided, "orient": "top", "labelAngle": 0, "labelFontWeight": 600, "grid": false}})
	y := nominal("actual", nil, object{"axis": object{"title": c.Actual, "labelFontWeight": 600, "grid": false}})
	label := func(style string, strong bool, field string, dy int) list {
		return part(rows, "strong", strong, object{"mark": object{"type": "text", "style": style, "dy": dy}, "encoding": object{"x": x, "y": y, "text": object{"field": field, "type": "nominal"}}})
	}
	spec := layers(84*len(c.Rows), alt,
		object{"mark": object{"type": "rect", "cornerRadius": 4, "stroke": nil}, "encoding": object{
			"x": x, "y": y, "tooltip": tooltip("actual:"+c.Actual, "decided:"+c.Decided, "count:rows", "text:share"),
			"color": object{"field": "share", "type": "quantitative", "legend": nil, "scale": object{"domain": list{0, 1}, "range": "ramp"}},
		}},
		label("on-heat", true, "count", -8), label("on-heat-small", true, "second", 12),
		label("on-pale", false, "count", -8), label("on-pale-small", false, "second", 12),
	)
	if len(c.Columns) > 5 || len(c.Rows) > 5 {
		spec["height"] = 40 * len(c.Rows)
		spec["layer"] = spec["layer"].(list)[:1]
	}
	return finished(c.Title, c.Caption, alt, spec, rows, data)
}
