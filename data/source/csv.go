package source

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bespoke/data/duck"
	"bespoke/data/textfile"
	"bespoke/table"
)

// readCSV reads a delimited text file. The dialect is found here, DuckDB reads
// the fields as text on all threads and sets aside the records it cannot read,
// and an independent count makes sure that no record got lost. What DuckDB
// cannot read so is read by the plain reader of the standard library instead.
func readCSV(ctx context.Context, j *job, name string) (*Raw, error) {
	t, err := j.prepareText(name)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	d, findings, err := t.Dialect()
	if err != nil {
		return nil, err
	}
	unique, more := uniqueNames(d.Names, name)
	d.Names, findings = unique, append(findings, more...)
	count, err := textfile.CountRecords(t.Path, d)
	if err != nil {
		return nil, fmt.Errorf("data: reading %q: %w", name, err)
	}
	if err := count.Unclosed(name); err != nil {
		return nil, err
	}
	rows := count.Records - d.Skipped
	if d.Header {
		rows--
	}
	if rows <= 0 {
		return nil, fmt.Errorf("data: reading %q: the file has a header (%d columns) but no rows", name, len(d.Names))
	}
	cells := int64(rows) * int64(len(d.Names))
	if err := j.need(fmt.Sprintf("%q (%d rows x %d columns)", name, rows, len(d.Names)), t.Bytes+cells*12); err != nil {
		return nil, err
	}
	raw, err := j.readFields(ctx, t, d, count, rows)
	if err != nil {
		return nil, err
	}
	if raw.Rows == 0 {
		return nil, fmt.Errorf("data: reading %q: no row could be read", name)
	}
	raw.Findings = slices.Concat(t.Findings, findings, raw.Findings)
	raw.Files = []File{fileOf(t)}
	return raw, nil
}

// readFields reads with DuckDB or, where that fails, with the plain reader.
func (j *job) readFields(ctx context.Context, t *textfile.File, d textfile.Dialect, count *textfile.Count, rows int) (*Raw, error) {
	reason := "a file with one column"
	if len(d.Names) > 1 {
		raw, why, err := j.readFast(ctx, t, d, count, rows)
		if err != nil || why == "" {
			return raw, err
		}
		reason = why
	}
	raw, err := j.readPlain(ctx, t, d)
	if err != nil {
		return nil, err
	}
	if len(d.Names) > 1 {
		raw.Findings = append(raw.Findings, table.Finding{
			Check: "reader", Severity: table.Note,
			Message: fmt.Sprintf("%s: read with the slower plain reader: %s", t.Name, reason),
			Rule:    "DuckDB's rows and set-aside records together must be as many as an independent count of the records", Action: "read again with the plain reader",
		})
	}
	return raw, nil
}

// readFast reads with DuckDB. A reason instead of rows means that the plain
// reader must do it; an error is final.
func (j *job) readFast(ctx context.Context, t *textfile.File, d textfile.Dialect, count *textfile.Count, rows int) (raw *Raw, reason string, err error) {
	db, err := j.open()
	if err != nil {
		return nil, "", err
	}
	raw = &Raw{}
	for _, n := range d.Names {
		raw.Columns = append(raw.Columns, newColumn(n, Texts, ""))
	}
	suffix := db.Next()
	err = j.collect(ctx, db, fieldsSQL(t.Path, d, count, suffix), raw, fmt.Sprintf("%q", t.Name))
	if err != nil {
		if ctx.Err() != nil || j.budget.full() {
			return nil, "", err
		}
		j.budget.giveBack(raw)
		return nil, duck.FirstLine(err.Error()), nil
	}
	rejects, err := db.Texts(ctx, "SELECT DISTINCT CAST(line_byte_position AS VARCHAR), error_type::VARCHAR, csv_line FROM reject_errors"+suffix)
	if err != nil {
		return nil, "", fmt.Errorf("data: reading %q: listing the records set aside: %w", t.Name, err)
	}
	bad := rejectsOf(rejects)
	if raw.Rows+len(bad) != rows {
		j.budget.giveBack(raw)
		return nil, fmt.Sprintf("DuckDB gave %d rows and set %d aside, the file has %d", raw.Rows, len(bad), rows), nil
	}
	for i := range min(len(bad), table.FindingRows) {
		if bad[i].line, err = textfile.PhysicalLine(t.Path, bad[i].at); err != nil {
			return nil, "", fmt.Errorf("data: reading %q: %w", t.Name, err)
		}
	}
	return raw, "", raw.setAside(t.Name, bad, len(d.Names))
}

