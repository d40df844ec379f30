package serve

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"bespoke/bundle"
	"bespoke/internal/jsonlit"
	"bespoke/table"
)

// Model describes what is served.
type Model struct {
	// Manifest says what the bundle is.
	Manifest bundle.Manifest `json:"manifest" doc:"What the bundle is, with the hash of every part."`
	// Card is the model card.
	Card bundle.Card `json:"card" doc:"The model card."`
	// Columns are those that a row must have.
	Columns []ColumnInfo `json:"columns" doc:"The columns that a row must have."`
	// Actions are the possible decisions; empty when there is no value section.
	Actions []string `json:"actions,omitempty" doc:"The possible decisions."`
	// Example is a row to begin with.
	Example json.RawMessage `json:"example" doc:"A row to begin with."`
	// Reasons says whether ?reasons=N is possible.
	Reasons bool `json:"reasons" doc:"Whether reasons can be given."`
	// Logged says whether decisions are kept.
	Logged bool `json:"logged" doc:"Whether decisions are kept in a log."`
	// MaxRows and MaxBody are the limits of a request.
	MaxRows int   `json:"max_rows" doc:"The most rows in a request."`
	MaxBody int64 `json:"max_body" doc:"The most bytes in a request."`
}

// ColumnInfo describes one raw column.
type ColumnInfo struct {
	// Name and Kind are the column's: number, category, text or time.
	Name string `json:"name" doc:"The column."`
	Kind string `json:"kind" doc:"number, category, text or time." enum:"number,category,text,time"`
	// Levels are the spellings of a category that were seen in training.
	Levels []string `json:"levels,omitempty" doc:"The spellings of a category that were seen in training."`
}

func (s *Server) model() Model {
	m := Model{
		Manifest: s.bundle.Manifest, Card: s.bundle.Card, Actions: s.names.action, Example: exampleRow(s.bundle),
		Reasons: s.reasons != nil, Logged: s.opt.Log != nil, MaxRows: s.opt.MaxRows, MaxBody: s.opt.MaxBody,
	}
	for _, f := range s.solution.Schema {
		m.Columns = append(m.Columns, ColumnInfo{Name: f.Name, Kind: f.Kind.String(), Levels: f.Levels})
	}
	return m
}

func (s *Server) exampleBody() json.RawMessage {
	return append(append([]byte(`{"rows":[`), exampleRow(s.bundle)...), "]}"...)
}

func (s *Server) exampleOutcome() json.RawMessage {
	out := []byte(`{"outcomes":[{"id":"00000000-0000-7000-8000-000000000000","outcome":`)
	if o := s.solution.Outcomes; len(o) > 0 {
		out = jsonlit.AppendString(out, o[0])
	} else {
		out = append(out, '0')
	}
	return append(out, "}]}"...)
}

// exampleRow makes a row of typical values from the profile: medians and the
// most frequent levels. It holds no text of a training row, which might be
// somebody's.
func exampleRow(b *bundle.Bundle) json.RawMessage {
	out := []byte{'{'}
	for i, f := range b.Solution.Schema {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(jsonlit.AppendString(out, f.Name), ':')
		profile, _ := b.Profile.Column(f.Name) // without one, the zero profile
		out = appendExample(out, f, profile)
	}
	return append(out, '}')
}

func appendExample(out []byte, f table.Field, p table.ColumnProfile) []byte {
	switch f.Kind {
	case table.Number:
		if x, ok := median(p); ok {
			return jsonlit.AppendNumber(out, x)
		}
	case table.Time:
		if x, ok := median(p); ok && math.Abs(x) < 1<<53 {
			return jsonlit.AppendString(out, time.UnixMicro(int64(x)).UTC().Truncate(24*time.Hour).Format(time.RFC3339))
		}
	case table.Category:
		if len(p.Bins.Levels) > 0 {
			if slices.Contains(f.Levels, p.Bins.Levels[0]) {
				return jsonlit.AppendString(out, p.Bins.Levels[0])
			}
		}
		if len(f.Levels) > 0 {
			return jsonlit.AppendString(out, f.Levels[0])
		}
	case table.Text:
		return jsonlit.AppendString(out, "text")
	}
	return append(out, "null"...)
}

// median is the profile's; the mean stands in where there is none.
func median(p table.ColumnProfile) (float64, bool) {
	if p.Numbers == nil {
		return 0, false
	}
	for _, q := range p.Numbers.Quantiles {
		if q.P == 0.5 {
			return q.Value, true
		}
	}
	return p.Numbers.Mean, true
}
