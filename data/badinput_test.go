package data_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"bespoke/data"
	"bespoke/scenario"
	"bespoke/table"
)

// rows repeats "x,y" rows so that a file has enough of them.
func rowsOf(n int, row func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(row(i) + "\n")
	}
	return b.String()
}

func ordinary(i int) string { return fmt.Sprintf("%d,%s", i*i%17, []string{"no", "yes"}[i%2]) }

func read(t *testing.T, dir string, d scenario.Data) (*data.Loaded, error) {
	t.Helper()
	return data.Read(context.Background(), d, dir, data.Options{Threads: 2})
}

// TestBadInputIsRefused has every file that cannot be used, and what the error
// must say.
func TestBadInputIsRefused(t *testing.T) {
	good := "x,y\n" + rowsOf(20, ordinary)
	for _, c := range []struct {
		name, file, content, target string
		want                        []string
	}{
		{"empty file", "a.csv", "", "y", []string{`"a.csv"`, "the file is empty (0 bytes)"}},
		{"only blank lines", "a.csv", "\n\n \n", "y", []string{"only blank lines"}},
		{"header only", "a.csv", "x,y\n", "y", []string{"a header (2 columns) but no rows"}},
		{"header without line end", "a.csv", "x,y", "y", []string{"a header (2 columns) but no rows"}},
		{"one row", "a.csv", "x,y\n1,yes\n", "y", []string{`1 rows have a target ("y"); at least 10 are needed`}},
		{"one class", "a.csv", "x,y\n" + rowsOf(20, func(i int) string { return fmt.Sprintf("%d,yes", i%7) }), "y", []string{`"y" is "yes" in every row; there is nothing to learn`}},
		{"one number as target", "a.csv", "x,y\n" + rowsOf(20, func(i int) string { return fmt.Sprintf("%d,3", i%7) }), "y", []string{`"y" is 3 in every row`}},
		{"target without values", "a.csv", "x,y\n" + rowsOf(20, func(i int) string { return fmt.Sprintf("%d,NA", i%7) }), "y", []string{`"y" has no value in any of 20 rows`}},
		{"target that is not there", "a.csv", good, "yy", []string{`no column "yy"; there are ["x" "y"]; did you mean "y"?`}},
		{"target of times", "a.csv", "x,y\n" + rowsOf(20, func(i int) string { return fmt.Sprintf("%d,2024-01-%02d", i%7, i+1) }), "y", []string{`"y" is a time`}},
		{"target of names", "a.csv", "x,y\n" + rowsOf(20, func(i int) string { return fmt.Sprintf("%d,name%d", i%7, i) }), "y", []string{"20 different values in 20 rows"}},
		{"only the target", "a.csv", "y\n" + rowsOf(20, func(i int) string { return []string{"no", "yes"}[i%2] }), "y", []string{"no column is left to predict"}},
		{"only an identifier beside it", "a.csv", "id,y\n" + rowsOf(30, func(i int) string { return fmt.Sprintf("%d,%d", i, i%2) }), "y", []string{"no column is left", `"id" is identifier`}},
		{"mostly ragged rows", "a.csv", "x,y\n" + rowsOf(20, func(i int) string { return strings.Repeat("1,", i%3) + "no" }), "y", []string{"do not have the", "line "}},
		{"a quote that is never closed", "a.csv", good + "3,\"open\n" + rowsOf(20, ordinary), "y", []string{"line 22", "never closed"}},
		{"zero bytes", "a.csv", "x,y\n1,\x00\n", "y", []string{"zero bytes", "not a text file"}},
		{"UTF-32", "a.csv", "\xff\xfe\x00\x00x\x00\x00\x00", "y", []string{"UTF-32"}},
		{"a zip named csv", "a.csv", "PK\x03\x04xxxx", "y", []string{"zip or Excel file"}},
		{"parquet named csv", "a.csv", "PAR1xxxx", "y", []string{"name it .parquet"}},
		{"gzip named csv", "a.csv", "\x1f\x8b\x08\x00", "y", []string{"name it with .gz"}},
		{"text named gzip", "a.csv.gz", good, "y", []string{"not a gzip file although its name ends in .gz"}},
		{"text named parquet", "a.parquet", good, "y", []string{"not a parquet file"}},
		{"parquet cut short", "a.parquet", "PAR1" + strings.Repeat("x", 50), "y", []string{"cut short"}},
		{"parquet with nonsense inside", "a.parquet", "PAR1" + strings.Repeat("x", 50) + "PAR1", "y", []string{`"a.parquet"`}},
		{"text named Excel", "a.xlsx", good, "y", []string{"not an Excel file"}},
		{"old Excel", "a.xls", good, "y", []string{"save it as .xlsx or .csv"}},
		{"an unknown ending", "a.doc", good, "y", []string{"no reader for this ending", ".parquet"}},
		{"broken JSON", "a.json", `[{"x": 1, "y": 2}, {"x": `, "y", []string{"broken JSON in line"}},
		{"a broken JSON line", "a.jsonl", `{"x": 1, "y": "no"}` + "\n" + `{"x": 1, "y": no}` + "\n", "y", []string{"broken JSON in line 2"}},
		{"JSON that is no record", "a.json", `[1, 2, 3]`, "y", []string{"records are wanted", "[1, 2, 3]"}},
		{"JSON text", "a.json", `"hello"`, "y", []string{"records are wanted"}},
		{"an empty JSON list", "a.json", `[]`, "y", []string{"no records"}},
		{"JSON with everything nested", "a.json", `{"rows": [{"x": 1}]}`, "rows", []string{`"rows" holds lists or records`}},
		{"a column named in the scenario that is not there", "a.csv", good, "y@amuont", []string{`columns: no column "amuont"; there are ["x" "y"]`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, c.file, []byte(c.content))
			d := scenario.Data{Source: scenario.Source{Path: c.file}}
			var column string
			if d.Target, column, _ = strings.Cut(c.target, "@"); column != "" {
				d.Columns = map[string]scenario.Column{column: {Kind: "number"}}
			}
			_, err := read(t, dir, d)
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not say %q", err, w)
				}
			}
			if strings.Contains(err.Error(), dir) && !strings.Contains(c.name, "folder") {
				t.Errorf("error %q shows the full path", err)
			}
		})
	}
}

