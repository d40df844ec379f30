package monitor

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"bespoke/bundle"
	"bespoke/internal/jsonlit"
	"bespoke/internal/rowjson"
	"bespoke/ledger"
	"bespoke/model"
	"bespoke/table"
	"bespoke/value"
)

// each calls f for every record of a ledger.
func each(dir string, f func(ledger.Record)) (ledger.Stats, error) {
	r, err := ledger.OpenReader(dir)
	if err != nil {
		return ledger.Stats{}, fmt.Errorf("monitor: %w", err)
	}
	for r.Next() {
		f(r.Record())
	}
	if err := errors.Join(r.Err(), r.Close()); err != nil {
		return r.Stats(), fmt.Errorf("monitor: %w", err)
	}
	return r.Stats(), nil
}

// gather reads the outcomes first, so that decisions can be joined as they are
// read and need not be kept.
func gather(dir string) (*ledger.Outcomes, error) {
	var late ledger.Outcomes
	_, err := each(dir, func(r ledger.Record) {
		if r.Outcome != nil {
			late.Add(*r.Outcome)
		}
	})
	return &late, err
}

// watch gathers the figures while the ledger is read.
type watch struct {
	bundle *bundle.Bundle
	opt    Options
	late   *ledger.Outcomes

	scan    jsonlit.Scanner
	reader  *rowjson.Row
	row     *table.Table
	inputs  []*column // by column of the schema
	outputs []*column // by outcome, then the action
	actions []string
	key     int // index into the schema, or -1

	counts      Counts
	first, last time.Time
	all         sums
	windows     map[time.Time]*sums
	batch       batch

	resources []value.Resource
	used      []float64 // by resource
	scratch   *value.Scratch
}

func newWatch(b *bundle.Bundle, opt Options, late *ledger.Outcomes) *watch {
	s := b.Solution
	w := &watch{
		bundle: b, opt: opt, late: late, reader: rowjson.NewSchema(s.Schema, s.Target).NewRow(), row: s.Schema.Scratch(),
		actions: s.Payoffs.Actions(), key: -1, windows: map[time.Time]*sums{},
	}
	for i, f := range s.Schema {
		w.inputs = append(w.inputs, newColumn(f, b.Profile))
		if f.Name == opt.Key && f.Name != "" {
			w.key = i
		}
	}
	reference := table.Profile{}
	if b.Predictions != nil {
		reference = *b.Predictions
	}
	for _, n := range bundle.PredictionColumns(s) {
		w.outputs = append(w.outputs, newColumn(table.Field{Name: n, Kind: table.Number}, reference))
	}
	w.outputs = append(w.outputs, newColumn(table.Field{Name: bundle.ActionColumn, Kind: table.Category, Levels: w.actions}, reference))
	w.batch.start(b.Solution)
	w.resources, w.scratch = s.Payoffs.Resources(), s.Payoffs.NewScratch()
	w.used = make([]float64, len(w.resources))
	return w
}

// record takes in one record of the ledger.
func (w *watch) record(r ledger.Record) {
	d := r.Decision
	switch {
	case d == nil:
		return
	case d.Bundle != w.bundle.Manifest.Hash:
		w.counts.OtherBundles++
		return
	case d.Time.Before(w.opt.From) || !w.opt.To.IsZero() && !d.Time.Before(w.opt.To):
		w.counts.OtherTimes++
		return
	}
	w.counts.Made++
	if w.first.IsZero() || d.Time.Before(w.first) {
		w.first = d.Time
	}
	if d.Time.After(w.last) {
		w.last = d.Time
	}
	window := w.window(d.Time)
	net := d.Expected - d.Cost
	w.all.expected.add(net)
	window.expected.add(net)
	if err := w.observe(d); err != nil {
		w.counts.Unreadable++
		return
	}
	w.join(d, window)
}

func (w *watch) window(t time.Time) *sums {
	at := w.opt.Window.begin(t)
	s, ok := w.windows[at]
	if !ok {
		s = &sums{}
		w.windows[at] = s
	}
	return s
}