// fieldsSQL is the statement that reads the fields as text.
func fieldsSQL(path string, d textfile.Dialect, count *textfile.Count, suffix string) string {
	var columns strings.Builder
	for i := range d.Names {
		if i > 0 {
			columns.WriteString(", ")
		}
		columns.WriteString("c" + strconv.Itoa(i) + ": 'VARCHAR'")
	}
	size := ""
	if count.Longest+2 > 2_000_000 { // DuckDB's own limit for a record
		size = fmt.Sprintf(", max_line_size=%d", count.Longest+16)
	}
	return fmt.Sprintf("SELECT * FROM read_csv(%s, auto_detect=false, delim=%s, quote=%s, escape=%s, header=%t, skip=%d, columns={%s}, "+
		"store_rejects=true, rejects_limit=0, rejects_table='reject_errors%s', rejects_scan='reject_scans%s'%s)",
		duck.Path(path), duck.Text(string(d.Delimiter)), duck.Text(string(d.Quote)), duck.Text(string(d.Escape)), d.Header, d.Skip,
		columns.String(), suffix, suffix, size)
}

// collect streams a SELECT into the columns of raw.
func (j *job) collect(ctx context.Context, db *duck.DB, sql string, raw *Raw, what string) error {
	return db.Stream(ctx, sql, func(chunk duck.Chunk, rows int) error {
		before := raw.size()
		for i, c := range raw.Columns {
			if err := c.add(chunk, i, rows); err != nil {
				return err
			}
		}
		raw.Rows += rows
		return j.added(raw, what, before)
	})
}

// reject is a record that does not fit.
type reject struct {
	line   int // of the file, from 1; 0 when it was not looked up
	at     int64
	reason string
	text   string
}

// rejectsOf sorts the records that DuckDB set aside by their place, one for each
// record.
func rejectsOf(rows [][]string) []reject {
	var out []reject
	for _, r := range rows {
		at, err := strconv.ParseInt(r[0], 10, 64)
		if err != nil {
			continue
		}
		// DuckDB counts blank lines before the record to it.
		text := strings.TrimLeft(r[2], "\r\n")
		at += int64(len(r[2])-len(text)) - 1
		out = append(out, reject{at: max(at, 0), reason: strings.ToLower(r[1]), text: text})
	}
	slices.SortFunc(out, func(a, b reject) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return strings.Compare(a.reason, b.reason)
	})
	return slices.CompactFunc(out, func(a, b reject) bool { return a.at == b.at })
}

// mostRejects is the share of records that may be set aside; above it the file
// is not a table in this form.
const mostRejects = 0.1

// setAside adds the finding about set-aside records, or refuses a file with too
// many of them.
func (r *Raw) setAside(name string, bad []reject, width int) error {
	if len(bad) == 0 {
		return nil
	}
	var places []string
	for _, b := range bad[:min(len(bad), 5)] {
		places = append(places, fmt.Sprintf("line %d (%s): %s", b.line, b.reason, short(b.text)))
	}
	shown := strings.Join(places, "; ")
	total := r.Rows + len(bad)
	if float64(len(bad)) > mostRejects*float64(total) && len(bad) > 0 {
		return fmt.Errorf("data: reading %q: %d of %d records do not have the %d fields of the header, more than the %g%% that may be left out; the first: %s",
			name, len(bad), total, width, 100*mostRejects, shown)
	}
	r.Findings = append(r.Findings, table.Finding{
		Check: "ragged rows", Severity: table.Warning, Count: len(bad),
		Message:    fmt.Sprintf("%s: %d of %d records do not have the %d fields of the header; %s", name, len(bad), total, width, shown),
		Rule:       fmt.Sprintf("a record must have as many fields as the header and closed quotes; more than %g%% of such records is an error", 100*mostRejects),
		Action:     "left out",
		Suggestion: "mend these lines in the source",
	})
	return nil
}

// short cuts a record for a message.
func short(s string) string {
	const most = 60
	r := []rune(strings.TrimRight(s, "\r\n"))
	if len(r) > most {
		return strconv.Quote(string(r[:most]) + "…")
	}
	return strconv.Quote(string(r))
}
