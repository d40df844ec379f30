package ledger

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bespoke/internal/jsonlit"
)

// OutcomeFile says how to read a file of late outcomes. Exactly one of ID and
// Key must be given.
type OutcomeFile struct {
	// Format is csv, tsv or jsonl; empty means by the file's ending.
	Format string
	// ID is the column that holds decision ids.
	ID string
	// Key is the column that holds the caller's own names of the cases.
	Key string
	// Value is the column that holds the outcome.
	Value string
	// Time is the column that says when the outcome became known; empty when
	// there is none.
	Time string
}

// OutcomeStats counts the rows of a file of outcomes.
type OutcomeStats struct {
	// Rows is the number of rows, Read how many gave an outcome.
	Rows int `json:"rows"`
	Read int `json:"read"`
	// Empty is how many rows had no outcome yet; they are left out.
	Empty int `json:"empty,omitempty"`
}

// ReadOutcomesFile reads a file of outcomes; see ReadOutcomes.
func ReadOutcomesFile(path string, spec OutcomeFile, each func(Outcome) error) (OutcomeStats, error) {
	if spec.Format == "" {
		switch ending := strings.ToLower(filepath.Ext(path)); ending {
		case ".csv", ".tsv", ".jsonl":
			spec.Format = ending[1:]
		case ".ndjson":
			spec.Format = "jsonl"
		default:
			return OutcomeStats{}, fmt.Errorf("ledger: outcomes: file %q must end in .csv, .tsv or .jsonl", path)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return OutcomeStats{}, fmt.Errorf("ledger: outcomes: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	stats, err := ReadOutcomes(f, spec, each)
	if err != nil {
		return stats, fmt.Errorf("%w (in %s)", err, path)
	}
	return stats, nil
}

// ReadOutcomes calls each for every outcome of a file, in order. A row without
// an outcome is counted and left out; a row without an id, or that cannot be
// read, is an error with its line.
func ReadOutcomes(from io.Reader, spec OutcomeFile, each func(Outcome) error) (OutcomeStats, error) {
	if (spec.ID == "") == (spec.Key == "") {
		return OutcomeStats{}, errors.New("ledger: outcomes: name either the column of ids or the column of keys")
	}
	if spec.Value == "" {
		return OutcomeStats{}, errors.New("ledger: outcomes: name the column that holds the outcome")
	}
	var stats OutcomeStats
	take := func(line int, name, value, at string) error {
		stats.Rows++
		o, err := spec.outcome(strings.TrimSpace(name), strings.TrimSpace(value), strings.TrimSpace(at))
		if err != nil {
			return fmt.Errorf("ledger: outcomes: line %d: %w", line, err)
		}
		if o.Value == "" {
			stats.Empty++
			return nil
		}
		stats.Read++
		return each(o)
	}
	switch spec.Format {
	case "csv":
		err := spec.readCSV(from, ',', take)
		return stats, err
	case "tsv":
		err := spec.readCSV(from, '\t', take)
		return stats, err
	case "jsonl":
		err := spec.readLines(from, take)
		return stats, err
	}
	return stats, fmt.Errorf("ledger: outcomes: format: %q is none of csv, tsv, jsonl", spec.Format)
}

// outcome makes an outcome of the three texts of a row.
func (spec OutcomeFile) outcome(name, value, at string) (Outcome, error) {
	o := Outcome{Value: value}
	if name == "" {
		return o, fmt.Errorf("column %q is empty", spec.ID+spec.Key)
	}
	if spec.ID != "" {
		o.ID = name
	} else {
		o.Key = name
	}
	if at != "" {
		t, ok := jsonlit.Time(at)
		if !ok {
			return o, fmt.Errorf("column %q: %q is not a time; write %s", spec.Time, at, jsonlit.TimeForms)
		}
		o.Time = t
	}
	return o, nil
}

type takeRow func(line int, name, value, at string) error

func (spec OutcomeFile) readCSV(from io.Reader, comma rune, take takeRow) error {
	r := csv.NewReader(skipBOM(from))
	r.Comma = comma
	r.ReuseRecord = true
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("ledger: outcomes: the file is empty; its first line must name the columns")
	}
	if err != nil {
		return fmt.Errorf("ledger: outcomes: %w", err)
	}
	names := slices.Clone(head)
	var at [3]int // of name, value, time
	for i, column := range []string{spec.ID + spec.Key, spec.Value, spec.Time} {
		at[i] = slices.Index(names, column)
		if column == "" {
			at[i] = -1 // only Time may be left out
		} else if at[i] < 0 {
			return fmt.Errorf("ledger: outcomes: no column %q; there are %s", column, strings.Join(names, ", "))
		}
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("ledger: outcomes: %w", err)
		}
		line, _ := r.FieldPos(0)
		when := ""
		if at[2] >= 0 {
			when = row[at[2]]
		}
		if err := take(line, row[at[0]], row[at[1]], when); err != nil {
			return err
		}
	}
}

// skipBOM drops the byte order mark that some programs put before UTF-8.
func skipBOM(from io.Reader) io.Reader {
	r := bufio.NewReader(from)
	if b, err := r.Peek(3); err == nil && bytes.Equal(b, []byte("\xef\xbb\xbf")) {
		_, _ = r.Discard(3) // the three bytes are in the buffer
	}
	return r
}

func (spec OutcomeFile) readLines(from io.Reader, take takeRow) error {
	lines := bufio.NewScanner(skipBOM(from))
	lines.Buffer(nil, MaxLine)
	var s jsonlit.Scanner
	for line := 1; lines.Scan(); line++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		s.Reset(lines.Bytes())
		name, value, at, err := spec.object(&s)
		if err != nil {
			return fmt.Errorf("ledger: outcomes: line %d: %w", line, err)
		}
		if err := take(line, name, value, at); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("ledger: outcomes: %w", err)
	}
	return nil
}

