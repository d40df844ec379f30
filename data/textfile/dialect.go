package textfile

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bespoke/table"
)

// Dialect is how a delimited text is written.
type Dialect struct {
	Delimiter, Quote, Escape byte
	// Skip is how many lines stand before the header, or before the first row
	// when there is no header.
	Skip int
	// Skipped is how many of those lines are not blank.
	Skipped int
	// Header is true when the first record after them has the names.
	Header bool
	// Names are those of the columns, as written: they may be empty or appear
	// twice.
	Names []string
}

// delimiters are tried in this order; the first of equally good ones wins.
var delimiters = []byte{',', ';', '\t', '|'}

// sampleRecords is how many records the dialect is judged by.
const sampleRecords = 500

// Dialect finds out how the text is written from its beginning, and from more of
// it when a record is very long.
func (t *File) Dialect() (Dialect, []table.Finding, error) {
	for {
		whole := int64(len(t.Head)) >= t.Bytes-int64(len(ByteOrderMark))
		d, findings, err := sniff(t.Head, t.Name, whole)
		if whole || err == nil && len(split(t.Head, d, 3+d.Skipped, whole)) >= 3 {
			return d, findings, err
		}
		if err := t.readHead(int64(len(t.Head)) * 16); err != nil {
			return Dialect{}, nil, err
		}
	}
}

// sniff finds the dialect from the beginning of a text. whole says that the
// head is the whole text.
func sniff(head []byte, name string, whole bool) (Dialect, []table.Finding, error) {
	d := Dialect{Quote: '"', Escape: '"'}
	d.Skip, d.Skipped = leadingBlankLines(head)
	rest := afterLines(head, d.Skip)
	if sep, ok := excelSeparator(rest); ok {
		d.Delimiter = sep
		d.Skip++
		d.Skipped++
		rest = afterLines(rest, 1)
	}
	if bytes.IndexByte(head, '"') < 0 && singleQuoted(rest) {
		d.Quote, d.Escape = '\'', '\''
	}
	if d.Delimiter == 0 {
		d.Delimiter = bestDelimiter(rest, d, strings.Contains(strings.ToLower(name), ".tsv"), whole)
	}
	d.Escape = bestEscape(rest, d, whole)
	records := split(rest, d, sampleRecords+1, whole)
	if len(records) == 0 {
		return d, nil, fmt.Errorf("data: reading %q: the file has no text, only blank lines", name)
	}
	findings := d.nameColumns(records, name, rest)
	return d, findings, nil
}

// leadingBlankLines counts the lines without text before the first with some, and
// those of them that hold spaces.
func leadingBlankLines(text []byte) (lines, spaced int) {
	for {
		line, rest, more := bytes.Cut(text, []byte{'\n'})
		if !more || len(bytes.TrimSpace(line)) > 0 {
			return lines, spaced
		}
		if len(bytes.TrimSuffix(line, []byte{'\r'})) > 0 {
			spaced++
		}
		text = rest
		lines++
	}
}

func afterLines(text []byte, n int) []byte {
	for range n {
		_, text, _ = bytes.Cut(text, []byte{'\n'})
	}
	return text
}

// excelSeparator reads the line "sep=;" that Excel writes and understands.
func excelSeparator(text []byte) (byte, bool) {
	line, _, _ := bytes.Cut(text, []byte{'\n'})
	line = bytes.TrimRight(line, "\r")
	if len(line) == 5 && bytes.EqualFold(line[:4], []byte("sep=")) && slices.Contains(delimiters, line[4]) {
		return line[4], true
	}
	return 0, false
}

// singleQuoted says whether fields are wrapped in apostrophes: several begin and
// end with one at a delimiter.
func singleQuoted(text []byte) bool {
	opened, closed := 0, 0
	for _, d := range delimiters {
		opened += bytes.Count(text, []byte{d, '\''})
		closed += bytes.Count(text, []byte{'\'', d})
	}
	return opened >= 2 && closed >= 2
}

