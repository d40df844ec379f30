package rowjson_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"bespoke/internal/jsonlit"
	"bespoke/internal/rowjson"
	"bespoke/table"

	"github.com/google/go-cmp/cmp"
)

var schema = table.Schema{
	{Name: "age", Kind: table.Number},
	{Name: "job", Kind: table.Category, Levels: []string{"clerk", "smith", "farmer"}},
	{Name: "stars", Kind: table.Category, Levels: []string{"1", "2.0", "5"}},
	{Name: "owner", Kind: table.Category, Levels: []string{"False", "True"}},
	{Name: "note", Kind: table.Text},
	{Name: "opened", Kind: table.Time},
}

func read(t testing.TB, doc string) (*rowjson.Row, *table.Table, error) {
	t.Helper()
	row, tab := rowjson.NewSchema(schema, "class").NewRow(), schema.Scratch()
	err := row.Read(jsonlit.NewScanner([]byte(doc)), tab)
	return row, tab, err
}

func values(t *table.Table) (out []any) {
	for _, c := range t.Columns() {
		out = append(out, c.Value(0))
	}
	return out
}

func TestRead(t *testing.T) {
	day := time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		doc  string
		want []any
	}{
		{`{"age":31.5,"job":"smith","stars":"5","owner":"True","note":"a\nb","opened":"2026-01-31T09:30:00+01:00"}`, []any{31.5, "smith", "5", "True", "a\nb", day}},
		{`{"opened":"2026-01-31 08:30:00","note":"","owner":true,"stars":2,"job":"","age":-1e3}`, []any{-1000.0, nil, "2.0", "True", nil, day}},
		{`{"age":null,"job":null,"stars":5.0,"owner":false,"note":null,"opened":null}`, []any{nil, nil, "5", "False", nil, nil}},
		{"{\"age\":0,\"j\\u006fb\":\"cl\\u0065rk\",\"stars\":null,\"owner\":null,\"note\":\"é\",\"opened\":\"\"}", []any{0.0, "clerk", nil, nil, "é", nil}},
	} {
		row, tab, err := read(t, c.doc)
		if err != nil || len(row.Issues) > 0 {
			t.Errorf("%s: %v, issues %v", c.doc, err, row.Issues)
		}
		if d := cmp.Diff(c.want, values(tab)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.doc, d)
		}
	}
}

