package pipeline

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"bespoke/bundle"
	"bespoke/data"
	"bespoke/draft"
	"bespoke/explain"
	"bespoke/interchange"
	"bespoke/model"
	"bespoke/runs"
	"bespoke/scenario"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/value"
	"bespoke/web"
)

// PredictOptions say what to predict.
type PredictOptions struct {
	// Bundle and Data are paths; Data may be a glob.
	Bundle, Data string
	// Threads is how many goroutines may work at once.
	Threads int
	// JSON writes one JSON object per row instead of CSV.
	JSON bool
	// Keep repeats the columns that the bundle reads in the output.
	Keep bool
	// Report is told what did not fit.
	Report runs.Reporter
}

// Predict predicts, and where the bundle has payoffs decides, every row of a
// file, in order.
func Predict(ctx context.Context, o PredictOptions, w io.Writer) error {
	b, rows, err := rowsFor(ctx, o.Bundle, o.Data, o.Threads, o.Report, true)
	if err != nil {
		return err
	}
	s := b.Solution
	predictions, err := s.Predict(rows, o.Threads)
	if err != nil {
		return err
	}
	var sheet *value.Sheet
	var choice []int
	if s.Payoffs != nil {
		if sheet, err = s.Payoffs.Sheet(rows, predictions, nil, o.Threads); err != nil {
			return err
		}
		choice = sheet.Choose()
	}
	p := printer{solution: s, rows: rows, predictions: predictions, sheet: sheet, choice: choice, keep: o.Keep}
	if s.Task == model.Ranking {
		if p.query, err = queryColumn(rows, s.Query); err != nil {
			return err
		}
		p.ranks = solution.Ranks(predictions, p.query.Texts)
	}
	if o.JSON {
		return p.lines(w)
	}
	return p.csv(w)
}

// queryColumn is the column of queries, as text: those of new rows are new.
func queryColumn(rows *table.Table, name string) (*table.Column, error) {
	c, ok := rows.Column(name)
	if !ok {
		return nil, fmt.Errorf("pipeline: predict: there is no column %q of queries", name)
	}
	for i := range c.Len() {
		if c.Missing(i) {
			return nil, fmt.Errorf("pipeline: predict: %q is missing in row %d; every row must say which query it belongs to", name, i+1)
		}
	}
	return c, nil
}

// rowsFor opens a bundle and reads the rows of a file as it wants them; ranked
// asks for the queries of a ranking as well.
func rowsFor(ctx context.Context, bundlePath, dataPath string, threads int, report runs.Reporter, ranked bool) (*bundle.Bundle, *table.Table, error) {
	b, err := bundle.Open(bundlePath)
	if err != nil {
		return nil, nil, err
	}
	file, err := scenario.Parse("bundle/"+scenario.FileName, b.Scenario)
	if err != nil {
		return nil, nil, fmt.Errorf("pipeline: the scenario in %q: %w", bundlePath, err)
	}
	d := scenario.Data{Source: scenario.Source{Path: dataPath}, Missing: file.Scenario.Data.Missing}
	schema := b.Solution.Schema
	if q := b.Solution.Query; ranked && q != "" {
		schema = append(slices.Clone(schema), table.Field{Name: q, Kind: table.Text})
	}
	rows, findings, err := data.ReadAs(ctx, d, "", schema, data.Options{Threads: threads})
	if err != nil {
		return nil, nil, err
	}
	for _, f := range findings {
		if f.Severity != table.Note {
			report.Warn("data", fmt.Sprintf("%s: %s; %s", f.Check, f.Message, f.Action))
		}
	}
	return b, rows, nil
}

// printer writes predicted rows.
type printer struct {
	solution    *solution.Solution
	rows        *table.Table
	predictions []float64
	sheet       *value.Sheet
	choice      []int
	keep        bool
	// query and ranks are of a ranking alone.
	query *table.Column
	ranks []int
}

// header names the columns of the output.
func (p printer) header() []string {
	var names []string
	if p.keep {
		names = append(names, p.rows.Names()...)
	}
	if p.ranks != nil {
		if !p.keep { // else it stands among the others
			names = append(names, p.query.Name)
		}
		return append(names, "score", "rank")
	}
	if p.solution.Outcomes == nil {
		names = append(names, "predicted_"+p.solution.Target)
	}
	for _, o := range p.solution.Outcomes {
		names = append(names, "p_"+o)
	}
	if p.sheet != nil {
		names = append(names, "action", "expected_money")
	}
	return names
}

