package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"bespoke/bundle"
	"bespoke/explain"
	"bespoke/internal/jsonlit"
	"bespoke/internal/rowjson"
	"bespoke/ledger"
	"bespoke/model"
	"bespoke/value"
)

// names are the parts of a response that are the same every time, already in
// JSON.
type names struct {
	open     []byte   // {"bundle":"...","currency":"..."
	outcomes [][]byte // "good":
	actions  [][]byte // "grant":
	action   []string
	cost     float64 // of making a decision
}

func newNames(b *bundle.Bundle) names {
	n := names{open: jsonlit.AppendString([]byte(`{"bundle":`), b.Manifest.Hash)}
	if b.Card.Currency != "" {
		n.open = append(n.open, `,"currency":`...)
		n.open = jsonlit.AppendString(n.open, b.Card.Currency)
	}
	for _, o := range b.Solution.Outcomes {
		n.outcomes = append(n.outcomes, append(jsonlit.AppendString(nil, o), ':'))
	}
	if b.Solution.Payoffs != nil {
		n.action = b.Solution.Payoffs.Actions()
		n.cost = b.Solution.Payoffs.Config().PerDecision
	}
	for _, a := range n.action {
		n.actions = append(n.actions, append(jsonlit.AppendString(nil, a), ':'))
	}
	return n
}

// post wraps a route that reads a body: it finds a place, reads the body, waits
// for a worker and answers with what handle has put into the work's out.
func (s *Server) post(handle func(ctx context.Context, w *work, rec *recorder, r *http.Request) *failure) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		rec := rw.(*recorder) // guard made it
		if err := s.admit.place(); err != nil {
			s.sendFailure(rec, &failure{status: http.StatusServiceUnavailable, reason: "busy", detail: err.Error() + "; try again shortly", cause: err})
			return
		}
		defer s.admit.leave()
		w := s.work.Get().(*work) // the pool holds nothing else
		defer s.putWork(w)
		if f := s.compute(w, rec, r, handle); f != nil {
			s.sendFailure(rec, f)
			return
		}
		send(rec, http.StatusOK, "application/json", w.out)
	}
}

func (s *Server) compute(w *work, rec *recorder, r *http.Request, handle func(context.Context, *work, *recorder, *http.Request) *failure) *failure {
	if f := s.readBody(rec.ResponseWriter, r, &w.body); f != nil {
		return f
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.opt.Timeout)
	defer cancel()
	if err := s.admit.worker(ctx); err != nil {
		return overdue(ctx)
	}
	defer s.admit.done()
	w.scan.Reset(w.body.Bytes())
	return handle(ctx, w, rec, r)
}

func (s *Server) predict(ctx context.Context, w *work, rec *recorder, r *http.Request) *failure {
	a, f := s.query(r, "strict", "reasons")
	if f != nil {
		return f
	}
	w.out = append(append(w.out, s.names.open...), `,"predictions":[`...)
	if f := s.readRows(ctx, w, rec, a, false); f != nil {
		return f
	}
	if s.solution.Task == model.Ranking {
		w.ranking()
	}
	w.close()
	s.metrics.rows[predictRows].Add(float64(rec.rows))
	return nil
}

func (s *Server) decide(ctx context.Context, w *work, rec *recorder, r *http.Request) *failure {
	if s.solution.Payoffs == nil {
		return fail(http.StatusConflict, "no_value", "the scenario of this bundle has no value section, so there are no actions to choose from; use /v1/predict")
	}
	a, f := s.query(r, "strict", "reasons")
	if f != nil {
		return f
	}
	w.out = append(append(w.out, s.names.open...), `,"decisions":[`...)
	if f := s.readRows(ctx, w, rec, a, true); f != nil {
		return f
	}
	if w.together != nil {
		s.decideTogether(w)
	}
	w.close()
	if s.opt.Log != nil {
		if f := s.write(ctx, w); f != nil {
			return f
		}
	}
	s.metrics.decided(w.decisions)
	return nil
}

// write puts the decisions into the ledger. They are answered only if that
// went well: what a client acts on must be known to monitoring.
func (s *Server) write(ctx context.Context, w *work) *failure {
	for i := range w.decisions {
		w.records = append(w.records, ledger.Record{Decision: &w.decisions[i]})
	}
	if err := s.opt.Log.Append(ctx, w.records...); err != nil {
		s.metrics.logFailures.Inc()
		return &failure{status: http.StatusServiceUnavailable, reason: "log", detail: "the decision could not be written to the log, so it does not count; try again", cause: err}
	}
	return nil
}

// rowMembers are the members of the body of predict and decide.
var rowMembers = []string{"rows", "keys"}