// object reads the three members that matter of one JSON object.
func (spec OutcomeFile) object(s *jsonlit.Scanner) (name, value, at string, err error) {
	if err = s.EnterObject(); err != nil {
		return
	}
	for {
		key, ok, err := s.NextKey()
		if err != nil {
			return name, value, at, err
		}
		if !ok {
			return name, value, at, s.End()
		}
		var into *string
		switch k := string(key); {
		case k == spec.ID+spec.Key:
			into = &name
		case k == spec.Value:
			into = &value
		case k == spec.Time && k != "":
			into = &at
		default:
			if _, err := s.Skip(); err != nil {
				return name, value, at, err
			}
			continue
		}
		if *into, err = literal(s); err != nil {
			return name, value, at, err
		}
	}
}

// literal reads a text, number or truth value as text; null is empty.
func literal(s *jsonlit.Scanner) (string, error) {
	switch k := s.Peek(); k {
	case jsonlit.String:
		return text(s)
	case jsonlit.Number, jsonlit.Bool:
		raw, err := s.Skip()
		return string(raw), err
	case jsonlit.Null:
		return "", s.Null()
	default:
		return "", fmt.Errorf("found %s where text or a number is allowed", k)
	}
}

// Outcomes gathers the last outcome per id and per key of a reader's records
// and files; it is what joins late outcomes to decisions.
type Outcomes struct {
	byID, byKey map[string]Known
}

// Known is the part of an outcome that a join needs.
type Known struct {
	Value string
	Time  time.Time
}

// Add takes in an outcome; a later one for the same decision replaces it.
func (o *Outcomes) Add(out Outcome) {
	if o.byID == nil {
		o.byID, o.byKey = map[string]Known{}, map[string]Known{}
	}
	k := Known{Value: out.Value, Time: out.Time}
	if out.ID != "" {
		o.byID[out.ID] = k
	} else {
		o.byKey[out.Key] = k
	}
}

// Len is the number of decisions and keys with an outcome.
func (o *Outcomes) Len() int { return len(o.byID) + len(o.byKey) }

// Of finds the outcome of a decision, by its id or else by its key.
func (o *Outcomes) Of(d *Decision) (Known, bool) {
	if k, ok := o.byID[d.ID]; ok {
		return k, true
	}
	if d.Key == "" {
		return Known{}, false
	}
	k, ok := o.byKey[d.Key]
	return k, ok
}
