package source

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2/mapping"

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
	defer t.close()
	d, findings, err := t.dialect()
	if err != nil {
		return nil, err
	}
	count, err := countRecords(t.path, d)
	if err != nil {
		return nil, fmt.Errorf("data: reading %q: %w", name, err)
	}
	if err := count.unclosed(name); err != nil {
		return nil, err
	}
	rows := count.records - d.skipped
	if d.header {
		rows--
	}
	if rows <= 0 {
		return nil, fmt.Errorf("data: reading %q: the file has a header (%d columns) but no rows", name, len(d.names))
	}
	cells := int64(rows) * int64(len(d.names))
	if err := j.budget.need(fmt.Sprintf("%q (%d rows x %d columns)", name, rows, len(d.names)), t.bytes+cells*12); err != nil {
		return nil, err
	}
	raw, err := t.readFields(ctx, j, d, count, rows)
	if err != nil {
		return nil, err
	}
	raw.Findings = slices.Concat(t.findings, findings, raw.Findings)
	raw.Files = []File{t.file}
	return raw, nil
}

// dialect looks at the beginning of the text, and at more of it when a record is
// very long.
func (t *textFile) dialect() (dialect, []table.Finding, error) {
	for {
		whole := int64(len(t.head)) >= t.bytes-int64(len(byteOrderMark))
		d, findings, err := sniff(t.head, t.name, whole)
		if whole || err == nil && len(split(t.head, d, 3+d.skipped, whole)) >= 3 {
			return d, findings, err
		}
		if err := t.readHead(int64(len(t.head)) * 16); err != nil {
			return dialect{}, nil, err
		}
	}
}

// readFields reads with DuckDB or, where that fails, with the plain reader.
func (t *textFile) readFields(ctx context.Context, j *job, d dialect, count *recordCount, rows int) (*Raw, error) {
	reason := "a file with one column"
	if len(d.names) > 1 {
		raw, why, err := t.readFast(ctx, j, d, count, rows)
		if err != nil || why == "" {
			return raw, err
		}
		reason = why
	}
	raw, err := t.readPlain(ctx, j, d)
	if err != nil {
		return nil, err
	}
	if len(d.names) > 1 {
		raw.Findings = append(raw.Findings, table.Finding{
			Check: "reader", Severity: table.Note,
			Message: fmt.Sprintf("%s: read with the slower plain reader: %s", t.name, reason),
			Rule:    "DuckDB's rows and set-aside records together must be as many as an independent count of the records", Action: "read again with the plain reader",
		})
	}
	return raw, nil
}

// readFast reads with DuckDB. A reason instead of rows means that the plain
// reader must do it; an error is final.
func (t *textFile) readFast(ctx context.Context, j *job, d dialect, count *recordCount, rows int) (raw *Raw, reason string, err error) {
	db, err := j.open()
	if err != nil {
		return nil, "", err
	}
	raw = &Raw{}
	for _, n := range d.names {
		raw.Columns = append(raw.Columns, newColumn(n, Texts, ""))
	}
	table := db.next()
	err = j.collect(ctx, db, t.sql(d, count, table), raw, fmt.Sprintf("%q", t.name))
	if err != nil {
		if ctx.Err() != nil || j.budget.full() {
			return nil, "", err
		}
		j.budget.giveBack(raw)
		return nil, firstLine(err.Error()), nil
	}
	rejects, err := db.texts(ctx, "SELECT DISTINCT CAST(line_byte_position AS VARCHAR), error_type::VARCHAR, csv_line FROM reject_errors"+table)
	if err != nil {
		return nil, "", fmt.Errorf("data: reading %q: listing the records set aside: %w", t.name, err)
	}
	bad := rejectsOf(rejects)
	if raw.Rows+len(bad) != rows {
		j.budget.giveBack(raw)
		return nil, fmt.Sprintf("DuckDB gave %d rows and set %d aside, the file has %d", raw.Rows, len(bad), rows), nil
	}
	for i := range min(len(bad), table20) {
		if bad[i].line, err = physicalLine(t.path, bad[i].at); err != nil {
			return nil, "", fmt.Errorf("data: reading %q: %w", t.name, err)
		}
	}
	return raw, "", t.reject(raw, bad, len(d.names))
}

// sql is the statement that reads the fields as text.
func (t *textFile) sql(d dialect, count *recordCount, suffix string) string {
	var columns strings.Builder
	for i := range d.names {
		if i > 0 {
			columns.WriteString(", ")
		}
		columns.WriteString("c" + strconv.Itoa(i) + ": 'VARCHAR'")
	}
	size := ""
	if count.longest+2 > 2_000_000 { // DuckDB's own limit for a record
		size = fmt.Sprintf(", max_line_size=%d", count.longest+16)
	}
	return fmt.Sprintf("SELECT * FROM read_csv(%s, auto_detect=false, delim=%s, quote=%s, escape=%s, header=%t, skip=%d, columns={%s}, "+
		"store_rejects=true, rejects_limit=0, rejects_table='reject_errors%s', rejects_scan='reject_scans%s'%s)",
		sqlPath(t.path), sqlText(string(d.delimiter)), sqlText(string(d.quote)), sqlText(string(d.escape)), d.header, d.skip,
		columns.String(), suffix, suffix, size)
}

// collect streams a SELECT into the columns of raw.
func (j *job) collect(ctx context.Context, db *duck, sql string, raw *Raw, what string) error {
	return db.stream(ctx, sql, func(chunk mapping.DataChunk, rows int) error {
		before := raw.size()
		for i, c := range raw.Columns {
			if err := c.add(mapping.DataChunkGetVector(chunk, mapping.IdxT(i)), rows); err != nil {
				return err
			}
		}
		raw.Rows += rows
		return j.budget.take(what, raw.size()-before)
	})
}

// reject is a record that does not fit.
type reject struct {
	line   int // of the file, from 1; 0 when it was not looked up
	at     int64
	reason string
	text   string
}

// table20 is how many set-aside records are looked up and shown.
const table20 = table.FindingRows

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

// reject adds the finding about set-aside records, or refuses a file with too
// many of them.
func (t *textFile) reject(raw *Raw, bad []reject, width int) error {
	if len(bad) == 0 {
		return nil
	}
	var places []string
	for _, r := range bad[:min(len(bad), 5)] {
		places = append(places, fmt.Sprintf("line %d (%s): %s", r.line, r.reason, short(r.text)))
	}
	shown := strings.Join(places, "; ")
	total := raw.Rows + len(bad)
	if float64(len(bad)) > mostRejects*float64(total) && len(bad) > 0 {
		return fmt.Errorf("data: reading %q: %d of %d records do not have the %d fields of the header, more than the %g%% that may be left out; the first: %s",
			t.name, len(bad), total, width, 100*mostRejects, shown)
	}
	raw.Findings = append(raw.Findings, table.Finding{
		Check: "ragged rows", Severity: table.Warning, Count: len(bad),
		Message:    fmt.Sprintf("%s: %d of %d records do not have the %d fields of the header; %s", t.name, len(bad), total, width, shown),
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
