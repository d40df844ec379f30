package source

import (
	"archive/zip"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"bespoke/internal/near"
	"bespoke/table"
)

// excelFactor is about how many bytes of memory a byte of unpacked sheet takes
// while it is read.
const excelFactor = 8

// readExcel reads one sheet of an Excel file: the first row with anything in it
// is the header. Cells with a date format become ISO times, truth values true
// and false, error values such as #N/A missing.
func readExcel(ctx context.Context, j *job, name string) (raw *Raw, err error) {
	// The library indexes into what the file claims; a broken file must not
	// end the program.
	defer func() {
		if p := recover(); p != nil {
			raw, err = nil, fmt.Errorf("data: reading %q: the Excel file is broken (%v); save it again", name, p)
		}
	}()
	path := j.abs(name)
	file, err := hashFile(path, name)
	if err != nil {
		return nil, err
	}
	unpacked, err := unpackedSize(path)
	if err != nil {
		return nil, fmt.Errorf("data: reading %q: it is not an Excel file (%w) although its name says so", name, err)
	}
	if err := j.budget.need(fmt.Sprintf("%q", name), unpacked*excelFactor); err != nil {
		return nil, err
	}
	book, err := excelize.OpenFile(path, excelize.Options{UnzipSizeLimit: max(1<<24, unpacked+1<<20)})
	if err != nil {
		return nil, fmt.Errorf("data: reading %q: %w", name, err)
	}
	defer func() { _ = book.Close() }() // only read from
	sheet, err := chooseSheet(book.GetSheetList(), j.Source.Sheet, name)
	if err != nil {
		return nil, err
	}
	s := &sheetReader{book: book, sheet: sheet, name: name, dates: map[int]bool{}}
	if raw, err = s.read(ctx, j); err != nil {
		return nil, err
	}
	raw.Files = []File{file}
	return raw, nil
}

// unpackedSize is the sum of the sizes that the archive states.
func unpackedSize(path string) (int64, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = z.Close() }() // only read from
	n := int64(0)
	for _, f := range z.File {
		n += int64(min(f.UncompressedSize64, 1<<40))
	}
	return n, nil
}

func chooseSheet(sheets []string, wanted, name string) (string, error) {
	if len(sheets) == 0 {
		return "", fmt.Errorf("data: reading %q: there is no sheet in it", name)
	}
	if wanted == "" {
		return sheets[0], nil
	}
	for _, s := range sheets {
		if s == wanted {
			return s, nil
		}
	}
	return "", fmt.Errorf("data: reading %q: no sheet %q; there are %s%s", name, wanted, strings.Join(sheets, ", "), near.Hint(wanted, sheets))
}

// sheetReader reads one sheet row by row, once as stored and once as shown.
type sheetReader struct {
	book        *excelize.File
	sheet, name string
	date1904    bool
	dates       map[int]bool // by style
	errors      int          // error cells
	errorRows   []int
}

func (s *sheetReader) read(ctx context.Context, j *job) (*Raw, error) {
	if p, err := s.book.GetWorkbookProps(); err == nil && p.Date1904 != nil {
		s.date1904 = *p.Date1904
	}
	stored, err := s.book.Rows(s.sheet)
	if err != nil {
		return nil, fmt.Errorf("data: reading %q: sheet %q: %w", s.name, s.sheet, err)
	}
	defer func() { _ = stored.Close() }() // only read from
	shown, err := s.book.Rows(s.sheet)
	if err != nil {
		return nil, fmt.Errorf("data: reading %q: sheet %q: %w", s.name, s.sheet, err)
	}
	defer func() { _ = shown.Close() }() // only read from
	raw := &Raw{}
	var bad []reject
	before := int64(0)
	for row := 1; stored.Next() && shown.Next(); row++ {
		cells, err := stored.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, fmt.Errorf("data: reading %q: sheet %q, row %d: %w", s.name, s.sheet, row, err)
		}
		texts, err := shown.Columns()
		if err != nil {
			return nil, fmt.Errorf("data: reading %q: sheet %q, row %d: %w", s.name, s.sheet, row, err)
		}
		if blank(cells) {
			continue
		}
		if raw.Columns == nil {
			s.header(raw, texts)
			continue
		}
		if extra := cells[min(len(cells), len(raw.Columns)):]; !blank(extra) {
			bad = append(bad, reject{line: row, reason: "too many columns", text: strings.Join(texts, ",")})
			continue
		}
		if err := s.add(raw, cells, texts, row); err != nil {
			return nil, err
		}
		if raw.Rows%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := j.budget.take(fmt.Sprintf("%q", s.name), raw.size()-before); err != nil {
				return nil, err
			}
			before = raw.size()
		}
	}
	return s.finish(raw, bad)
}

