package web

import (
	"fmt"
	"math"
	"slices"
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
	low, high := c.domain()
	most, total := 1, 0
	for _, b := range c.Bins {
		most, total = max(most, b.Rows), total+b.Rows
	}
	rows := list{}
	data := Table{Columns: []Column{
		amounts(c.Predicted, c.Unit, Auto), amounts(c.Observed, c.Unit, Auto), amounts("Rows", "", 0),
	}}
	gap := 0.0
	for _, b := range c.Bins {
		l, h := bounds(b.Observed, b.Interval)
		rows = append(rows, object{
			"predicted": numberOf(b.Predicted), "observed": numberOf(b.Observed), "low": l, "high": h, "rows": b.Rows,
			"foot": low, "count": low + 0.14*(high-low)*float64(b.Rows)/float64(most),
			"p": Quantity{Value: b.Predicted, Unit: c.Unit, Decimals: Auto}.String(),
			"o": estimate(b.Observed, b.Interval, c.Unit, Auto),
		})
		cells := []Cell{Num(b.Predicted), {Value: b.Observed, Interval: b.Interval}, Num(float64(b.Rows))}
		data.Rows = append(data.Rows, Row{Cells: cells})
		if total > 0 {
			gap += math.Abs(b.Predicted-b.Observed) * float64(b.Rows) / float64(total)
		}
	}
	alt := fmt.Sprintf("%s against %s in %d bins of %s rows; the mean gap is %s.", c.Observed, c.Predicted, len(c.Bins),
		decimal(float64(total), 0, false), Quantity{Value: gap, Unit: c.Unit, Decimals: Auto})
	return finished(c.Title, c.Caption, alt, c.spec(alt, low, high), rows, data)
}

// domain is the range of both axes: the same, so that the diagonal is one.
func (c Calibration) domain() (low, high float64) {
	for _, b := range c.Bins {
		l, h := spread(b.Observed, b.Interval)
		for _, v := range []float64{b.Predicted, l, h} {
			if finite(v) {
				low, high = math.Min(low, v), math.Max(high, v)
			}
		}
	}
	if c.Unit == "%" || !(high > low) {
		return 0, 1
	}
	pad := 0.04 * (high - low)
	return low - pad, high + pad
}

// footWidth is the width of the bars that count rows: broad where the bins lie
// apart, thin where they would cover each other, as bins of equal counts do.
func (c Calibration) footWidth(low, high float64) int {
	var places []float64
	for _, b := range c.Bins {
		places = append(places, b.Predicted)
	}
	slices.Sort(places)
	for i := 1; i < len(places); i++ {
		if places[i]-places[i-1] < 0.05*(high-low) {
			return 3
		}
	}
	return 14
}

func (c Calibration) spec(alt string, low, high float64) object {
	scale := object{"scale": object{"domain": list{low, high}, "nice": false}}
	x := func(name string) object { return quantitative(name, axis(c.Predicted, c.Unit, true), scale) }
	y := func(name string) object { return quantitative(name, axis(c.Observed, c.Unit, true), scale) }
	at := x("predicted")
	diagonal := layer(mark("rule", "reference"), object{"x": x("a"), "x2": field("b"), "y": y("a"), "y2": field("b")})
	foot := layer(mark("rule", "foot", object{"strokeWidth": c.footWidth(low, high)}), object{
		"x": at, "y": y("foot"), "y2": field("count"), "tooltip": tooltip("rows:rows"),
	})
	tip := tooltip("p:"+c.Predicted, "o:"+c.Observed, "rows:rows")
	return layers(320, alt,
		foot,
		inline(list{object{"a": low, "b": high}}, diagonal),
		layer(mark("rule", "whisker"), object{"x": at, "y": y("low"), "y2": field("high")}),
		layer(mark("line", "series", object{"strokeWidth": 1, "strokeOpacity": 0.6}), object{"x": at, "y": y("observed")}),
		layer(mark("point", "dot-main", object{"size": 110}), object{"x": at, "y": y("observed"), "tooltip": tip}),
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
		data.Columns = append(data.Columns, amounts(name, "", 0))
	}
	var words []string
	for i, actual := range c.Rows {
		total := 0.0
		for j := range c.Columns {
			total += element(c.Counts, i, j)
		}
		row := Row{Cells: []Cell{Str(actual)}}
		for j, decided := range c.Columns {
			n := element(c.Counts, i, j)
			rows = append(rows, c.cell(i, j, total))
			row.Cells = append(row.Cells, Num(n))
			words = append(words, fmt.Sprintf("%s %s %s", decimal(n, 0, false), actual, decided))
		}
		data.Rows = append(data.Rows, row)
	}
	alt := fmt.Sprintf("%s by %s: %s.", c.Actual, c.Decided, strings.Join(words, ", "))
	return finished(c.Title, c.Caption, alt, c.spec(alt, rows), rows, data)
}

// cell is a cell of the heat map; total is the rows of its true outcome.
func (c Confusion) cell(i, j int, total float64) object {
	n, share := element(c.Counts, i, j), 0.0
	if total > 0 {
		share = n / total
	}
	second := Quantity{Value: share, Unit: "%"}.String() + " of " + c.Rows[i]
	if c.Money != nil {
		second = Quantity{Value: element(c.Money, i, j), Unit: c.Unit, Signed: true}.String()
	}
	return object{
		"actual": c.Rows[i], "decided": c.Columns[j],
		"count": decimal(n, 0, false), "share": numberOf(share), "second": second,
		// The ink changes where the colour is strong.
		"strong": share > 0.55, "text": Quantity{Value: share, Unit: "%", Decimals: 1}.String(),
	}
}

func (c Confusion) spec(alt string, rows list) object {
	x := nominal("decided", nil, object{"axis": object{
		"title": c.Decided, "orient": "top", "labelAngle": 0, "labelFontWeight": 600, "grid": false,
	}})
	y := nominal("actual", nil, object{"axis": object{"title": c.Actual, "labelFontWeight": 600, "grid": false}})
	color := object{
		"field": "share", "type": "quantitative", "legend": nil, "scale": object{"domain": list{0, 1}, "range": "ramp"},
	}
	heat := layer(object{"type": "rect", "cornerRadius": 4, "stroke": nil}, object{
		"x": x, "y": y, "tooltip": tooltip("actual:"+c.Actual, "decided:"+c.Decided, "count:rows", "text:share"),
		"color": color,
	})
	if len(c.Columns) > 5 || len(c.Rows) > 5 {
		return layers(40*len(c.Rows), alt, heat) // no room for words in the cells
	}
	words := func(style string, strong bool, name string, dy int) list {
		text := layer(mark("text", style, object{"dy": dy}), object{"x": x, "y": y, "text": label(name)})
		return part(rows, "strong", strong, text)
	}
	return layers(84*len(c.Rows), alt, heat,
		words("on-heat", true, "count", -8), words("on-heat-small", true, "second", 12),
		words("on-pale", false, "count", -8), words("on-pale-small", false, "second", 12),
	)
}
