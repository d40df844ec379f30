package web

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
