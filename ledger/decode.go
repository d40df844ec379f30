package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"bespoke/internal/jsonlit"
)

// parsed is the content of one line.
type parsed struct {
	kind   string // segment, decision, outcome, or a kind of a later version
	header header
	record Record
}

// decoder reads lines whose checksum held.
type decoder struct{ s jsonlit.Scanner }

// decode reads one line. Members that it does not know are skipped, so that a
// later version may add some without a new format number.
func (d *decoder) decode(line []byte) (parsed, error) {
	d.s.Reset(line)
	var f fields
	if err := d.s.EnterObject(); err != nil {
		return parsed{}, err
	}
	for {
		key, ok, err := d.s.NextKey()
		if err != nil {
			return parsed{}, err
		}
		if !ok {
			break
		}
		if err := f.member(string(key), &d.s); err != nil {
			return parsed{}, err
		}
	}
	if err := d.s.End(); err != nil {
		return parsed{}, err
	}
	return f.line()
}

// fields gathers the members of a line of any kind.
type fields struct {
	kind            string
	format, number  float64
	started, time   time.Time
	id, key, bundle string
	action, value   string
	inputs          json.RawMessage
	prediction      []float64
	expected, cost  float64
	actions         []ActionMoney
}

func (f *fields) member(key string, s *jsonlit.Scanner) (err error) {
	switch key {
	case "kind":
		f.kind, err = text(s)
	case "format":
		f.format, err = s.Float()
	case "number":
		f.number, err = s.Float()
	case "started":
		f.started, err = moment(s)
	case "id":
		f.id, err = text(s)
	case "key":
		f.key, err = text(s)
	case "time":
		f.time, err = moment(s)
	case "bundle":
		f.bundle, err = text(s)
	case "inputs":
		f.inputs, err = s.Skip()
		f.inputs = bytes.Clone(f.inputs)
	case "prediction":
		f.prediction, err = numbers(s)
	case "action":
		f.action, err = text(s)
	case "expected":
		f.expected, err = s.Float()
	case "actions":
		f.actions, err = actions(s)
	case "cost":
		f.cost, err = s.Float()
	case "value":
		f.value, err = text(s)
	default:
		_, err = s.Skip()
	}
	return err
}

// line makes a record of the members and checks that the needed ones are there.
func (f *fields) line() (parsed, error) {
	p := parsed{kind: f.kind}
	switch f.kind {
	case "segment":
		p.header = header{format: int(f.format), number: int(f.number), started: f.started}
		return p, nil
	case "decision":
		d := &Decision{
			ID: f.id, Key: f.key, Time: f.time, Bundle: f.bundle, Inputs: f.inputs, Prediction: f.prediction,
			Action: f.action, Expected: f.expected, Actions: f.actions, Cost: f.cost,
		}
		if len(d.Inputs) == 0 || d.Inputs[0] != '{' {
			return p, errors.New("the inputs must be a JSON object")
		}
		p.record.Decision = d
	case "outcome":
		p.record.Outcome = &Outcome{ID: f.id, Key: f.key, Time: f.time, Value: f.value}
	case "":
		return p, errors.New("the line has no kind")
	default:
		return p, nil
	}
	return p, p.record.check()
}

func text(s *jsonlit.Scanner) (string, error) {
	b, err := s.Text()
	return string(b), err
}

func moment(s *jsonlit.Scanner) (time.Time, error) {
	b, err := s.Text()
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return time.Time{}, fmt.Errorf("%q must be a time such as 2026-01-31T08:00:00Z", b)
	}
	return t.UTC(), nil
}

func numbers(s *jsonlit.Scanner) (out []float64, err error) {
	if err := s.EnterArray(); err != nil {
		return nil, err
	}
	for {
		ok, err := s.NextElement()
		if err != nil || !ok {
			return out, err
		}
		x, err := s.Float()
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
}

func actions(s *jsonlit.Scanner) (out []ActionMoney, err error) {
	if err := s.EnterArray(); err != nil {
		return nil, err
	}
	for {
		ok, err := s.NextElement()
		if err != nil || !ok {
			return out, err
		}
		a, err := action(s)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
}

func action(s *jsonlit.Scanner) (a ActionMoney, err error) {
	if err := s.EnterObject(); err != nil {
		return a, err
	}
	for {
		key, ok, err := s.NextKey()
		if err != nil || !ok {
			return a, err
		}
		switch string(key) {
		case "name":
			a.Name, err = text(s)
		case "expected":
			a.Expected, err = s.Float()
		default:
			_, err = s.Skip()
		}
		if err != nil {
			return a, err
		}
	}
}
