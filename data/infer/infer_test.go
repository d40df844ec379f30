package infer_test

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

	"bespoke/data/infer"
	"bespoke/data/source"
	"bespoke/scenario"
	"bespoke/table"
)

// column infers the one column of the cells, repeated up to at least n rows.
func column(t *testing.T, opt infer.Options, n int, cells ...string) (*table.Column, []table.Finding) {
	t.Helper()
	c, findings, err := tryColumn(t, opt, n, cells...)
	if err != nil {
		t.Fatal(err)
	}
	return c, findings
}

func tryColumn(t *testing.T, opt infer.Options, n int, cells ...string) (*table.Column, []table.Finding, error) {
	t.Helper()
	var b strings.Builder
	b.WriteString("c,other\n")
	for i := range max(n, len(cells)) {
		fmt.Fprintf(&b, "\"%s\",%d\n", strings.ReplaceAll(cells[i%len(cells)], `"`, `""`), i%3)
	}
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	raw, err := source.Read(context.Background(), source.Request{Source: scenario.Source{Path: path}})
	if err != nil {
		t.Fatal(err)
	}
	opt.Threads = 1
	tab, findings, err := infer.Table(raw, opt)
	if err != nil {
		return nil, nil, err
	}
	c, _ := tab.Column("c")
	return c, findings, nil
}

func says(findings []table.Finding, text string) bool {
	return slices.ContainsFunc(findings, func(f table.Finding) bool {
		return strings.Contains(f.Message+" | "+f.Action+" | "+f.Suggestion, text)
	})
}

func TestKinds(t *testing.T) {
	unique := make([]string, 30)
	long := make([]string, 30)
	for i := range unique {
		unique[i] = fmt.Sprintf("A-%d-x", i)
		long[i] = fmt.Sprintf("the customer number %d called about his bill", i)
	}
	for _, c := range []struct {
		name  string
		cells []string
		want  table.Kind
		says  string
	}{
		{"whole numbers", []string{"1", "2", "-3", "+4"}, table.Number, ""},
		{"decimals and exponents", []string{"1.5", ".5", "2.", "1e-3", "6E4"}, table.Number, ""},
		{"numbers with spaces", []string{" 1", "2 ", " 3 "}, table.Number, ""},
		{"numbers with missing values", []string{"1", "NA", "", "null", "?", "-", ".", "#N/A", "N/A", "nan", `\N`}, table.Number, ""},
		{"two codes", []string{"0", "1"}, table.Number, ""},
		{"none is a value", []string{"none", "own", "rent"}, table.Category, ""},
		{"truth values", []string{"true", "false"}, table.Category, ""},
		{"leading zeros", []string{"01234", "55555", "00001"}, table.Category, "leading zeros; they are codes"},
		{"a zero alone and before a point", []string{"0", "0.5", "-0.25", "10"}, table.Number, ""},
		{"digit groups", []string{"1,200", "3,400", "12"}, table.Category, ""},
		{"only digit groups", []string{"1,200", "3,400.50", "12,000"}, table.Category, "looks like numbers with digit groups"},
		{"decimal commas", []string{"1,5", "2,5", "3,25"}, table.Category, "looks like numbers with digit groups"},
		{"money", []string{"$1,200.50", "$3", "$-4"}, table.Category, "looks like numbers with digit groups"},
		{"percent", []string{"12%", "3.5%"}, table.Category, "looks like numbers with digit groups"},
		{"a mixture", []string{"1", "2", "3", "unknown"}, table.Category, `is a mixture: 150 values are numbers, 50 are not ("unknown" x 50)`},
		{"ISO dates", []string{"2024-01-31", "2023-12-01", "NA"}, table.Time, ""},
		{"ISO times", []string{"2024-01-31T10:00:00Z", "2023-12-01 11:30"}, table.Time, ""},
		{"short dates, year first", []string{"2024-1-5", "2024-11-15"}, table.Time, ""},
		{"dates with the day first", []string{"31/01/2024", "01/02/2024"}, table.Time, "with the day first"},
		{"dates with the month first", []string{"01/31/2024", "02/01/2024"}, table.Time, "with the month first"},
		{"dates that do not tell", []string{"01/02/2024", "03/04/2024"}, table.Category, "no value shows whether the day or the month comes first"},
		{"dates with dots", []string{"01.02.2024", "3.4.2024 12:30"}, table.Time, "with the day first"},
		{"dates that contradict", []string{"31/01/2024", "01/31/2024"}, table.Category, ""},
		{"dates with month names", []string{"31-Jan-2024", "1 February 2023", "5 mar 2021"}, table.Time, ""},
		{"American dates with month names", []string{"Jan 31, 2024", "February 1, 2023"}, table.Time, ""},
		{"impossible dates", []string{"2024-02-30", "2024-02-31"}, table.Category, ""},
		{"eight digits are a number", []string{"20240131", "20231201"}, table.Number, ""},
		{"spellings that never repeat", unique, table.Text, ""},
		{"long texts", long, table.Text, ""},
		{"nothing", []string{"", "NA"}, table.Number, ""},
		{"quotes and commas", []string{`a "b", c`, "d"}, table.Category, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 200
			if c.want == table.Text {
				n = 0
			}
			got, findings := column(t, infer.Options{}, n, c.cells...)
			if got.Kind != c.want {
				t.Errorf("kind %s, want %s; findings %+v", got.Kind, c.want, findings)
			}
			if c.says != "" && !says(findings, c.says) {
				t.Errorf("no finding says %q: %+v", c.says, findings)
			}
			if c.says == "" && c.want != table.Category && len(findings) > 0 {
				t.Errorf("findings %+v", findings)
			}
		})
	}
}