// observe counts the values of a decision in the bins of drift.
func (w *watch) observe(d *ledger.Decision) error {
	action := slices.Index(w.actions, d.Action)
	if len(d.Prediction) != len(w.outputs)-1 || action < 0 {
		return fmt.Errorf("monitor: decision %s: it is not one of this bundle", d.ID)
	}
	w.scan.Reset(d.Inputs)
	if err := w.reader.Read(&w.scan, w.row); err != nil {
		return err
	}
	unseen := map[string]bool{}
	for _, issue := range w.reader.Issues {
		if issue.Kind.Fatal() {
			return fmt.Errorf("monitor: decision %s: column %q: %s", d.ID, issue.Column, issue.Message)
		}
		if issue.Kind == rowjson.UnknownCategory {
			unseen[issue.Column] = true
		}
	}
	for i, c := range w.row.Columns() {
		if unseen[c.Name] {
			w.inputs[i].countUnseen(w.reader.Sent(i))
		} else {
			w.inputs[i].count(c)
		}
	}
	for i, p := range d.Prediction {
		w.outputs[i].countNumber(p)
	}
	w.outputs[len(w.outputs)-1].countLevel(action)
	if s := w.resources; slices.ContainsFunc(s, func(r value.Resource) bool { return r.Limited }) {
		w.use(d, action)
	}
	return nil
}

// join puts a decision whose outcome is known into the batch that is priced
// next.
func (w *watch) join(d *ledger.Decision, window *sums) {
	if d.Key == "" && w.key >= 0 {
		d.Key = plain(w.reader.Sent(w.key))
	}
	known, ok := ledger.Known{}, false
	if w.opt.Outcomes != nil {
		known, ok = w.opt.Outcomes.Of(d)
	}
	if !ok {
		known, ok = w.late.Of(d)
	}
	if !ok {
		return
	}
	truth, ok := w.truth(known.Value)
	if !ok {
		if w.counts.UnknownOutcomes++; w.counts.UnknownOutcomes == 1 {
			w.counts.FirstUnknown = known.Value
		}
		return
	}
	w.batch.add(w.row, d, truth, slices.Index(w.actions, d.Action), window)
	if w.batch.full() {
		w.price()
	}
}

// plain is a JSON literal as text: the value of a key column.
func plain(literal []byte) string {
	s := jsonlit.NewScanner(literal)
	switch s.Peek() {
	case jsonlit.String:
		b, err := s.Text()
		if err != nil {
			return ""
		}
		return string(b)
	case jsonlit.Number:
		return string(literal)
	}
	return ""
}

// truth reads an outcome as the bundle's class index or number. Files spell
// classes in their own way: 1 and 1.0, True and true are the same.
func (w *watch) truth(value string) (float64, bool) {
	number, err := strconv.ParseFloat(value, 64)
	isNumber := err == nil && !math.IsNaN(number) && !math.IsInf(number, 0)
	if !w.bundle.Solution.Task.Classes() {
		return number, isNumber
	}
	outcomes := w.bundle.Solution.Outcomes
	if i := slices.Index(outcomes, value); i >= 0 {
		return float64(i), true
	}
	for i, o := range outcomes {
		x, err := strconv.ParseFloat(o, 64)
		if strings.EqualFold(o, value) || isNumber && err == nil && x == number {
			return float64(i), true
		}
	}
	return 0, false
}

// report makes the report of what was gathered.
func (w *watch) report() *Report {
	b, c := w.bundle, w.opt.Confidence
	r := &Report{
		Scenario: b.Manifest.Name, Bundle: b.Manifest.Hash, Currency: b.Card.Currency, First: w.first, Last: w.last,
		Decisions: w.counts, Confidence: c, MinRows: w.opt.MinRows,
		Money: Money{
			Promised: b.Card.Promise, Expected: w.all.expected.estimate(c), ExpectedMatured: w.all.expectedMatured.estimate(c),
			Realised: w.all.realised.estimate(c), Gap: w.all.gap.estimate(c),
		},
		Windows: []Period{},
	}
	if w.counts.Made > 0 {
		r.Decisions.Share = float64(w.counts.Matured) / float64(w.counts.Made)
	}
	r.Money.Shortfall = shortfall(b.Card.Promise, r.Money.Realised)
	var begins []time.Time
	for at := range w.windows {
		begins = append(begins, at)
	}
	slices.SortFunc(begins, time.Time.Compare)
	for _, at := range begins {
		s := w.windows[at]
		r.Windows = append(r.Windows, Period{
			Begin: at, Made: s.expected.n, Matured: s.realised.n,
			Expected: s.expected.estimate(c), Realised: s.realised.estimate(c), Gap: s.gap.estimate(c),
		})
	}
	r.Usage = w.usage()
	r.Columns = drifts(w.inputs, c, w.opt.MinRows)
	outputs := w.outputs
	if b.Solution.Task == model.Binary {
		outputs = outputs[1:] // the first probability is one less the second
	}
	r.Predictions = drifts(outputs, c, w.opt.MinRows)
	return r
}
