package data_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // writes the parquet files
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"bespoke/data"
	"bespoke/data/source"
	"bespoke/scenario"
	"bespoke/table"
)

// sample is one small table with everything that readers tend to get wrong.
// Every source must give exactly this table.
type sample struct {
	amount []float64 // with missing values
	city   []string  // "" is missing; quotes, separators, accents
	active []string
	when   []time.Time // zero is missing
	note   []string    // long texts with line ends
	class  []string
}

func newSample() sample {
	var s sample
	cities := []string{"Köln", `New "York"`, "Saint-Étienne; Loire", "", "Paris, Texas", "none"}
	for i := range 30 {
		amount := float64(i) * 1.25
		if i%7 == 3 {
			amount = math.NaN()
		}
		when := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 36 * time.Hour)
		if i == 5 {
			when = time.Time{}
		}
		s.amount = append(s.amount, amount)
		s.city = append(s.city, cities[i%len(cities)])
		s.active = append(s.active, []string{"true", "false", "true"}[i%3])
		s.when = append(s.when, when)
		s.note = append(s.note, fmt.Sprintf("row %d says \"hello, world\";\nand goes on for a while", i))
		s.class = append(s.class, []string{"good", "good", "bad"}[i%3])
	}
	return s
}

var sampleNames = []string{"amount", "city", "active", "when", "note", "class"}

// want is the table that every source must give.
func (s sample) want(t *testing.T) *table.Table {
	t.Helper()
	category := func(name string, values []string) *table.Column {
		levels := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(values))), func(s string) bool { return s == "" })
		codes := make([]int32, len(values))
		for i, v := range values {
			codes[i] = int32(slices.Index(levels, v))
		}
		return table.NewCategory(name, codes, levels)
	}
	times := make([]int64, len(s.when))
	for i, w := range s.when {
		times[i] = table.MissingTime
		if !w.IsZero() {
			times[i] = w.UnixMicro()
		}
	}
	class := category("class", s.class)
	for i := range class.Codes {
		class.Codes[i] = 1 - class.Codes[i] // bad is rarer, so it is the positive outcome
	}
	class.Levels = []string{"good", "bad"}
	out, err := table.New(
		table.NewNumber("amount", s.amount), category("city", s.city), category("active", s.active),
		table.NewTime("when", times), table.NewText("note", s.note), class.As(table.Target))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// cells are the rows as text.
func (s sample) cells() [][]string {
	out := [][]string{sampleNames}
	for i := range s.amount {
		amount, when := "", ""
		if !math.IsNaN(s.amount[i]) {
			amount = fmt.Sprint(s.amount[i])
		}
		if !s.when[i].IsZero() {
			when = s.when[i].Format("2006-01-02 15:04:05")
		}
		out = append(out, []string{amount, s.city[i], s.active[i], when, s.note[i], s.class[i]})
	}
	return out
}

func (s sample) csv(t *testing.T, comma rune, crlf bool) []byte {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = comma, false
	if err := w.WriteAll(s.cells()); err != nil {
		t.Fatal(err)
	}
	if crlf {
		return bytes.ReplaceAll(b.Bytes(), []byte("\n"), []byte("\r\n"))
	}
	return b.Bytes()
}

func (s sample) records() []map[string]any {
	var out []map[string]any
	for i := range s.amount {
		r := map[string]any{"amount": nil, "city": nil, "active": s.active[i] == "true", "note": s.note[i], "class": s.class[i]}
		if !math.IsNaN(s.amount[i]) {
			r["amount"] = s.amount[i]
		}
		if s.city[i] != "" {
			r["city"] = s.city[i]
		}
		if !s.when[i].IsZero() {
			r["when"] = s.when[i].Format(time.RFC3339)
		}
		out = append(out, r)
	}
	return out
}