func TestFewCellsThatAreNoNumbersBecomeFindings(t *testing.T) {
	cells := make([]string, 1000)
	for i := range cells {
		cells[i] = fmt.Sprint(i)
	}
	cells[3], cells[500], cells[999] = "oops", "12abc", "oops"
	got, findings := column(t, infer.Options{}, 0, cells...)
	if got.Kind != table.Number || !got.Missing(3) || !got.Missing(999) || got.Missing(4) {
		t.Fatalf("kind %s", got.Kind)
	}
	f := findings[0]
	if !slices.Equal(f.Rows, []int{4, 501, 1000}) || f.Count != 3 || !strings.Contains(f.Message, `3 of 1000 values of "c" are not numbers ("oops" x 2, "12abc" x 1)`) {
		t.Errorf("%+v", f)
	}
	for _, i := range []int{10, 20, 30} {
		cells[i] = "more"
	}
	got, findings = column(t, infer.Options{}, 0, cells...) // six of a thousand are too many
	if got.Kind == table.Number || !says(findings, "is a mixture: 994 values are numbers, 6 are not") {
		t.Errorf("kind %s, findings %+v", got.Kind, findings)
	}
}

func TestFewCellsThatAreNoDatesBecomeFindings(t *testing.T) {
	cells := make([]string, 1000)
	for i := range cells {
		cells[i] = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i).Format(time.DateOnly)
	}
	cells[0], cells[7] = "0", "never"
	got, findings := column(t, infer.Options{}, 0, cells...)
	if got.Kind != table.Time || !got.Missing(0) || !got.Missing(7) || got.Missing(8) || !says(findings, `2 of 1000 values of "c" are not dates ("0" x 1, "never" x 1)`) {
		t.Errorf("kind %s, findings %+v", got.Kind, findings)
	}
}

func TestOwnSpellingsOfNoValue(t *testing.T) {
	got, _ := column(t, infer.Options{Missing: []string{"-999", "unknown"}}, 20, "1", "-999", "unknown", "2")
	if got.Kind != table.Number || !got.Missing(1) || !got.Missing(2) || got.Numbers[3] != 2 {
		t.Errorf("%+v", got)
	}
	got, findings := column(t, infer.Options{Missing: []string{"keine"}}, 20, "rot", "keine", "blau", "NA")
	if got.Kind != table.Category || !got.Missing(1) || !got.Missing(3) || !says(findings, `10 cells of "c" spell no value ("keine" x 5, "NA" x 5)`) {
		t.Errorf("%+v %+v", got.Levels, findings)
	}
}

func TestLevelsAreTrimmedAndSorted(t *testing.T) {
	got, findings := column(t, infer.Options{}, 100, "b", " a", "a ", "10", "9")
	if !slices.Equal(got.Levels, []string{"9", "10", "a", "b"}) {
		t.Errorf("levels %q", got.Levels)
	}
	if got.Codes[1] != got.Codes[2] || !says(findings, "40 values of \"c\" have spaces around them") {
		t.Errorf("codes %v, findings %+v", got.Codes[:5], findings)
	}
}

func kind(k string) infer.Options {
	return infer.Options{Columns: map[string]scenario.Column{"c": {Kind: k}}}
}

