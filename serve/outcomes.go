package serve

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"bespoke/internal/jsonlit"
	"bespoke/internal/near"
	"bespoke/ledger"
)

var (
	outcomeMembers = []string{"outcomes"}
	outcomeFields  = []string{"outcome", "id", "key", "time"}
)

// outcomes takes in what came of decisions. All are written or none.
func (s *Server) outcomes(ctx context.Context, w *work, rec *recorder, r *http.Request) *failure {
	if s.opt.Log == nil {
		return fail(http.StatusConflict, "no_log", "this server keeps no decision log, so outcomes have nothing to join; start it with one")
	}
	if _, f := s.query(r); f != nil {
		return f
	}
	f := body(&w.scan, outcomeMembers, func(name string) *failure {
		return elements(&w.scan, name, s.opt.MaxRows, func(i int) *failure {
			if f := overdue(ctx); f != nil {
				return f
			}
			o, f := s.outcome(w, fmt.Sprintf("outcomes[%d]", i))
			w.records = append(w.records, ledger.Record{Outcome: &o})
			return f
		})
	})
	if f != nil {
		return f
	}
	if len(w.records) == 0 {
		return wrong("outcomes", "the array is empty; send at least one")
	}
	rec.rows = len(w.records)
	if err := s.opt.Log.Append(ctx, w.records...); err != nil {
		s.metrics.logFailures.Inc()
		return &failure{status: http.StatusServiceUnavailable, reason: "log", detail: "the outcomes could not be written to the log; try again", cause: err}
	}
	s.metrics.rows[outcomeRows].Add(float64(len(w.records)))
	w.out = strconv.AppendInt(append(w.out, `{"accepted":`...), int64(len(w.records)), 10)
	w.out = append(w.out, "}\n"...)
	return nil
}

// outcome reads one element.
func (s *Server) outcome(w *work, path string) (o ledger.Outcome, f *failure) {
	if k := w.scan.Peek(); k != jsonlit.Object && k != jsonlit.None {
		return o, wrong(path, fmt.Sprintf("found %s where an object with id or key, and outcome, is allowed", k))
	}
	o.Time = s.opt.Now().UTC()
	_, f = members(&w.scan, path+".", outcomeFields, func(name string) (f *failure) {
		at := path + "." + name
		switch name {
		case "id":
			o.ID, f = key(&w.scan, at)
		case "key":
			o.Key, f = key(&w.scan, at)
		case "outcome":
			o.Value, f = s.outcomeValue(w, at)
		case "time":
			var text string
			if text, f = key(&w.scan, at); f != nil || text == "" {
				return f
			}
			t, ok := jsonlit.Time(text)
			if !ok {
				return wrong(at, fmt.Sprintf("found %q where a time is allowed; write %s in quotes", cut(text), jsonlit.TimeForms))
			}
			o.Time = t
		}
		return f
	})
	switch {
	case f != nil:
		return o, f
	case o.Value == "":
		return o, wrong(path+".outcome", "the outcome is absent")
	case (o.ID == "") == (o.Key == ""):
		return o, wrong(path, "send either the id of the decision or the key that was sent with its row")
	}
	return o, nil
}

// outcomeValue reads what came of a decision: one of the outcomes, or a number
// for a regression.
func (s *Server) outcomeValue(w *work, path string) (string, *failure) {
	kind := w.scan.Peek()
	if !s.solution.Task.Classes() {
		if kind != jsonlit.Number {
			return "", s.skipped(w, path, fmt.Sprintf("found %s where a number is allowed", kind))
		}
		x, err := w.scan.Float()
		if err != nil {
			return "", syntax(err)
		}
		return strconv.FormatFloat(x, 'g', -1, 64), nil
	}
	var text string
	switch kind {
	case jsonlit.String:
		b, err := w.scan.Text()
		if err != nil {
			return "", syntax(err)
		}
		text = string(b)
	case jsonlit.Number, jsonlit.Bool:
		b, err := w.scan.Skip()
		if err != nil {
			return "", syntax(err)
		}
		text = string(b)
	default:
		return "", s.skipped(w, path, fmt.Sprintf("found %s where one of %s is allowed", kind, strings.Join(s.solution.Outcomes, ", ")))
	}
	for _, o := range s.solution.Outcomes {
		if o == text || kind == jsonlit.Bool && strings.EqualFold(o, text) || kind == jsonlit.Number && sameNumber(o, text) {
			return o, nil
		}
	}
	return "", wrong(path, fmt.Sprintf("found %q where one of %s is allowed%s", cut(text), strings.Join(s.solution.Outcomes, ", "), near.Hint(cut(text), s.solution.Outcomes)))
}

func sameNumber(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && x == y
}

// skipped reads over a value of a wrong kind, so that broken JSON is reported
// as such.
func (s *Server) skipped(w *work, path, message string) *failure {
	if _, err := w.scan.Skip(); err != nil {
		return syntax(err)
	}
	return wrong(path, message)
}