// values are the cells of a row, in the order of the header.
func (p printer) values(i int) []any {
	var out []any
	if p.keep {
		for _, c := range p.rows.Columns() {
			out = append(out, c.Value(i))
		}
	}
	if p.ranks != nil {
		if !p.keep {
			out = append(out, p.query.Value(i))
		}
		return append(out, p.predictions[i], p.ranks[i])
	}
	k := p.solution.Outputs()
	for _, v := range p.predictions[i*k : (i+1)*k] {
		out = append(out, v)
	}
	if p.sheet != nil {
		a := p.choice[i]
		out = append(out, p.sheet.Actions[a], p.sheet.Expected[i*len(p.sheet.Actions)+a]-p.sheet.PerDecision)
	}
	return out
}

func (p printer) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(p.header()); err != nil {
		return err
	}
	for i := range p.rows.Rows() {
		var cells []string
		for _, v := range p.values(i) {
			cells = append(cells, cell(v))
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

func (p printer) lines(w io.Writer) error {
	names := p.header()
	buffered := bufio.NewWriter(w)
	out := json.NewEncoder(buffered)
	for i := range p.rows.Rows() {
		row := make(map[string]any, len(names))
		for j, v := range p.values(i) {
			row[names[j]] = v
		}
		if err := out.Encode(row); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

// ExportOptions say what to write for another program.
type ExportOptions struct {
	// Bundle is the path of a bundle whose model is boosted trees.
	Bundle string
	// Rows, when not empty, is a file of rows whose features are given too.
	Rows    string
	Threads int
	// Report is told what did not fit.
	Report runs.Reporter
}

// Exported is the model of a bundle for another program.
type Exported struct {
	// Bundle is the hash of the bundle's content.
	Bundle string `json:"bundle"`
	*interchange.Exported
	// Matrix is the features of the rows as CSV, nil when there are no rows.
	Matrix []byte `json:"-"`
}

// Export gives the model of a bundle as LightGBM's text, with a description of
// its features, and the features of rows if asked for.
func Export(ctx context.Context, o ExportOptions) (*Exported, error) {
	b, err := bundle.Open(o.Bundle)
	if err != nil {
		return nil, err
	}
	e, err := interchange.Export(b.Solution)
	if err != nil {
		return nil, fmt.Errorf("%w (in %q)", err, o.Bundle)
	}
	out := &Exported{Bundle: b.Manifest.Hash, Exported: e}
	if o.Rows != "" {
		out.Matrix, err = matrixOf(ctx, o, e)
	}
	return out, err
}

// matrixOf is the features of a file's rows as CSV, with what is missing as
// empty cells and categories as codes.
func matrixOf(ctx context.Context, o ExportOptions, e *interchange.Exported) ([]byte, error) {
	b, rows, err := rowsFor(ctx, o.Bundle, o.Rows, o.Threads, o.Report, false)
	if err != nil {
		return nil, err
	}
	conformed, _, err := rows.Conform(b.Solution.Features.Inputs())
	if err != nil {
		return nil, fmt.Errorf("pipeline: export: %w", err)
	}
	x := b.Solution.Features.NewMatrix(conformed.Rows())
	if err := b.Solution.Features.Apply(conformed, x); err != nil {
		return nil, fmt.Errorf("pipeline: export: %w", err)
	}
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	cells := make([]string, x.Cols())
	for j, f := range e.Features {
		cells[j] = f.Name
	}
	err = w.Write(cells)
	for i := range x.Rows {
		for j, v := range x.Row(i) {
			if cells[j] = ""; !math.IsNaN(v) {
				cells[j] = cell(v)
			}
		}
		err = errors.Join(err, w.Write(cells))
	}
	w.Flush()
	return text.Bytes(), errors.Join(err, w.Error())
}

// ExplainOptions say which row to explain.
type ExplainOptions struct {
	Bundle, Data string
	// Row is the number of the row, from 1.
	Row int
	// Top is how many reasons are listed; 0 lists all.
	Top     int
	Threads int
	// Report is told what did not fit.
	Report runs.Reporter
}

// RowExplained is a row with its decision and the reasons for it.
type RowExplained struct {
	Row    int    `json:"row"`
	Target string `json:"target"`
	// Query is the column of queries of a ranking, whose prediction is a score.
	Query      string    `json:"query,omitempty"`
	Outcomes   []string  `json:"outcomes,omitempty"`
	Prediction []float64 `json:"prediction"`
	// Action and Money are empty without payoffs.
	Action   string          `json:"action,omitempty"`
	Money    float64         `json:"money,omitempty"`
	Currency string          `json:"currency,omitempty"`
	Reasons  explain.Reasons `json:"reasons"`
}

// ExplainRow decides one row of a file and says why.
func ExplainRow(ctx context.Context, o ExplainOptions) (*RowExplained, error) {
	b, rows, err := rowsFor(ctx, o.Bundle, o.Data, o.Threads, o.Report, false)
	if err != nil {
		return nil, err
	}
	if o.Row < 1 || o.Row > rows.Rows() {
		return nil, fmt.Errorf("pipeline: explain: row %d is not there; the file has rows 1 to %d", o.Row, rows.Rows())
	}
	s := b.Solution
	r := s.NewRow()
	r.Fill(rows, o.Row-1)
	if err := s.Decide(r); err != nil {
		return nil, err
	}
	e, err := explain.New(s)
	if err != nil {
		return nil, err
	}
	reasons, err := e.Decided(r, explain.Predicted, o.Top, e.NewScratch())
	if err != nil {
		return nil, err
	}
	return &RowExplained{
		Row: o.Row, Target: s.Target, Query: s.Query, Outcomes: s.Outcomes, Prediction: r.Prediction, Action: r.Decision.Name, Money: r.Decision.Money,
		Currency: b.Card.Currency, Reasons: *reasons,
	}, nil
}

// Text prints the explanation.
func (x *RowExplained) Text(w io.Writer, width int, color bool) error {
	doc := web.Document{Title: fmt.Sprintf("row %d", x.Row)}
	switch {
	case x.Query != "":
		doc.Verdict = fmt.Sprintf("the score is %.6g; among the rows of a %s, more is before less", x.Prediction[0], x.Query)
	case x.Outcomes == nil:
		doc.Verdict = fmt.Sprintf("%s is predicted as %.6g", x.Target, x.Prediction[0])
	default:
		doc.Verdict = fmt.Sprintf("a chance of %.1f %% that %s is %s", 100*x.Reasons.Prediction, x.Target, x.Reasons.Outcome)
	}
	if x.Action != "" {
		doc.Verdict += fmt.Sprintf("; most money is expected from %s: %s", x.Action, web.Quantity{Value: x.Money, Unit: x.Currency, Decimals: web.Auto})
	}
	t := web.Table{
		Columns: []web.Column{{Title: "Column", Code: true}, {Title: "Value"}, {Title: "adds", Number: true, Unit: x.Reasons.Unit, Decimals: 4, Signed: true}},
		Note:    fmt.Sprintf("The parts add up to the model's own output within %.1g.", x.Reasons.Gap),
	}
	add := func(name, text string, v float64) {
		t.Rows = append(t.Rows, web.Row{Cells: []web.Cell{web.Str(name), web.Str(text), web.Num(v)}})
	}
	add("(average)", "", x.Reasons.Base)
	for _, c := range x.Reasons.Contributions {
		add(c.Column, c.Value, c.Amount)
	}
	if x.Reasons.Others > 0 {
		add(fmt.Sprintf("(%s)", web.Count(x.Reasons.Others, "other column")), "", x.Reasons.Rest)
	}
	add("(this row)", "", x.Reasons.Raw)
	doc.Chapters = []web.Chapter{{Stage: "explain", Title: "Why", Blocks: []web.Block{t}}}
	return web.Text(w, doc, width, color)
}

// Facts reads a data file and describes its columns for draft.Scenario.
func Facts(ctx context.Context, path string, threads int) (draft.Facts, error) {
	loaded, err := data.Read(ctx, scenario.Data{Source: scenario.Source{Path: path}}, "", data.Options{Threads: threads})
	if err != nil {
		return draft.Facts{}, err
	}
	facts := draft.Facts{Rows: loaded.Table.Rows()}
	p := table.ProfileOf(loaded.Table)
	for i, c := range p.Columns {
		col := draft.Column{Name: c.Name, Kind: c.Kind.String(), Role: c.Role.String(), Distinct: c.Distinct}
		if p.Rows > 0 {
			col.Missing = float64(c.Missing) / float64(p.Rows)
		}
		col.Levels, col.Counts = levels(loaded.Table.Columns()[i])
		facts.Columns = append(facts.Columns, col)
	}
	return facts, nil
}

// fewLevels is up to how many different numbers are listed as levels.
const fewLevels = 2

// levels lists the values of a category, or of a number with two values, with
// their rows.
func levels(c *table.Column) ([]string, []int) {
	switch c.Kind {
	case table.Category:
		counts := make([]int, len(c.Levels))
		for _, code := range c.Codes {
			if code >= 0 {
				counts[code]++
			}
		}
		return c.Levels, counts
	case table.Number:
		var names []string
		var counts []int
		at := map[float64]int{}
		for _, v := range c.Numbers {
			if v != v {
				continue
			}
			i, seen := at[v]
			if !seen {
				if len(names) == fewLevels {
					return nil, nil
				}
				i = len(names)
				at[v] = i
				names, counts = append(names, cell(v)), append(counts, 0)
			}
			counts[i]++
		}
		return names, counts
	}
	return nil, nil
}