func TestForcedKinds(t *testing.T) {
	got, findings := column(t, kind("number"), 20, "1", "2", "many", "007")
	if got.Kind != table.Number || !got.Missing(2) || got.Numbers[3] != 7 || !says(findings, `5 of 20 values of "c" are not numbers`) {
		t.Errorf("%v, %+v", got.Numbers, findings)
	}
	got, _ = column(t, kind("category"), 20, "1", "1.0", "2", "10")
	if got.Kind != table.Category || !slices.Equal(got.Levels, []string{"1", "2", "10"}) {
		t.Errorf("%q", got.Levels)
	}
	got, _ = column(t, kind("category"), 20, "001", "1")
	if !slices.Equal(got.Levels, []string{"001", "1"}) && !slices.Equal(got.Levels, []string{"1", "001"}) {
		t.Errorf("codes with leading zeros became %q", got.Levels)
	}
	got, _ = column(t, kind("text"), 20, "1", "NA")
	if got.Kind != table.Text || got.Texts[0] != "1" || !got.Missing(1) {
		t.Errorf("%q", got.Texts)
	}
	got, _ = column(t, kind("time"), 20, "31/01/2024", "never")
	if got.Kind != table.Time || !got.Missing(1) || time.UnixMicro(got.Times[0]).UTC().Format(time.DateOnly) != "2024-01-31" {
		t.Errorf("%v", got.Times)
	}
	for k, want := range map[string]string{
		"number": "is to be a number, but no value is one",
		"time":   "its values are not dates in one clear form",
		"colour": `"colour" is none of number, category, text, time`,
	} {
		if _, _, err := tryColumn(t, kind(k), 20, "red", "green"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", k, err, want)
		}
	}
}

func TestTypedColumns(t *testing.T) {
	raw := func() *source.Raw {
		return &source.Raw{Rows: 3, Columns: []*source.Column{
			{Name: "n", Form: source.Numbers, Type: "BIGINT", Numbers: []float64{1, math.Inf(1), -999}, Inexact: 1},
			{Name: "t", Form: source.Times, Times: []int64{0, table.MissingTime, 86400e6}},
			{Name: "list", Form: source.Nested},
		}}
	}
	tab, findings, err := infer.Table(raw(), infer.Options{Missing: []string{"-999"}, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	n, _ := tab.Column("n")
	if len(tab.Columns()) != 2 || !n.Missing(1) || !n.Missing(2) || !says(findings, "infinite") || !says(findings, "beyond 2^53") {
		t.Errorf("%v, %+v", n.Numbers, findings)
	}
	tab, _, err = infer.Table(raw(), infer.Options{Threads: 1, Columns: map[string]scenario.Column{"n": {Kind: "category"}, "t": {Kind: "text"}}})
	if err != nil {
		t.Fatal(err)
	}
	n, _ = tab.Column("n")
	when, _ := tab.Column("t")
	if !slices.Equal(n.Levels, []string{"-999", "1"}) || !slices.Equal(when.Texts, []string{"1970-01-01", "", "1970-01-02"}) {
		t.Errorf("%q %q", n.Levels, when.Texts)
	}
	for column, k := range map[string]string{"n": "time", "t": "number"} {
		if _, _, err := infer.Table(raw(), infer.Options{Threads: 1, Columns: map[string]scenario.Column{column: {Kind: k}}}); err == nil {
			t.Errorf("%s as %s: no error", column, k)
		}
	}
}

// A model knows spellings; the same number written otherwise is the same level.
func TestAsKeepsTheLevelsOfTheSchema(t *testing.T) {
	for _, c := range []struct {
		levels []string
		cells  []string
		want   []string // "" is missing
	}{
		{[]string{"1", "2", "x"}, []string{"1.0", "2", "x", "3", ""}, []string{"1", "2", "x", "", ""}},
		{[]string{"1.0", "2.50"}, []string{"1.0", "2.50", "1", "9", "9"}, []string{"1.0", "2.50", "", "", ""}},
		{[]string{"01", "1"}, []string{"01", "1", "001", "1", "1"}, []string{"01", "1", "", "1", "1"}},
	} {
		texts := &source.Text{}
		for _, cell := range c.cells {
			texts.Add([]byte(cell))
		}
		raw := &source.Raw{Rows: len(c.cells), Columns: []*source.Column{{Name: "c", Form: source.Texts, Text: texts}}}
		schema := table.Schema{{Name: "c", Kind: table.Category, Role: table.Feature, Levels: c.levels}}
		tab, _, _, err := infer.As(raw, schema, infer.Options{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		got := make([]string, len(c.cells))
		for i := range got {
			if v := tab.Columns()[0].Value(i); v != nil {
				got[i] = fmt.Sprint(v)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q with levels %q: %q, want %q", c.cells, c.levels, got, c.want)
		}
	}
}

func TestNumberLabel(t *testing.T) {
	for x, want := range map[float64]string{1: "1", 0: "0", 1e21: "1000000000000000000000", 0.5: "0.5", 415: "415"} {
		if got := infer.NumberLabel(x); got != want {
			t.Errorf("NumberLabel(%v) = %q, want %q", x, got, want)
		}
	}
	if got := infer.NumberLabel(math.NaN()); got != "" {
		t.Errorf("NumberLabel(NaN) = %q", got)
	}
	if got := infer.NumberLabel(math.Copysign(0, -1)); got != "0" {
		t.Errorf("NumberLabel(-0) = %q", got)
	}
}