func TestSourcesThatAreNotThere(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "loans.csv", []byte("x,y\n1,2\n"))
	write(t, dir, "sub/other.csv", []byte("x,y\n1,2\n"))
	for _, c := range []struct {
		source scenario.Source
		want   []string
	}{
		{scenario.Source{}, []string{"nothing is named"}},
		{scenario.Source{Path: "loan.csv"}, []string{`no file "loan.csv"`, `did you mean "loans.csv"?`}},
		{scenario.Source{Path: "zebra.csv"}, []string{`no file "zebra.csv"`, "the folder has loans.csv"}},
		{scenario.Source{Path: "nowhere/x.csv"}, []string{`there is no folder "nowhere" either`}},
		{scenario.Source{Path: "sub"}, []string{`"sub" is a folder`, `"sub/*.csv"`}},
		{scenario.Source{Path: "*.parquet"}, []string{`no file matches "*.parquet"`}},
		{scenario.Source{Path: "[.csv"}, []string{`glob "[.csv"`}},
		{scenario.Source{Path: "loans.csv", Query: "SELECT 1"}, []string{"both path", "query"}},
		{scenario.Source{Query: "SELECT * FROM 'loan.csv'"}, []string{`no file "loan.csv"`, `did you mean "loans.csv"?`}},
		{scenario.Source{Query: "SELECT x FROM 'https://example.org/x.csv'"}, []string{"only local files are read"}},
		{scenario.Source{Query: "SELECT x FROM 'loans.csv' WHERE x > 5"}, []string{"1 columns but no rows"}},
		{scenario.Source{Query: "SELECT nothing FROM 'loans.csv'"}, []string{"nothing"}},
		{scenario.Source{Query: "SELEC 1"}, []string{"syntax error"}},
		{scenario.Source{Query: " -- nothing\n"}, []string{"query"}},
	} {
		_, err := read(t, dir, scenario.Data{Source: c.source, Target: "y"})
		if err == nil {
			t.Errorf("%+v: no error", c.source)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%+v: error %q does not say %q", c.source, err, w)
			}
		}
	}
}

