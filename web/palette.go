package web

// palette is the colours of one theme. The page's style sheet and the charts
// are both made from it, so that they cannot drift apart.
type palette struct {
	Page, Surface, Raised, Line string
	Ink, Soft, Faint            string
	Accent, AccentSoft          string
	Good, Warn, Bad             string
	WarnSoft, BadSoft           string
	// Mute is for marks that are only there for comparison.
	Mute string
	// Series tells apart models and other kinds; the first is the accent.
	Series []string
	// Heat goes from little to much.
	Heat []string
	// OnHeat is the ink on the strong end of Heat.
	OnHeat string
}

// lightPalette is warm paper, dark ink and one green. Texts have a contrast of
// at least 4.5 : 1 against Page and Surface.
var lightPalette = palette{
	Page: "#fbfaf7", Surface: "#ffffff", Raised: "#f3f1eb", Line: "#e3e0d8",
	Ink: "#1b1f1d", Soft: "#525a56", Faint: "#6b736f",
	Accent: "#0a6b50", AccentSoft: "#d9ece4",
	Good: "#0a6b50", Warn: "#8a5a00", Bad: "#ac3326",
	WarnSoft: "#fbefd3", BadSoft: "#fae4e0",
	Mute:   "#a7aeaa",
	Series: []string{"#0a6b50", "#c87a2c", "#3f6fae", "#8d5aa3", "#7d8128", "#b94f74", "#5a6b73", "#2f9a9a"},
	Heat:   []string{"#f3f1eb", "#bcdccf", "#6fb39b", "#27805f", "#0a5c45"}, OnHeat: "#ffffff",
}

// darkPalette keeps the roles of lightPalette on near-black.
var darkPalette = palette{
	Page: "#121514", Surface: "#191d1b", Raised: "#212624", Line: "#303633",
	Ink: "#eceeec", Soft: "#b0b8b4", Faint: "#8f9893",
	Accent: "#57c9a3", AccentSoft: "#18392e",
	Good: "#57c9a3", Warn: "#e2b45c", Bad: "#f18b7e",
	WarnSoft: "#3a2f16", BadSoft: "#412421",
	Mute:   "#69726d",
	Series: []string{"#57c9a3", "#e59f55", "#7fabea", "#c39ad8", "#c0c46a", "#ea8dae", "#9fb0b8", "#6fd0d0"},
	Heat:   []string{"#212624", "#1f4a3c", "#2a765d", "#3ea583", "#7fe0bf"}, OnHeat: "#0c1210",
}

// Theme is the Vega-Lite config that gives the charts of this package their
// look. The page applies it by itself; add it as "config" to a specification
// that is to be opened elsewhere.
func Theme(dark bool) map[string]any {
	if dark {
		return darkPalette.config()
	}
	return lightPalette.config()
}

// chartFont is the page's face, spelled out because a saved picture of a chart
// has no style sheet.
const chartFont = `-apple-system, BlinkMacSystemFont, "Segoe UI", Inter, Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif`

// config is the Vega-Lite config of a palette. The entries of "style" are the
// roles that marks of this package's charts refer to by name.
func (p palette) config() map[string]any {
	return object{
		"background": "transparent",
		"font":       chartFont,
		"view":       object{"stroke": nil},
		"axis": object{
			"labelColor": p.Soft, "titleColor": p.Soft, "labelFontSize": 12, "titleFontSize": 12,
			"titleFontWeight": 500, "titlePadding": 10, "labelPadding": 6,
			"domainColor": p.Line, "tickColor": p.Line, "gridColor": p.Line, "gridOpacity": 0.7,
			"domain": false, "ticks": false, "labelOverlap": "greedy",
		},
		"axisX": object{"tickCount": 6},
		"axisY": object{"tickCount": 6},
		"legend": object{
			"orient": "top", "title": nil, "labelColor": p.Soft, "labelFontSize": 12, "columnPadding": 16,
			"symbolType": "circle", "symbolSize": 90, "symbolOpacity": 1, "padding": 0, "offset": 12,
		},
		"range": object{"category": p.Series, "ramp": p.Heat, "heatmap": p.Heat},
		"line":  object{"strokeWidth": 2.25, "strokeJoin": "round"},
		"bar":   object{"cornerRadius": 2},
		"style": object{
			"series":        object{"color": p.Accent},
			"band":          object{"color": p.Accent, "fillOpacity": 0.13},
			"bar-main":      object{"color": p.Accent},
			"bar-second":    object{"color": p.Series[1]},
			"bar-mute":      object{"color": p.Mute},
			"bar-warn":      object{"color": p.Warn},
			"bar-loss":      object{"color": p.Bad},
			"foot":          object{"color": p.Mute, "strokeOpacity": 0.35},
			"dot-main":      object{"filled": true, "color": p.Accent, "stroke": p.Surface, "strokeWidth": 1.5, "opacity": 1},
			"dot-mute":      object{"filled": true, "color": p.Mute, "stroke": p.Surface, "strokeWidth": 1.5, "opacity": 1},
			"dot-ink":       object{"filled": true, "color": p.Soft, "stroke": p.Surface, "strokeWidth": 1.5, "opacity": 1},
			"ring":          object{"filled": false, "color": p.Ink, "strokeWidth": 1.75, "opacity": 1},
			"whisker":       object{"color": p.Accent, "strokeWidth": 2.5, "strokeOpacity": 0.55, "strokeCap": "round"},
			"whisker-mute":  object{"color": p.Mute, "strokeWidth": 2.5, "strokeOpacity": 0.7, "strokeCap": "round"},
			"whisker-ink":   object{"color": p.Ink, "strokeWidth": 1.25, "strokeOpacity": 0.7},
			"zero":          object{"color": p.Mute, "strokeWidth": 1},
			"zero-tick":     object{"color": p.Faint},
			"track":         object{"color": p.Line, "strokeWidth": 1},
			"reference":     object{"color": p.Faint, "strokeWidth": 1, "strokeDash": []any{4, 4}},
			"drop":          object{"color": p.Ink, "strokeWidth": 1, "strokeDash": []any{2, 3}},
			"link":          object{"color": p.Mute},
			"note":          object{"font": chartFont, "fontSize": 12.5, "color": p.Soft},
			"note-strong":   object{"font": chartFont, "fontSize": 12.5, "fontWeight": 600, "color": p.Ink},
			"note-faint":    object{"font": chartFont, "fontSize": 11.5, "color": p.Faint},
			"note-main":     object{"font": chartFont, "fontSize": 13, "fontWeight": 600, "color": p.Ink},
			"on-heat":       object{"font": chartFont, "fontSize": 15, "fontWeight": 600, "color": p.OnHeat},
			"on-pale":       object{"font": chartFont, "fontSize": 15, "fontWeight": 600, "color": p.Ink},
			"on-heat-small": object{"font": chartFont, "fontSize": 11.5, "color": p.OnHeat},
			"on-pale-small": object{"font": chartFont, "fontSize": 11.5, "color": p.Soft},
		},
	}
}