// readRows reads the body and appends the answer of every row to the work's
// out. Nothing is answered when one row is wrong, but all rows are looked at,
// so that the client learns of every fault at once.
func (s *Server) readRows(ctx context.Context, w *work, rec *recorder, a asked, decide bool) *failure {
	f := body(&w.scan, rowMembers, func(name string) *failure {
		if name == "keys" {
			return elements(&w.scan, name, s.opt.MaxRows, func(i int) *failure {
				k, f := key(&w.scan, fmt.Sprintf("keys[%d]", i))
				w.keys = append(w.keys, k)
				return f
			})
		}
		return elements(&w.scan, name, s.opt.MaxRows, func(i int) *failure {
			rec.rows++
			return s.oneRow(ctx, w, i, a, decide)
		})
	})
	switch {
	case f != nil:
		return f
	case w.wrongRows:
		return &failure{
			status: http.StatusUnprocessableEntity, reason: "invalid", faults: w.faults,
			detail: fmt.Sprintf("%d of the values cannot be used as they are; nothing was decided", len(w.faults)+w.unlisted),
		}
	case rec.rows == 0:
		return wrong("rows", "the array is empty; send at least one row")
	case len(w.keys) > 0 && len(w.keys) != rec.rows:
		return wrong("keys", fmt.Sprintf("there are %d keys for %d rows; send one for each, or none", len(w.keys), rec.rows))
	}
	for i, k := range w.keys {
		if decide {
			w.decisions[i].Key = k
		}
	}
	return nil
}

// close ends the response with its warnings.
func (w *work) close() {
	w.out = append(w.out, ']')
	if len(w.warnings) > 0 {
		w.out = append(w.out, `,"warnings":[`...)
		for i, f := range w.warnings {
			if i > 0 {
				w.out = append(w.out, ',')
			}
			w.out = jsonlit.AppendString(append(w.out, `{"path":`...), f.Path)
			w.out = jsonlit.AppendString(append(w.out, `,"kind":`...), f.Kind)
			w.out = jsonlit.AppendString(append(w.out, `,"message":`...), f.Message)
			w.out = append(w.out, '}')
		}
		w.out = append(w.out, ']')
		if w.unlisted > 0 {
			w.out = append(w.out, `,"warnings_unlisted":`...)
			w.out = strconv.AppendInt(w.out, int64(w.unlisted), 10)
		}
	}
	w.out = append(w.out, '}', '\n')
}

// oneRow reads row i, decides it and appends the answer.
func (s *Server) oneRow(ctx context.Context, w *work, i int, a asked, decide bool) *failure {
	if f := overdue(ctx); f != nil {
		return f
	}
	if k := w.scan.Peek(); k != jsonlit.Object && k != jsonlit.None {
		if _, err := w.scan.Skip(); err != nil {
			return syntax(err)
		}
		w.wrongRows = true
		w.add(&w.faults, Fault{Path: fmt.Sprintf("rows[%d]", i), Kind: "wrong_type", Message: fmt.Sprintf("found %s where an object keyed by column is allowed", k)})
		return nil
	}
	if err := w.read.Read(&w.scan, w.row.Table); err != nil {
		return syntax(err)
	}
	s.issues(w, i, a.strict)
	if w.wrongRows {
		return nil
	}
	if err := s.solution.Decide(w.row); err != nil {
		var money *value.Error
		if !errors.As(err, &money) {
			return &failure{status: http.StatusInternalServerError, reason: "decide", detail: "the row could not be decided; the server's log has the details", cause: err}
		}
		w.wrongRows = true
		w.add(&w.faults, Fault{Path: fmt.Sprintf("rows[%d]", i), Kind: "no_money", Message: money.Error()})
		return nil
	}
	return s.answer(w, i, a, decide)
}

// issues turns what the reader found into faults or warnings, and counts it.
func (s *Server) issues(w *work, i int, strict bool) {
	for _, issue := range w.read.Issues {
		s.metrics.issues.WithLabelValues(issue.Kind.String()).Inc()
		fault := Fault{Path: rowPath(i, issue.Column), Kind: issue.Kind.String(), Message: issue.Message}
		if issue.Kind.Fatal() || strict {
			w.wrongRows = true
			w.add(&w.faults, fault)
		} else {
			w.add(&w.warnings, fault)
		}
	}
	if w.read.Unlisted > 0 {
		s.metrics.issues.WithLabelValues(rowjson.UnknownField.String()).Add(float64(w.read.Unlisted))
		w.unlisted += w.read.Unlisted
	}
}

func (w *work) add(to *[]Fault, f Fault) {
	if len(*to) >= maxFaults {
		w.unlisted++
		return
	}
	*to = append(*to, f)
}

// rowPath is rows[3].age, or rows[3]["odd name"].
func rowPath(i int, column string) string {
	for _, c := range column {
		if notPlain(c) || c == '.' || c == '-' {
			return fmt.Sprintf("rows[%d][%q]", i, column)
		}
	}
	return fmt.Sprintf("rows[%d].%s", i, column)
}