func (s sample) jsonLines(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, r := range s.records() {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes()
}

func (s sample) excel(t *testing.T, path string) {
	t.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	if _, err := f.NewSheet("loans"); err != nil {
		t.Fatal(err)
	}
	for c, n := range sampleNames {
		set(t, f, c, 1, n)
	}
	for i := range s.amount {
		if !math.IsNaN(s.amount[i]) {
			set(t, f, 0, i+2, s.amount[i])
		}
		set(t, f, 1, i+2, s.city[i])
		set(t, f, 2, i+2, s.active[i] == "true")
		if !s.when[i].IsZero() {
			set(t, f, 3, i+2, s.when[i])
		}
		set(t, f, 4, i+2, s.note[i])
		set(t, f, 5, i+2, s.class[i])
	}
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
}

func set(t *testing.T, f *excelize.File, column, row int, value any) {
	t.Helper()
	cell, err := excelize.CoordinatesToCellName(column+1, row)
	if err == nil {
		err = f.SetCellValue("loans", cell, value)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// relation is the sample as SQL VALUES with types, for parquet and PostgreSQL.
func (s sample) relation() string {
	var b strings.Builder
	for i, cells := range s.cells()[1:] {
		if i > 0 {
			b.WriteString(", ")
		}
		text := func(v string) string {
			if v == "" {
				return "NULL"
			}
			return "'" + strings.ReplaceAll(v, "'", "''") + "'"
		}
		fmt.Fprintf(&b, "(CAST(%s AS DOUBLE PRECISION), CAST(%s AS VARCHAR), CAST(%s AS BOOLEAN), CAST(%s AS TIMESTAMP), CAST(%s AS VARCHAR), CAST(%s AS VARCHAR))",
			text(cells[0]), text(cells[1]), text(cells[2]), text(cells[3]), text(cells[4]), text(cells[5]))
	}
	return fmt.Sprintf("(VALUES %s) AS q(%s)", b.String(), `amount, city, active, "when", note, class`)
}

func (s sample) parquet(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(fmt.Sprintf("COPY (SELECT * FROM %s) TO '%s' (FORMAT parquet)", s.relation(), filepath.ToSlash(path))); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, dir, name string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func zipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestEverySourceGivesTheSameTable is the compliance suite of readers.
func TestEverySourceGivesTheSameTable(t *testing.T) {
	s := newSample()
	dir := t.TempDir()
	plain := s.csv(t, ',', false)
	write(t, dir, "comma.csv", plain)
	write(t, dir, "semicolon.csv", s.csv(t, ';', false))
	write(t, dir, "tab.tsv", s.csv(t, '\t', false))
	write(t, dir, "bar.txt", s.csv(t, '|', false))
	write(t, dir, "crlf.csv", s.csv(t, ',', true))
	write(t, dir, "zipped.csv.gz", zipped(t, plain))
	write(t, dir, "mark.csv", append([]byte("\xef\xbb\xbf"), plain...))
	write(t, dir, "excel.csv", append([]byte("sep=;\n"), s.csv(t, ';', false)...))
	write(t, dir, "blank lines.csv", append([]byte("\n\n"), append(plain, '\n', '\n')...))
	latin, err := charmap.Windows1252.NewEncoder().Bytes(plain)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "latin.csv", latin)
	for name, order := range map[string]unicode.Endianness{"utf16le.csv": unicode.LittleEndian, "utf16be.csv": unicode.BigEndian} {
		wide, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().Bytes(plain)
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, name, wide)
	}
	lines := s.jsonLines(t)
	array, err := json.MarshalIndent(s.records(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "lines.jsonl", lines)
	write(t, dir, "lines.ndjson.gz", zipped(t, lines))
	write(t, dir, "array.json", array)
	s.parquet(t, filepath.Join(dir, "rows.parquet"))
	s.excel(t, filepath.Join(dir, "book.xlsx"))
	header, rows, _ := bytes.Cut(plain, []byte("\n"))
	half := bytes.Index(rows, []byte("\nand goes on for a while")) // split after a whole record, below
	half += bytes.IndexByte(rows[half+1:], '\n') + 2
	for i, part := range [][]byte{rows[:half], rows[half:]} {
		write(t, dir, fmt.Sprintf("parts/p%d.csv", i), append(append(slices.Clone(header), '\n'), part...))
	}
	sources := []scenario.Source{
		{Path: "book.xlsx", Sheet: "loans"},
		{Path: "parts/*.csv"},
		{Path: "**/p?.csv"},
		{Path: filepath.Join(dir, "comma.csv")},
		{Query: "SELECT * FROM 'rows.parquet'"},
		{Query: "SELECT amount, city, active, \"when\", note, class -- all\nFROM read_csv('comma.csv', all_varchar=true); -- done"},
		{Query: "SELECT a.* FROM \"rows.parquet\" a JOIN (SELECT 1 AS one) b ON one = 1"},
		{Query: "SELECT amount, city, active, \"when\", note, class FROM read_json('lines.jsonl')"},
	}
	for _, name := range []string{
		"comma.csv", "semicolon.csv", "tab.tsv", "bar.txt", "crlf.csv", "zipped.csv.gz", "mark.csv", "excel.csv", "blank lines.csv",
		"latin.csv", "utf16le.csv", "utf16be.csv", "lines.jsonl", "lines.ndjson.gz", "array.json", "rows.parquet",
	} {
		sources = append(sources, scenario.Source{Path: name})
	}
	if dsn := os.Getenv("BESPOKE_POSTGRES"); dsn != "" {
		sources = append(sources, scenario.Source{Connection: dsn, Query: "SELECT * FROM " + s.relation() + ";"})
	}
	covered := map[string]bool{}
	for _, src := range sources {
		t.Run(strings.ReplaceAll(src.Path+src.Query, "/", "_")[:min(40, len(src.Path+src.Query))], func(t *testing.T) {
			checkSample(t, s, src, dir)
		})
		for _, r := range source.Readers {
			for _, e := range r.Extensions {
				covered[r.Name] = covered[r.Name] || strings.HasSuffix(src.Path, e)
			}
		}
	}
	for _, r := range source.Readers {
		if !covered[r.Name] {
			t.Errorf("reader %q has no case here; add one", r.Name)
		}
	}
}

func checkSample(t *testing.T, s sample, src scenario.Source, dir string) {
	t.Helper()
	d := scenario.Data{Source: src, Target: "class"}
	got, err := data.Read(context.Background(), d, dir, data.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	want := s.want(t)
	names := want.Names()
	sorted, err := got.Table.Select(names...) // JSON keys come in their own order
	if err != nil {
		t.Fatal(err)
	}
	if got.Table.Rows() != len(s.amount) || len(got.Table.Columns()) != len(names) {
		t.Fatalf("%d rows x %d columns", got.Table.Rows(), len(got.Table.Columns()))
	}
	// JSON and Excel keep line ends of texts as they are; CRLF files do not.
	normal := cmp.Transformer("lines", func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") })
	if diff := cmp.Diff(want.Columns(), sorted.Columns(), cmpopts.EquateNaNs(), normal); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(got.Outcomes, []string{"good", "bad"}) {
		t.Errorf("outcomes %v", got.Outcomes)
	}
	for _, f := range got.Sources {
		if len(f.SHA256) != 64 || f.Bytes == 0 {
			t.Errorf("source %+v has no hash or size", f)
		}
	}
	if src.Connection == "" && len(got.Sources) == 0 {
		t.Error("no source is recorded")
	}
}

func TestReadIsTheSameForAnyThreads(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("id,x,word,class\n")
	for i := range 40_000 {
		fmt.Fprintf(&b, "%d,%d.5,w%d,c%d\n", i*3, i%977, i%31, i%2)
	}
	write(t, dir, "x.csv", []byte(b.String()))
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(fmt.Sprintf("COPY (SELECT range AS id, range %% 97 AS x, 'w' || range %% 31 AS word, 'c' || range %% 2 AS class FROM range(150000)) TO '%s' (FORMAT parquet)",
		filepath.ToSlash(filepath.Join(dir, "x.parquet")))); err != nil { // several row groups
		t.Fatal(err)
	}
	var first *data.Loaded
	for _, src := range []scenario.Source{{Path: "x.csv"}, {Path: "x.parquet"}, {Query: "SELECT id, sum(x) AS x, any_value(word) AS word, any_value(class) AS class FROM 'x.csv' GROUP BY id"}} {
		first = nil
		for _, threads := range []int{1, 2, 5} {
			got, err := data.Read(context.Background(), scenario.Data{Source: src, Target: "class"}, dir, data.Options{Threads: threads})
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = got
				if id, ok := got.Table.Column("id"); src.Path != "" && (!ok || !slices.IsSorted(id.Numbers)) {
					t.Fatalf("%s: the rows are not in the order of the file", src.Path)
				}
				continue
			}
			for i, c := range first.Table.Columns() {
				o := got.Table.Columns()[i]
				if c.Name != o.Name || !slices.Equal(c.Numbers, o.Numbers) || !slices.Equal(c.Codes, o.Codes) || !slices.Equal(c.Levels, o.Levels) {
					t.Fatalf("%d threads: column %q of %q differs from that of 1 thread", threads, c.Name, src.Path)
				}
			}
			if diff := cmp.Diff(first.Findings, got.Findings); diff != "" {
				t.Fatalf("%d threads: %s", threads, diff)
			}
		}
	}
}

func TestPostgres(t *testing.T) {
	dsn := os.Getenv("BESPOKE_POSTGRES")
	if dsn == "" {
		t.Skip("BESPOKE_POSTGRES is not set; .ci/postgres.sh start prints an address")
	}
	ctx := context.Background()
	con, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = con.Close(ctx) }()
	if _, err := con.Exec(ctx, `DROP TABLE IF EXISTS bespoke_kinds; CREATE TABLE bespoke_kinds AS SELECT
		i AS id, (i * 9007199254740993)::int8 AS big, (i / 3.0)::numeric(10, 3) AS part, i::float4 AS single,
		CASE WHEN i = 3 THEN 'Infinity'::float8 ELSE i END AS endless, DATE '2024-01-01' + i AS day,
		TIMESTAMPTZ '2024-06-01 12:00:00+02' + i * INTERVAL '1 hour' AS moment, ARRAY[i] AS list, '{"a": 1}'::jsonb AS doc,
		(ARRAY['red', 'green', NULL])[1 + i % 3] AS colour, i % 2 = 0 AS even, md5(i::text)::uuid AS code
		FROM generate_series(1, 40) AS i`); err != nil {
		t.Fatal(err)
	}
	read := func(query, connection string) (*data.Loaded, error) {
		env := func(name string) (string, bool) { return dsn, name == "DSN" }
		return data.Read(ctx, scenario.Data{Source: scenario.Source{Connection: connection, Query: query}, Target: "even"}, "", data.Options{Env: env})
	}
	got, err := read("SELECT * FROM bespoke_kinds ORDER BY id", "${DSN}")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for _, c := range got.Table.Columns() {
		kinds[c.Name] = c.Kind.String() + " " + c.Role.String()
	}
	want := map[string]string{
		"id": "number identifier", "big": "number feature", "part": "number feature", "single": "number identifier", "endless": "number feature",
		"day": "time feature", "moment": "time feature", "colour": "category feature", "even": "category target", "code": "text identifier",
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
	moment, _ := got.Table.Column("moment")
	if s := time.UnixMicro(moment.Times[0]).UTC().Format(time.RFC3339); s != "2024-06-01T11:00:00Z" {
		t.Errorf("moment %s", s)
	}
	for _, check := range []string{"beyond 2^53", `"list" holds lists`, `"doc" holds lists`, "infinite"} {
		if !hasFinding(got.Findings, check) {
			t.Errorf("no finding says %q in %v", check, messages(got.Findings))
		}
	}
	for _, c := range []struct{ query, connection, want string }{
		{"DELETE FROM bespoke_kinds", "${DSN}", "it gives no rows"},
		{"DELETE FROM bespoke_kinds RETURNING *", "${DSN}", "read-only transaction"},
		{"SELECT 1 AS even; DROP TABLE bespoke_kinds", "${DSN}", "only one SELECT"},
		{"SELECT * FROM nowhere", "${DSN}", `relation "nowhere" does not exist at character 15`},
		{"", "${DSN}", "it is empty"},
		{"SELECT 1", "${UNSET}", "the environment has no variable UNSET"},
		{"SELECT 1", "mysql://x", `"mysql://" is not read`},
		{"SELECT id, even FROM bespoke_kinds WHERE id < 0", "${DSN}", "gives 2 columns but no rows"},
	} {
		_, err := read(c.query, c.connection)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %s", c.query, err, c.want)
		}
	}
	var n int
	if err := con.QueryRow(ctx, "SELECT count(*) FROM bespoke_kinds").Scan(&n); err != nil || n != 40 {
		t.Errorf("the table has %d rows (%v), want 40: a query wrote", n, err)
	}
}

// The password must not get into an error, however wrong the connection is.
func TestPostgresKeepsThePassword(t *testing.T) {
	for _, connection := range []string{
		"postgres://me:s3cret-word@127.0.0.1:1/db?connect_timeout=1",
		"postgres://me:s3cret-word@127.0.0.1:notaport/db",
		"postgres://me:s3cret-word@127.0.0.1:1/db?sslmode=perhaps",
		"postgres://me:s3cret-word%zz@127.0.0.1/db",
		"postgres://me:${PASSWORD}@127.0.0.1:1/db?connect_timeout=1",
	} {
		d := scenario.Data{Source: scenario.Source{Connection: connection, Query: "SELECT 1"}}
		_, err := data.Read(context.Background(), d, "", data.Options{Env: func(string) (string, bool) { return "s3cret-word", true }})
		if err == nil {
			t.Errorf("%s: no error", connection)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error shows the password: %v", connection, err)
		}
	}
}

func hasFinding(findings []table.Finding, text string) bool {
	return slices.ContainsFunc(findings, func(f table.Finding) bool { return strings.Contains(f.Message, text) })
}

func messages(findings []table.Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, f.Message)
	}
	return out
}