// A query may read what it names and do nothing else.
func TestQueriesAreBounded(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in/loans.csv", []byte("x,y\n"+rowsOf(20, ordinary)))
	write(t, dir, "secret.csv", []byte("x,y\n1,2\n"))
	secret := filepath.ToSlash(filepath.Join(dir, "secret.csv"))
	target := filepath.ToSlash(filepath.Join(dir, "out.csv"))
	for _, q := range []string{
		"COPY (SELECT 1) TO '" + target + "'",
		"ATTACH '" + target + "'",
		"INSTALL httpfs",
		"LOAD httpfs",
		"CREATE TABLE t AS SELECT 1",
		"SET memory_limit='100GB'",
		"PRAGMA database_list",
		"EXPLAIN SELECT 1",
		"SELECT 1; SELECT 2",
		"SELECT * FROM read_text(concat('" + secret[:len(secret)-4] + "', '.csv'))",
		"SELECT * FROM glob('/*')",
		"SELECT * FROM query('COPY (SELECT 1) TO ''" + target + "''')",
		"SELECT 1) AS q(c0); COPY (SELECT 1) TO '" + target + "'; SELECT * FROM (SELECT 1",
	} {
		_, err := read(t, filepath.Join(dir, "in"), scenario.Data{Source: scenario.Source{Query: q}})
		if err == nil {
			t.Errorf("%s: no error", q)
		}
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("a query wrote a file")
	}
	// Relative names start from the scenario's folder, not from where the program runs.
	got, err := read(t, filepath.Join(dir, "in"), scenario.Data{Source: scenario.Source{Query: "SELECT * FROM 'l*.csv'"}, Target: "y"})
	if err != nil || got.Table.Rows() != 20 || len(got.Sources) != 1 || got.Sources[0].Path != "loans.csv" {
		t.Errorf("%+v, error %v", got, err)
	}
}

