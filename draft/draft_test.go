package draft_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bespoke/draft"
	"bespoke/internal/golden"
	"bespoke/scenario"
)

func column(name, kind string, distinct int, levels ...string) draft.Column {
	return draft.Column{Name: name, Kind: kind, Role: "feature", Distinct: distinct, Levels: levels}
}

func drafts() map[string]draft.Facts {
	id := column("customer_id", "number", 4999)
	id.Role = "identifier"
	someMissing := column("monthly_charge", "number", 900)
	someMissing.Missing = 0.0123
	counted := column("result", "category", 2, "ok", "broken")
	counted.Counts = []int{90, 10}
	var many []draft.Column
	for i := range 150 {
		many = append(many, column(fmt.Sprintf("x%d", i), "number", 50))
	}
	var levels []string
	for i := range 30 {
		levels = append(levels, fmt.Sprintf("letter %d", i))
	}
	return map[string]draft.Facts{
		"churn": {Source: "data/churn.csv", Rows: 5000, Schema: "../schema.json", Columns: []draft.Column{
			id, someMissing, column("plan", "category", 8, "a", "b", "c", "d", "e", "f", "g", "h"), column("churn", "category", 2, "no", "yes"),
		}},
		"credit": {Source: "loans.parquet", Rows: 1000, Columns: []draft.Column{
			column("credit_amount", "number", 900), column("class", "category", 2, "bad", "good"), column("age", "number", 60),
		}},
		"fraud": {Source: "s3/*.csv", Rows: 10000, Columns: []draft.Column{
			column("opened at", "time", 900), column("amount", "number", 900), column("is_fraud", "number", 2),
		}},
		"groups": {Source: "visits.csv", Rows: 1000, Columns: []draft.Column{
			column("patient_id", "category", 200), column("weight", "number", 300), counted,
		}},
		"price": {Source: "ames.csv", Rows: 2930, Columns: []draft.Column{
			column("Lot_Area", "number", 1900), column("Sale_Type", "category", 10), column("Sale_Price", "number", 1000), column("Latitude", "number", 2900),
		}},
		"price-with-taken-names": {Source: "ames.csv", Rows: 2930, Target: "worth", Columns: []draft.Column{
			column("bid", "number", 1900), column("worth", "number", 1000),
		}},
		"species": {Source: "iris.csv", Rows: 150, Columns: []draft.Column{
			column("petal", "number", 40), column("species", "category", 3, "setosa", "versicolor", "!?"),
		}},
		"letters":      {Source: "letters.csv", Rows: 20000, Columns: []draft.Column{column("x", "number", 16), column("letter", "category", 30, levels...)}},
		"many-columns": {Source: "wide.csv", Rows: 10, Columns: many},
		"odd names": {Source: "data: [odd] #1.csv", Rows: 10, Columns: []draft.Column{
			column("", "number", 5), column("a\nb", "text", 9), column("# {x}: 'y'", "category", 2, "yes: no", "#\n"),
		}},
	}
}

func TestDraft(t *testing.T) {
	for name, facts := range drafts() {
		text, err := draft.Scenario(name, facts)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		golden.Check(t, "testdata/"+strings.ReplaceAll(name, " ", "-")+".yaml", text)
	}
}

func TestDraftRefuses(t *testing.T) {
	constant := column("c", "category", 1, "a")
	constant.Role = "constant"
	for _, c := range []struct {
		name, want string
		facts      draft.Facts
	}{
		{"no columns", "none of the 0 columns", draft.Facts{Source: "a.csv"}},
		{"nothing to predict", "none of the 2 columns", draft.Facts{Source: "a.csv", Columns: []draft.Column{constant, column("t", "text", 9)}}},
		{"unknown target", `no column "clas"; did you mean "class"?`, draft.Facts{Source: "a.csv", Target: "clas", Columns: []draft.Column{column("class", "category", 2, "a", "b")}}},
		{"no source", "no data source", draft.Facts{Columns: []draft.Column{column("class", "category", 2, "a", "b")}}},
	} {
		if _, err := draft.Scenario("x", c.facts); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// texts draws words, some of which YAML reads as something else.
func texts() *rapid.Generator[string] {
	tricky := rapid.SampledFrom([]string{
		"yes", "null", "~", "0", "-5", "1e3", "2024-01-01", "a: b", "a #b", "- a", "?", "[a]", "{a: b}", "&a", "*a", "!a", "|", ">", "'", `"`, "it's", "a\nb", " a", "\t",
		"%a", "@a", "a,b", "...", "---", "<<", "x > 1 ? 2 : 3", "c:\\temp", "é", "日本", "a\u00a0b", "\u2028", "\ufeff", "\U0001F600", "$x", "${X}",
	})
	return rapid.OneOf(tricky, rapid.StringOfN(rapid.Rune(), 1, 12, -1)).Filter(func(s string) bool { return strings.TrimSpace(s) != "" })
}

// Whatever a file's columns are called, its draft can be read.
func TestDraftIsAlwaysValid(t *testing.T) {
	names := rapid.OneOf(texts(), rapid.SampledFrom([]string{"churn", "is_fraud", "price", "customer_id", "when", "amount", "bid"}))
	rapid.Check(t, func(t *rapid.T) {
		facts := draft.Facts{Source: texts().Draw(t, "source"), Rows: rapid.IntRange(0, 1000).Draw(t, "rows")}
		distinct := rapid.SliceOfNDistinct(names, 1, 6, rapid.ID).Draw(t, "names")
		for i, name := range distinct {
			c := column(name, rapid.SampledFrom([]string{"number", "category", "text", "time"}).Draw(t, "kind"), rapid.IntRange(0, 300).Draw(t, "distinct"))
			if i == 0 {
				c = column(name, "category", 2)
			}
			c.Missing = rapid.Float64Range(0, 1).Draw(t, "missing")
			if c.Kind == "category" {
				c.Levels = rapid.SliceOfNDistinct(texts(), min(2, c.Distinct), max(2, min(c.Distinct, 14)), rapid.ID).Draw(t, "levels")
			}
			facts.Columns = append(facts.Columns, c)
		}
		if rapid.Bool().Draw(t, "as asked") {
			facts.Target = rapid.SampledFrom(distinct).Draw(t, "target")
		}
		text, err := draft.Scenario(texts().Draw(t, "name"), facts)
		if err != nil && strings.Contains(err.Error(), "columns can be predicted") {
			t.Skip()
		}
		if err != nil {
			t.Fatal(err)
		}
		f, err := scenario.Parse("draft.yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		if facts.Target != "" && f.Scenario.Data.Target != facts.Target {
			t.Fatalf("target %q, asked for %q", f.Scenario.Data.Target, facts.Target)
		}
	})
}