// finish checks what was read and adds the findings.
func (s *sheetReader) finish(raw *Raw, bad []reject) (*Raw, error) {
	if raw.Columns == nil {
		return nil, fmt.Errorf("data: reading %q: sheet %q is empty; there are %s", s.name, s.sheet, strings.Join(s.book.GetSheetList(), ", "))
	}
	if raw.Rows == 0 && len(bad) == 0 {
		return nil, fmt.Errorf("data: reading %q: sheet %q has a header (%d columns) but no rows", s.name, s.sheet, len(raw.Columns))
	}
	if s.errors > 0 {
		raw.Findings = append(raw.Findings, table.Finding{
			Check: "error cells", Severity: table.Warning, Count: s.errors, Rows: s.errorRows,
			Message: fmt.Sprintf("%s: %d cells of sheet %q hold an error such as #N/A or #DIV/0!", s.name, s.errors, s.sheet),
			Rule:    "a cell that begins with # and is one of Excel's error values", Action: "these values are missing",
			Suggestion: "mend the formulas",
		})
	}
	return raw, raw.setAside(s.name, bad, len(raw.Columns))
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// header makes the columns. Cells merged over several columns have their name
// in the first of them only; the others take it with a number.
func (s *sheetReader) header(raw *Raw, cells []string) {
	names := trimmed(cells)
	merged := 0
	if areas, err := s.book.GetMergeCells(s.sheet); err == nil {
		for _, a := range areas {
			from, row, err1 := excelize.CellNameToCoordinates(a.GetStartAxis())
			to, _, err2 := excelize.CellNameToCoordinates(a.GetEndAxis())
			if err1 != nil || err2 != nil || from > len(names) || names[from-1] == "" || strings.TrimSpace(a.GetCellValue()) != names[from-1] || row > 16 {
				continue
			}
			for len(names) < to {
				names = append(names, "")
			}
			for c := from; c < to; c++ {
				if names[c] == "" {
					names[c] = names[from-1]
					merged++
				}
			}
		}
	}
	unique, findings := uniqueNames(names, s.name)
	raw.Findings = findings
	if merged > 0 {
		raw.Findings = append(raw.Findings, table.Finding{
			Check: "header", Severity: table.Warning,
			Message: fmt.Sprintf("%s: the header of sheet %q has cells merged over %d more columns", s.name, s.sheet, merged),
			Rule:    "a merged cell names every column below it", Action: "the name was repeated with a number",
			Suggestion: "give every column a name of its own",
		})
	}
	for _, n := range unique {
		raw.Columns = append(raw.Columns, newColumn(n, Texts, ""))
	}
}

// excelErrors are the error values of cells.
var excelErrors = map[string]bool{
	"#N/A": true, "#DIV/0!": true, "#VALUE!": true, "#REF!": true, "#NAME?": true, "#NUM!": true, "#NULL!": true,
	"#GETTING_DATA": true, "#SPILL!": true, "#CALC!": true,
}

func (s *sheetReader) add(raw *Raw, cells, texts []string, row int) error {
	for c, column := range raw.Columns {
		value := ""
		if c < len(cells) {
			value = cells[c]
		}
		switch {
		case value == "":
		case excelErrors[value]:
			s.errors++
			if len(s.errorRows) < table.FindingRows {
				s.errorRows = append(s.errorRows, raw.Rows+1)
			}
			value = ""
		case c < len(texts) && texts[c] != value:
			value = s.shown(value, texts[c], c+1, row)
		}
		if !column.Text.Add([]byte(value)) {
			return fmt.Errorf("data: reading %q: column %q holds more than 4 GB of text in %d rows", s.name, column.Name, blockRows)
		}
	}
	raw.Rows++
	return nil
}

// shown gives the value of a cell that is not shown as it is stored: a truth
// value, a date, or a number with a format, which stays as it is stored.
func (s *sheetReader) shown(stored, text string, column, row int) string {
	if text == "TRUE" || text == "FALSE" {
		return strings.ToLower(text) // as JSON and SQL spell them
	}
	serial, err := strconv.ParseFloat(stored, 64)
	if err != nil {
		return stored
	}
	cell, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		return stored
	}
	style, err := s.book.GetCellStyle(s.sheet, cell)
	if err != nil || !s.isDate(style) {
		return stored
	}
	t, err := excelize.ExcelDateToTime(serial, s.date1904)
	if err != nil {
		return stored
	}
	if t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 {
		return t.Format("2006-01-02")
	}
	return t.Format("2006-01-02 15:04:05")
}

// isDate says whether a style shows numbers as dates.
func (s *sheetReader) isDate(style int) bool {
	if is, known := s.dates[style]; known {
		return is
	}
	is := false
	if st, err := s.book.GetStyle(style); err == nil {
		if st.CustomNumFmt != nil {
			is = isDateFormat(*st.CustomNumFmt)
		} else {
			n := st.NumFmt
			// Excel's own date formats, with those of East Asian versions;
			// 18 to 21 and 45 to 47 are times of day and durations.
			is = n >= 14 && n <= 17 || n == 22 || n >= 27 && n <= 36 || n >= 50 && n <= 58
		}
	}
	s.dates[style] = is
	return is
}

// isDateFormat says whether a number format has a year or a day outside quoted
// and bracketed parts.
func isDateFormat(format string) bool {
	quoted, bracket := false, false
	for i := 0; i < len(format); i++ {
		switch b := format[i]; {
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '\\' || b == '_' || b == '*':
			i++
		case b == '[':
			bracket = true
		case b == ']':
			bracket = false
		case bracket:
		case b == 'y' || b == 'Y' || b == 'd' || b == 'D':
			return true
		}
	}
	return false
}