// TestBadInputIsTreated has files that are read, and what the findings must say.
func TestBadInputIsTreated(t *testing.T) {
	for _, c := range []struct {
		name, content string
		want          []string
		check         func(t *testing.T, l *data.Loaded)
	}{
		{
			"ragged rows are counted and shown", "x,y\n" + rowsOf(30, ordinary) + "5\n1,no,more\n" + rowsOf(10, ordinary),
			[]string{"2 of 42 records do not have the 2 fields of the header", `line 32 (missing columns): "5"`, `line 33 (too many columns): "1,no,more"`},
			func(t *testing.T, l *data.Loaded) {
				if l.Table.Rows() != 40 {
					t.Errorf("%d rows", l.Table.Rows())
				}
			},
		},
		{
			"lines are counted through quoted line ends", "x,y\n" + rowsOf(30, ordinary) + "\"1\n2\n3\",no\n\n5\n" + rowsOf(10, ordinary),
			[]string{"line 36 (missing columns)"},
			nil,
		},
		{
			"duplicate names", "x,x,y\n" + rowsOf(20, func(i int) string { return "1" + ordinary(i) + ",5"[:0] + "," + []string{"a", "b"}[i%2] }),
			[]string{`the name "x" appears again, at column 2`},
			func(t *testing.T, l *data.Loaded) {
				if n := l.Table.Names(); !slices.Equal(n, []string{"x", "x_2", "y"}) {
					t.Errorf("names %v", n)
				}
			},
		},
		{
			"names that are empty", "x,,y\n" + rowsOf(20, func(i int) string { return fmt.Sprintf("%d,%d,%d", i%5, i%3, i%2) }),
			[]string{"column 2 has no name"},
			func(t *testing.T, l *data.Loaded) {
				if n := l.Table.Names(); !slices.Equal(n, []string{"x", "column_2", "y"}) {
					t.Errorf("names %v", n)
				}
			},
		},
		{
			"infinite and missing spellings", "x,y\n" + rowsOf(20, func(i int) string {
				return []string{"1.5", "NaN", "inf", "-Infinity", "1e999", "NA", "?", "", " ", "2"}[i%10] + "," + []string{"no", "yes"}[i%2]
			}),
			[]string{`6 values of "x" are infinite or too large`},
			func(t *testing.T, l *data.Loaded) {
				x, _ := l.Table.Column("x")
				if x.Kind != table.Number {
					t.Fatalf("x is %s", x.Kind)
				}
				for i, v := range x.Numbers {
					if math.IsInf(v, 0) || math.IsNaN(v) != (i%10 != 0 && i%10 != 9) {
						t.Errorf("x[%d] = %v", i, v)
					}
				}
			},
		},
		{
			"a column without values", "x,empty,y\n" + rowsOf(20, func(i int) string { return fmt.Sprintf("%d,,%d", i%5, i%2) }),
			[]string{`"empty" has no value in any of 20 rows`},
			func(t *testing.T, l *data.Loaded) {
				if c, _ := l.Table.Column("empty"); c.Role != table.Constant {
					t.Errorf("role %s", c.Role)
				}
			},
		},
		{
			"rows without target", "x,y\n" + rowsOf(20, ordinary) + "1,\n2,NA\n",
			[]string{`2 of 22 rows have no target ("y")`},
			func(t *testing.T, l *data.Loaded) {
				if l.Table.Rows() != 20 || l.Read != 22 {
					t.Errorf("%d of %d rows", l.Table.Rows(), l.Read)
				}
			},
		},
		{
			"a file that is not UTF-8", "x,y\n" + rowsOf(20, func(i int) string { return []string{"caf\xe9", "th\xe9"}[i%2] + fmt.Sprintf(",%d", i%3%2) }),
			[]string{"line 2 is not UTF-8; the file was read as Windows-1252"},
			func(t *testing.T, l *data.Loaded) {
				if x, _ := l.Table.Column("x"); !slices.Equal(x.Levels, []string{"café", "thé"}) {
					t.Errorf("levels %q", x.Levels)
				}
			},
		},
		{
			"lines that end differently", "x,y\r\n1,no\n" + strings.ReplaceAll(rowsOf(20, ordinary), "\n", "\r\n") + "2,yes\r3,no",
			[]string{"lines end in different ways"},
			func(t *testing.T, l *data.Loaded) {
				if l.Table.Rows() != 23 {
					t.Errorf("%d rows", l.Table.Rows())
				}
			},
		},
		{
			"no header", rowsOf(20, func(i int) string { return fmt.Sprintf("%d,%d.5,%s", i%4, i, []string{"a", "b"}[i%2]) }),
			[]string{"the first line looks like data"},
			func(t *testing.T, l *data.Loaded) {
				if n := l.Table.Names(); l.Table.Rows() != 20 || n[0] != "column_1" {
					t.Errorf("%d rows, names %v", l.Table.Rows(), n)
				}
			},
		},
		{
			"a first line of counts", "20,2,good,bad\n" + rowsOf(20, func(i int) string { return fmt.Sprintf("%d.5,%d,%d", i, i%5, i%2) }),
			[]string{"the first line holds counts (20,2,good,bad)"},
			func(t *testing.T, l *data.Loaded) {
				if l.Table.Rows() != 20 || len(l.Table.Columns()) != 3 {
					t.Errorf("%d rows x %d", l.Table.Rows(), len(l.Table.Columns()))
				}
			},
		},
		{
			"row names without a name", "x,y\n" + rowsOf(20, func(i int) string { return fmt.Sprintf("r%d,%s", i, ordinary(i)) }),
			[]string{"no name for the first column"},
			func(t *testing.T, l *data.Loaded) {
				if n := l.Table.Names(); !slices.Equal(n, []string{"row_name", "x", "y"}) {
					t.Errorf("names %v", n)
				}
			},
		},
		{
			"a cell of 3 MB", "x,y\n" + rowsOf(30, ordinary) + strings.Repeat("long ", 600_000) + ",no\n",
			[]string{`"x" is a mixture`},
			func(t *testing.T, l *data.Loaded) {
				if l.Table.Rows() != 31 {
					t.Errorf("%d rows", l.Table.Rows())
				}
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "a.csv", []byte(c.content))
			d := scenario.Data{Source: scenario.Source{Path: "a.csv"}}
			header, _, _ := strings.Cut(c.content, "\n")
			if d.Target = "y"; !strings.Contains(header, "y") {
				d.Target = "column_3"
			}
			l, err := read(t, dir, d)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range c.want {
				if !hasFinding(l.Findings, w) {
					t.Errorf("no finding says %q:\n%s", w, strings.Join(messages(l.Findings), "\n"))
				}
			}
			for _, f := range l.Findings {
				if f.Rule == "" || f.Action == "" || f.Check == "" {
					t.Errorf("finding %+v lacks its rule, action or check", f)
				}
			}
			if c.check != nil {
				c.check(t, l)
			}
		})
	}
}