// bestDelimiter takes the delimiter that cuts most records of the sample into
// the same number of fields, at least two, with a header that has it too.
func bestDelimiter(text []byte, d Dialect, tabs, whole bool) byte {
	best, bestScore := delimiters[0], 0.0
	order := delimiters
	if tabs {
		order = []byte{'\t', ',', ';', '|'}
		best = '\t'
	}
	for _, c := range order {
		d.Delimiter = c
		records := split(text, d, sampleRecords+1, whole)
		if len(records) == 0 {
			continue
		}
		width, share := commonWidth(records)
		if width < 2 {
			continue
		}
		score := share
		if h := len(records[0]); h == width {
			score++
		}
		// A little for width decides between delimiters that fit equally well.
		score += 1e-4 * float64(min(width, 1000))
		if score > bestScore {
			best, bestScore = c, score
		}
	}
	return best
}

// bestEscape is the backslash where \" stands in the text, "" does not, and
// records fit at least as well as without it: the folder "C:\" ends with a
// backslash and a quote too.
func bestEscape(text []byte, d Dialect, whole bool) byte {
	if d.Quote != '"' || !bytes.Contains(text, []byte(`\"`)) || bytes.Contains(text, []byte(`""`)) {
		return d.Escape
	}
	escaped := d
	escaped.Escape = '\\'
	records := split(text, escaped, sampleRecords+1, whole)
	if len(records) == 0 {
		return d.Escape
	}
	doubled := split(text, d, sampleRecords+1, whole)
	_, with := commonWidth(records)
	if _, without := commonWidth(doubled); without > with || len(doubled) > len(records) {
		return d.Escape
	}
	return '\\'
}

// commonWidth is the most frequent number of fields after the first record (or
// of the only one) and the share of records that have it.
func commonWidth(records [][]string) (width int, share float64) {
	if len(records) > 1 {
		records = records[1:]
	}
	counts := map[int]int{}
	for _, r := range records {
		counts[len(r)]++
	}
	most := 0
	for w, n := range counts {
		if n > most || n == most && w > width {
			width, most = w, n
		}
	}
	return width, float64(most) / float64(len(records))
}

// split cuts the beginning of a text into records of fields, at most so many.
// Blank lines are left out, and so is an unfinished last record unless the text
// is whole.
func split(text []byte, d Dialect, most int, whole bool) [][]string {
	var records [][]string
	var record []string
	var field []byte
	quoted, after, started := false, false, false
	end := func() {
		record = append(record, string(field))
		field, after, started = field[:0], false, false
	}
	for i := 0; i < len(text) && len(records) < most; i++ {
		b := text[i]
		switch {
		case quoted && b == d.Escape && d.Escape != d.Quote && i+1 < len(text):
			i++
			field = append(field, text[i])
		case quoted && b == d.Quote:
			quoted, after = false, true
		case quoted:
			field = append(field, b)
		case after && b == d.Quote && d.Escape == d.Quote:
			field = append(field, b)
			quoted, after = true, false
		case b == d.Quote && !started && !after:
			quoted, started = true, true
		case b == d.Delimiter:
			end()
		case b == '\n':
			if len(field) > 0 && field[len(field)-1] == '\r' {
				field = field[:len(field)-1]
			}
			blank := len(record) == 0 && len(field) == 0 && !after
			end()
			if !blank {
				records = append(records, record)
			}
			record = nil
		default:
			if b != '\r' || i+1 < len(text) && text[i+1] != '\n' {
				started = true
			}
			field = append(field, b)
		}
	}
	if whole && len(records) < most && (len(record) > 0 || len(field) > 0) {
		end()
		records = append(records, record)
	}
	return records
}