// answer appends what was predicted and decided for the row in w.row.
func (s *Server) answer(w *work, i int, a asked, decide bool) *failure {
	for _, p := range w.row.Prediction {
		if math.IsNaN(p) || math.IsInf(p, 0) {
			return &failure{
				status: http.StatusInternalServerError, reason: "decide", detail: "the model gave no number for a row; the server's log has the details",
				cause: fmt.Errorf("serve: row %d: the prediction is %v", i, w.row.Prediction),
			}
		}
	}
	if s.solution.Task == model.Ranking {
		w.numbers = append(w.numbers, w.row.Prediction[0])
	}
	if decide {
		if err := s.keep(w); err != nil {
			return &failure{status: http.StatusInternalServerError, reason: "decide", detail: "the decision could not be kept", cause: err}
		}
	}
	if decide && w.together != nil {
		var f *failure
		w.rests, f = s.appendRest(w.rests, w, a)
		w.ends = append(w.ends, len(w.rests))
		return f
	}
	if i > 0 {
		w.out = append(w.out, ',')
	}
	w.out = append(w.out, '{')
	if decide {
		w.out = s.appendDecision(w.out, &w.decisions[i])
	}
	var f *failure
	w.out, f = s.appendRest(w.out, w, a)
	return f
}

// appendRest writes what follows the decision: the prediction and its reasons.
func (s *Server) appendRest(dst []byte, w *work, a asked) ([]byte, *failure) {
	if len(s.names.outcomes) == 0 {
		dst = jsonlit.AppendNumber(append(dst, `"prediction":`...), w.row.Prediction[0])
	} else {
		dst = appendNumbers(append(dst, `"probabilities":`...), s.names.outcomes, w.row.Prediction)
	}
	if a.reasons > 0 {
		var f *failure
		if dst, f = s.appendReasons(dst, w, a.reasons); f != nil {
			return dst, f
		}
	}
	return append(dst, '}'), nil
}

// decideTogether decides the rows of the request again, now together, and
// writes them.
func (s *Server) decideTogether(w *work) {
	from := 0
	for i, a := range w.together.Choose() {
		d := &w.decisions[i]
		d.Action, d.Expected = s.names.action[a], d.Actions[a].Expected
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = s.appendDecision(append(w.out, '{'), d)
		w.out = append(w.out, w.rests[from:w.ends[i]]...)
		from = w.ends[i]
	}
}

// appendNumbers writes an object of numbers by name.
func appendNumbers(dst []byte, keys [][]byte, x []float64) []byte {
	dst = append(dst, '{')
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonlit.AppendNumber(append(dst, k...), x[i])
	}
	return append(dst, '}')
}

// appendDecision writes a decision and the comma behind it.
func (s *Server) appendDecision(dst []byte, d *ledger.Decision) []byte {
	dst = jsonlit.AppendString(append(dst, `"id":`...), d.ID)
	dst = jsonlit.AppendString(append(dst, `,"action":`...), d.Action)
	dst = jsonlit.AppendNumber(append(dst, `,"expected":`...), d.Expected)
	dst = jsonlit.AppendNumber(append(dst, `,"cost":`...), d.Cost)
	dst = append(dst, `,"actions":{`...)
	for k, a := range d.Actions {
		if k > 0 {
			dst = append(dst, ',')
		}
		dst = jsonlit.AppendNumber(append(dst, s.names.actions[k]...), a.Expected)
	}
	return append(dst, "},"...)
}

// keep keeps the decision of the row for the answer and the ledger.
func (s *Server) keep(w *work) error {
	id, err := s.ids.New()
	if err != nil {
		return err
	}
	if w.together != nil {
		if err := w.row.Collect(w.together); err != nil {
			return err
		}
	}
	d := &w.row.Decision
	start, money, numbers := len(w.inputs), len(w.actions), len(w.numbers)
	w.inputs = w.read.AppendInputs(w.inputs)
	for k, name := range s.names.action {
		w.actions = append(w.actions, ledger.ActionMoney{Name: name, Expected: d.Expected[k]})
	}
	w.numbers = append(w.numbers, w.row.Prediction...)
	w.decisions = append(w.decisions, ledger.Decision{
		ID: id, Time: s.opt.Now().UTC(), Bundle: s.bundle.Manifest.Hash, Inputs: w.inputs[start:],
		Prediction: w.numbers[numbers:], Action: d.Name, Expected: d.Expected[d.Action], Actions: w.actions[money:], Cost: s.names.cost,
	})
	return nil
}

func (s *Server) appendReasons(dst []byte, w *work, n int) ([]byte, *failure) {
	reasons, err := s.reasons.Row(w.row.Table, 0, explain.Predicted, n, w.why)
	if err == nil {
		var text []byte
		if text, err = json.Marshal(reasons); err == nil {
			return append(append(dst, `,"reasons":`...), text...), nil
		}
	}
	return dst, &failure{status: http.StatusInternalServerError, reason: "reasons", detail: "the reasons could not be computed; the server's log has the details", cause: err}
}