// whole has every column, so that a case differs in one value only.
func whole(column, literal string) string {
	parts := []string{}
	for _, f := range schema {
		if f.Name == column {
			parts = append(parts, `"`+column+`":`+literal)
		} else {
			parts = append(parts, `"`+f.Name+`":null`)
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestIssues(t *testing.T) {
	for _, c := range []struct {
		column, literal string
		kind            rowjson.Kind
		want            string
	}{
		{"age", `"31"`, rowjson.WrongType, `found "31" where a number is allowed; write 31 without quotes`},
		{"age", `"old"`, rowjson.WrongType, `found "old" where a number is allowed`},
		{"age", `true`, rowjson.WrongType, `found true where a number is allowed`},
		{"age", `[1]`, rowjson.WrongType, `found an array where a number is allowed`},
		{"age", `{"a":1}`, rowjson.WrongType, `found an object where a number is allowed`},
		{"age", `1e999`, rowjson.WrongType, `1e999 is beyond the range of numbers`},
		{"job", `"clrk"`, rowjson.UnknownCategory, `"clrk" was not seen in training and counts as missing; did you mean "clerk"?`},
		{"job", `"baker of bread"`, rowjson.UnknownCategory, `"baker of bread" was not seen in training and counts as missing; known are "clerk", "smith", "farmer"`},
		{"job", `7`, rowjson.WrongType, `found 7 where text is allowed: "clerk", "smith", "farmer"`},
		{"job", `false`, rowjson.WrongType, `found false where text is allowed: "clerk", "smith", "farmer"`},
		{"stars", `3`, rowjson.UnknownCategory, `"3" was not seen in training and counts as missing`},
		{"stars", `true`, rowjson.WrongType, `found true where text is allowed`},
		{"owner", `1`, rowjson.WrongType, `found 1 where text is allowed: "False", "True"`},
		{"note", `1`, rowjson.WrongType, `found 1 where text is allowed; write it in quotes`},
		{"opened", `"soon"`, rowjson.WrongType, `"soon" is not a time; write 2026-01-31`},
		{"opened", `1769850000`, rowjson.WrongType, `found 1769850000 where a time is allowed`},
		{"class", `"good"`, rowjson.UnknownField, `this is the column that is predicted`},
		{"aeg", `1`, rowjson.UnknownField, `no column has this name, so it is not read; did you mean "age"?`},
		{"income", `1`, rowjson.UnknownField, `no column has this name, so it is not read`},
	} {
		doc := whole(c.column, c.literal)
		if _, known := schema.Field(c.column); !known {
			doc = strings.TrimSuffix(whole("", ""), "}") + `,"` + c.column + `":` + c.literal + "}"
		}
		row, tab, err := read(t, doc)
		if err != nil || len(row.Issues) != 1 {
			t.Errorf("%s: %v, issues %v", doc, err, row.Issues)
			continue
		}
		got := row.Issues[0]
		if got.Kind != c.kind || got.Column != c.column || !strings.HasPrefix(got.Message, c.want) {
			t.Errorf("%s: got %v %q %q, want %v %q", doc, got.Kind, got.Column, got.Message, c.kind, c.want)
		}
		for i, v := range values(tab) {
			if v != nil {
				t.Errorf("%s: column %d is %v, want missing", doc, i, v)
			}
		}
	}
}

func TestMissingAndRepeated(t *testing.T) {
	row, tab, err := read(t, `{"age":1,"age":2,"job":"clerk","note":"x"}`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range row.Issues {
		got = append(got, i.Kind.String()+" "+i.Column)
	}
	if d := cmp.Diff([]string{"repeated_field age", "missing_field stars", "missing_field owner", "missing_field opened"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	// The memory is used again: nothing of the last row may be left.
	if err := row.Read(jsonlit.NewScanner([]byte(`{}`)), tab); err != nil || len(row.Issues) != len(schema) {
		t.Errorf("%v, issues %v", err, row.Issues)
	}
	if d := cmp.Diff(make([]any, len(schema)), values(tab)); d != "" {
		t.Errorf("values are left (-want +got):\n%s", d)
	}
}

func TestFloodOfUnknownFields(t *testing.T) {
	row, _, err := read(t, `{`+strings.Repeat(`"zzz":1,`, 5000)+strings.Repeat(`"age":1,`, 5000)+`"job":7}`)
	if err != nil {
		t.Fatal(err)
	}
	last := row.Issues[len(row.Issues)-5]
	if len(row.Issues) > 20+len(schema) || row.Unlisted != 5000+4999-20 || last.Kind != rowjson.WrongType {
		t.Errorf("%d issues, %d unlisted, %v", len(row.Issues), row.Unlisted, last)
	}
}

func TestInputsAsSent(t *testing.T) {
	row, _, err := read(t, ` { "job" : "new\u0065" , "zzz":[1], "age": 1.50 , "owner":true}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(row.AppendInputs(nil)), `{"age":1.50,"job":"new\u0065","owner":true}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if string(row.Sent(0)) != "1.50" || row.Sent(4) != nil {
		t.Errorf("age was sent as %q, note as %q", row.Sent(0), row.Sent(4))
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	doc := []byte(`{"age":31.5,"job":"smith","stars":5,"owner":true,"note":null,"opened":null}`)
	row, tab, s := rowjson.NewSchema(schema, "").NewRow(), schema.Scratch(), jsonlit.NewScanner(nil)
	n := testing.AllocsPerRun(100, func() {
		s.Reset(doc)
		if err := row.Read(s, tab); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// FuzzRow reads any bytes as a row: no crash, and the inputs that are kept are
// a JSON object that reads as the same row.
func FuzzRow(f *testing.F) {
	f.Add(`{"age":31.5,"job":"smith","stars":"5","owner":"True","note":"a","opened":"2026-01-31"}`)
	f.Add(`{"age":"31","job":"smyth","stars":9,"owner":null,"x":{"y":[]},"age":2}`)
	f.Add(`{"age":-0.0e-999,"note":"\ud83d\ude00`)
	f.Fuzz(func(t *testing.T, doc string) {
		row, tab, err := read(t, doc)
		if err != nil {
			return
		}
		inputs := row.AppendInputs(nil)
		if !json.Valid(inputs) {
			t.Fatalf("inputs %q", inputs)
		}
		again, tab2, err := read(t, string(inputs))
		if err != nil {
			t.Fatalf("inputs %s: %v", inputs, err)
		}
		for _, i := range again.Issues {
			if i.Kind == rowjson.Repeated || i.Kind == rowjson.UnknownField {
				t.Fatalf("inputs %s: %v", inputs, i)
			}
		}
		for _, i := range row.Issues {
			if i.Kind == rowjson.Repeated {
				return // of two values the last is kept, where both may fit
			}
		}
		same := cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
		if d := cmp.Diff(values(tab), values(tab2), same); d != "" {
			t.Fatalf("inputs %s (-first +again):\n%s", inputs, d)
		}
	})
}