// nameColumns decides whether the first record is a header and names the
// columns.
func (d *Dialect) nameColumns(records [][]string, name string, rest []byte) []table.Finding {
	first := records[0]
	if len(records) == 1 {
		d.Header = true
		d.Names = trimmed(first)
		return nil
	}
	width, _ := commonWidth(records)
	if counts, ok := countsLine(records, width, rest); ok {
		d.Skip++
		d.Skipped++
		d.Names = numbered(width)
		return []table.Finding{{
			Check: "header", Severity: table.Warning,
			Message: fmt.Sprintf("%s: the first line holds counts (%s), not names; columns were named column_1 to column_%d", name, counts, width),
			Rule:    "a first line of N,F,... where F+1 is the number of columns and N the number of lines that follow",
			Action:  "first line left out", Suggestion: "put a line with the column names in its place",
		}}
	}
	if looksLikeData(records, width) {
		d.Names = numbered(width)
		return []table.Finding{{
			Check: "header", Severity: table.Warning,
			Message: fmt.Sprintf("%s: the first line looks like data, not names; columns were named column_1 to column_%d", name, width),
			Rule:    "no cell of the first line stands over a column of numbers without being a number, and at least one number stands over numbers (or, without any column of numbers, a cell occurs again below)",
			Action:  "first line read as data", Suggestion: "put a line with the column names on top",
		}}
	}
	d.Header = true
	if len(first) == width-1 {
		return d.unnamedColumn(records, name, width)
	}
	d.Names = trimmed(first)
	return nil
}

// unnamedColumn handles a header that is one name short: the rows end with a
// delimiter, or begin with row names as R writes them.
func (d *Dialect) unnamedColumn(records [][]string, name string, width int) []table.Finding {
	first := trimmed(records[0])
	ends := true
	for _, r := range records[1:] {
		ends = ends && (len(r) < width || r[width-1] == "")
	}
	message, where := "every row ends with a delimiter", append(slices.Clone(first), "column_"+strconv.Itoa(width))
	if !ends {
		message, where = "the header has no name for the first column, as R writes row names", append([]string{"row_name"}, first...)
	}
	d.Names = where
	return []table.Finding{{
		Check: "header", Severity: table.Note, Message: fmt.Sprintf("%s: %s", name, message),
		Rule: "the header has one cell less than the rows", Action: "the column was given a name",
	}}
}

func trimmed(cells []string) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = strings.TrimSpace(c)
	}
	return out
}

func numbered(width int) []string {
	names := make([]string, width)
	for i := range names {
		names[i] = "column_" + strconv.Itoa(i+1)
	}
	return names
}

// countsLine recognises the first line of scikit-learn's own files: the number
// of rows, the number of features, then class names.
func countsLine(records [][]string, width int, rest []byte) (string, bool) {
	first := trimmed(records[0])
	if len(first) < 2 {
		return "", false
	}
	rows, err1 := strconv.Atoi(first[0])
	features, err2 := strconv.Atoi(first[1])
	if err1 != nil || err2 != nil || features+1 != width {
		return "", false
	}
	if len(records) <= sampleRecords && rows != len(records)-1 || rows < len(records)-1 {
		return "", false
	}
	line, _, _ := bytes.Cut(rest, []byte{'\n'})
	return string(bytes.TrimSpace(line)), true
}

// looksLikeData says whether the first record is a row like the others.
func looksLikeData(records [][]string, width int) bool {
	first := records[0]
	if len(first) != width {
		return false
	}
	overNumbers, again, numeric := false, false, false
	for c, cell := range first {
		cell = strings.TrimSpace(cell)
		numbers, values := 0, 0
		same := false
		for _, r := range records[1:] {
			if c >= len(r) {
				continue
			}
			v := strings.TrimSpace(r[c])
			if v == "" || v == "?" || v == "NA" {
				continue
			}
			values++
			same = same || v == cell
			if _, ok := table.ParseNumber([]byte(v)); ok {
				numbers++
			}
		}
		if values == 0 || cell == "" || cell == "?" {
			continue
		}
		_, isNumber := table.ParseNumber([]byte(cell))
		switch {
		case numbers*10 >= values*9:
			numeric = true
			if !isNumber {
				return false // a word over numbers is a name
			}
			overNumbers = true
		case same:
			again = true
		}
	}
	return overNumbers || !numeric && again
}