func TestExcelSheets(t *testing.T) {
	dir := t.TempDir()
	f := excelize.NewFile()
	for sheet, cells := range map[string]map[string]any{
		"Sheet1": {},
		"merged": {"A1": "x", "B1": "part", "D1": "y"},
		"header": {"A1": "x"},
		"errors": {"A3": "x", "B3": "y"},
	} {
		if sheet != "Sheet1" {
			if _, err := f.NewSheet(sheet); err != nil {
				t.Fatal(err)
			}
		}
		for cell, v := range cells {
			if err := f.SetCellValue(sheet, cell, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 20 {
		row := []any{i % 7, i % 5, i % 3, []string{"no", "yes"}[i%2]}
		if err := f.SetSheetRow("merged", fmt.Sprintf("A%d", i+2), &row); err != nil {
			t.Fatal(err)
		}
		other := []any{i % 7, []string{"no", "yes"}[i%2]}
		if i == 4 {
			other[0] = "#N/A"
		}
		if err := f.SetSheetRow("errors", fmt.Sprintf("A%d", i+4), &other); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.MergeCell("merged", "B1", "C1"); err != nil {
		t.Fatal(err)
	}
	if err := f.SaveAs(filepath.Join(dir, "book.xlsx")); err != nil {
		t.Fatal(err)
	}
	of := func(sheet string) scenario.Data {
		return scenario.Data{Source: scenario.Source{Path: "book.xlsx", Sheet: sheet}, Target: "y"}
	}
	for sheet, want := range map[string]string{
		"":       `sheet "Sheet1" is empty`,
		"header": "a header (1 columns) but no rows",
		"merge":  `no sheet "merge"; there are Sheet1,`,
	} {
		if _, err := read(t, dir, of(sheet)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("sheet %q: error %v, want %s", sheet, err, want)
		}
	}
	l, err := read(t, dir, of("merged"))
	if err != nil {
		t.Fatal(err)
	}
	if n := l.Table.Names(); !slices.Equal(n, []string{"x", "part", "part_2", "y"}) || !hasFinding(l.Findings, "merged over 1 more columns") {
		t.Errorf("names %v, findings %v", n, messages(l.Findings))
	}
	l, err = read(t, dir, of("errors"))
	if err != nil {
		t.Fatal(err)
	}
	if x, _ := l.Table.Column("x"); x.Kind != table.Number || !x.Missing(4) || !hasFinding(l.Findings, "1 cells of sheet \"errors\" hold an error") {
		t.Errorf("x is %s, findings %v", x.Kind, messages(l.Findings))
	}
}

// Ten thousand columns must be a matter of seconds, and say what they are.
func TestTenThousandColumns(t *testing.T) {
	const columns, rows = 10_000, 40
	var b strings.Builder
	for c := range columns {
		fmt.Fprintf(&b, "c%d,", c)
	}
	b.WriteString("y\n")
	for r := range rows {
		for c := range columns {
			fmt.Fprintf(&b, "%d,", (r*c)%101)
		}
		fmt.Fprintf(&b, "%d\n", r%2)
	}
	dir := t.TempDir()
	write(t, dir, "wide.csv", []byte(b.String()))
	d := scenario.Data{Source: scenario.Source{Path: "wide.csv"}, Target: "y", Split: scenario.Split{Test: 0.2, Folds: 3}}
	start := time.Now()
	l, err := read(t, dir, d)
	if err != nil {
		t.Fatal(err)
	}
	s, err := data.Split(l.Table, d.Split, "y", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := data.Check(l, d, s, 1, 2); err != nil {
		t.Fatal(err)
	}
	p := table.ProfileOf(l.Table)
	t.Logf("read, split, checked and profiled in %v", time.Since(start))
	if len(p.Columns) != columns+1 || l.Table.Rows() != rows {
		t.Errorf("%d rows x %d columns", l.Table.Rows(), len(p.Columns))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.csv", []byte("x,y\n"+rowsOf(20_000, ordinary)))
	write(t, dir, "a.csv.gz", zipped(t, []byte("x,y\n"+strings.Repeat("0,no\n1,yes\n", 100_000))))
	write(t, dir, "a.jsonl", []byte(rowsOf(20_000, func(i int) string { return fmt.Sprintf(`{"x": %d, "y": "no"}`, i) })))
	for _, src := range []scenario.Source{
		{Path: "a.csv"}, {Path: "a.csv.gz"}, {Path: "a.jsonl"}, {Query: "SELECT range AS x, 'word' || range AS y FROM range(1000000)"},
	} {
		d := scenario.Data{Source: src, Target: "y"}
		_, err := data.Read(context.Background(), d, dir, data.Options{Memory: 100_000})
		if err == nil || !strings.Contains(err.Error(), "limits.memory allows 100.0 kB") {
			t.Errorf("%+v: error %v", src, err)
		}
	}
}

func TestReadStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	d := scenario.Data{Source: scenario.Source{Query: "SELECT count(*) AS n FROM range(100000000) a, range(100000000) b WHERE hash(a.range, b.range) = 1"}}
	_, err := data.Read(ctx, d, "", data.Options{})
	if err == nil || ctx.Err() == nil {
		t.Errorf("error %v", err)
	}
}

func TestReadAs(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "train.csv", []byte("x,job,code,when,y\n"+rowsOf(30, func(i int) string {
		return fmt.Sprintf("%d.5,%s,%d,2024-01-%02d,%s", i, []string{"clerk", "smith"}[i%2], i%3, i%28+1, []string{"no", "yes"}[i%2])
	})))
	d := scenario.Data{Source: scenario.Source{Path: "train.csv"}, Target: "y", Columns: map[string]scenario.Column{"code": {Kind: "category"}}}
	l, err := read(t, dir, d)
	if err != nil {
		t.Fatal(err)
	}
	schema := l.Table.Without("y").Schema()
	// The new file alone would be inferred otherwise: codes and x as other kinds.
	write(t, dir, "new.csv", []byte("when,code,job,x,more\n2024-05-01,2.0,pilot,7,1\n,1,smith,unknown,2\n"))
	got, findings, err := data.ReadAs(context.Background(), scenario.Data{Source: scenario.Source{Path: "new.csv"}}, dir, schema, data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var values []any
	for r := range got.Rows() {
		for _, c := range got.Columns() {
			values = append(values, c.Value(r))
		}
	}
	want := fmt.Sprint([]any{7.0, nil, "2", time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), nil, "smith", "1", nil})
	if fmt.Sprint(values) != want {
		t.Errorf("values %v, want %v", values, want)
	}
	for _, w := range []string{`1 of 2 values of "x" are not numbers`, `1 rows have levels of "job"`} {
		if !hasFinding(findings, w) {
			t.Errorf("no finding says %q: %v", w, messages(findings))
		}
	}
	write(t, dir, "less.csv", []byte("x,jbo,code,when\n1,clerk,1,2024-05-01\n"))
	_, _, err = data.ReadAs(context.Background(), scenario.Data{Source: scenario.Source{Path: "less.csv"}}, dir, schema, data.Options{})
	if err == nil || !strings.Contains(err.Error(), `no column "job", which the model needs`) || !strings.Contains(err.Error(), `did you mean "jbo"`) {
		t.Errorf("error %v", err)
	}
}
