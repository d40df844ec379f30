package table_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bespoke/table"
)

var schema = table.Schema{
	{Name: "age", Kind: table.Number, Role: table.Feature},
	{Name: "job", Kind: table.Category, Role: table.Feature, Levels: []string{"clerk", "smith"}},
	{Name: "note", Kind: table.Text, Role: table.Info},
	{Name: "when", Kind: table.Time, Role: table.Feature},
}

func TestConformTranslatesLevelsAndOrder(t *testing.T) {
	rows := newTable(t,
		table.NewTime("when", []int64{1, 2, 3}),
		table.NewText("more", []string{"x", "y", "z"}),
		table.NewCategory("job", []int32{2, 0, 1}, []string{"pilot", "clerk", "smith"}),
		table.NewCategory("note", []int32{0, -1, 0}, []string{"hi"}),
		table.NewNumber("age", []float64{31, math.NaN(), 7}),
	)
	got, done, err := rows.Conform(schema)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(schema, got.Schema()); diff != "" {
		t.Error(diff)
	}
	want := newTable(t,
		table.NewNumber("age", []float64{31, math.NaN(), 7}),
		table.NewCategory("job", []int32{1, -1, 0}, []string{"clerk", "smith"}),
		table.NewText("note", []string{"hi", "", "hi"}).As(table.Info),
		table.NewTime("when", []int64{1, 2, 3}),
	)
	if diff := cmp.Diff(want.Columns(), got.Columns(), cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(table.Conformed{
		Unseen: []table.Unseen{{Column: "job", Rows: 1, Spellings: []string{"pilot"}}},
		Extra:  []string{"more"},
	}, done); diff != "" {
		t.Error(diff)
	}
}

func TestConformTakesColumnsWithoutValues(t *testing.T) {
	none := []float64{math.NaN(), math.NaN()}
	got, _, err := newTable(t, table.NewNumber("age", none), table.NewNumber("job", none), table.NewNumber("note", none), table.NewNumber("when", none)).Conform(schema)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range got.Columns() {
		if c.Len() != 2 || !c.Missing(0) || !c.Missing(1) {
			t.Errorf("column %q has values", c.Name)
		}
	}
}

func TestConformRefuses(t *testing.T) {
	number := []float64{1}
	for _, c := range []struct {
		what string
		rows *table.Table
		want string
	}{
		{"a column that is not there", newTable(t, table.NewNumber("age", number)), `column "job" is not there; the rows have "age"`},
		{"a number for a category", newTable(t, table.NewNumber("age", number), table.NewNumber("job", number)), `column "job" is number, the schema wants category`},
		{"a text for a number", newTable(t, table.NewText("age", []string{"old"})), `column "age" is text, the schema wants number`},
	} {
		_, _, err := c.rows.Conform(schema)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %s", c.what, err, c.want)
		}
	}
}

func TestConformOfNoRows(t *testing.T) {
	rows := newTable(t, table.NewNumber("age", nil), table.NewText("job", nil), table.NewText("note", nil), table.NewTime("when", nil))
	got, _, err := rows.Conform(schema)
	if err != nil || got.Rows() != 0 {
		t.Fatalf("%v rows, error %v", got, err)
	}
}
