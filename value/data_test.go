package value_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

// readCSV reads the named number columns and one target of a file, which may be
// compressed.
func readCSV(t *testing.T, path string, comma rune, target, positive string, columns ...string) (*table.Table, []float64) {
	t.Helper()
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(path, "../../shared") {
		t.Skipf("%s is not here", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := csv.NewReader(file)
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		r = csv.NewReader(z)
	}
	r.Comma = comma
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var cols []*table.Column
	for _, name := range columns {
		at := slices.Index(lines[0], name)
		values := make([]float64, 0, len(lines)-1)
		for _, line := range lines[1:] {
			v, err := strconv.ParseFloat(line[at], 64)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, v)
		}
		cols = append(cols, table.NewNumber(name, values))
	}
	truth := make([]float64, 0, len(lines)-1)
	at := slices.Index(lines[0], target)
	for _, line := range lines[1:] {
		y := 0.0
		if line[at] == positive {
			y = 1
		}
		truth = append(truth, y)
	}
	tb, err := table.New(cols...)
	if err != nil {
		t.Fatal(err)
	}
	return tb, truth
}

// costs checks the money of both constants and of the perfect model, as costs
// in total.
func costs(t *testing.T, tb *table.Table, truth []float64, actions scenario.Actions, none, all, perfect float64) {
	t.Helper()
	p := compile(t, value.Config{Schema: tb.Schema(), Task: model.Binary, Outcomes: []string{"no", "yes"}, Value: scenario.Value{Actions: actions}})
	s, err := p.Sheet(tb, nil, truth, 2)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "none", -value.Sum(s.Money(s.Constant(0))), none, .006)
	near(t, "all", -value.Sum(s.Money(s.Constant(1))), all, .006)
	near(t, "perfect", -value.Sum(s.Perfect()), perfect, .006)
}

// The totals below are those of reference A.3.
func TestMoneyOfGermanCredit(t *testing.T) {
	tb, truth := readCSV(t, "../examples/credit-g/data/credit-g.csv", ',', "class", "bad", "credit_amount")
	costs(t, tb, truth, scenario.Actions{action("grant", "no", "0", "yes", "-5"), action("refuse", "no", "-1", "yes", "0")}, 1500, 700, 0)
}

func TestMoneyOfBankMarketing(t *testing.T) {
	tb, truth := readCSV(t, "../../shared/data/bank-costs/bankmarketing.csv.gz", ';', "y", "yes", "balance")
	balance, _ := tb.Column("balance")
	var rows []int
	for i, b := range balance.Numbers {
		if b > 0 {
			rows = append(rows, i)
		}
	}
	tb = tb.Take(rows)
	kept := make([]float64, len(rows))
	for k, i := range rows {
		kept[k] = truth[i]
	}
	missed := "-max(balance * .02463333 * .25, 1)"
	actions := scenario.Actions{action("leave", "no", "0", "yes", missed), action("call", "", "-1")}
	costs(t, tb, kept, actions, 59506.90, 37931, 4787)
	p := compile(t, value.Config{Schema: tb.Schema(), Task: model.Binary, Outcomes: []string{"no", "yes"}, Value: scenario.Value{Actions: actions}})
	s, err := p.Sheet(tb.Take([]int{10, 25, 319}), nil, []float64{1, 1, 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{1.66274977, 1.63195811, 5.11141597} {
		near(t, "cost of a missed customer", -s.Realised[2*k], want, 5e-9)
	}
}

func TestMoneyOfTVChurn(t *testing.T) {
	tb, truth := readCSV(t, "../../shared/data/tv-churn/churn_tv_subscriptions.csv.gz", ',', "target", "1.0", "C_FP", "C_FN", "C_TP", "C_TN")
	costs(t, tb, truth, scenario.Actions{
		action("leave", "no", "-C_TN", "yes", "-C_FN"), action("offer", "no", "-C_FP", "yes", "-C_TP"),
	}, 564085.71, 784529.62, 57298.19)
}

// loans is a small table with every kind of column and missing cells in its
// last row.
func loans(t testing.TB) *table.Table {
	t.Helper()
	day := func(d int64) int64 { return d * 86400_000_000 }
	tb, err := table.New(
		table.NewNumber("amount", []float64{1000, 250.5, 0, math.NaN()}),
		table.NewNumber("rate", []float64{0.01, 0, -0.5, 0.02}),
		table.NewCategory("purpose", []int32{0, 1, 2, -1}, []string{"car", "radio", "new kitchen"}),
		table.NewText("note", []string{"Paid late", "ok", "x", ""}),
		table.NewTime("opened", []int64{day(19723), day(0), day(-1), table.MissingTime}), // 2024-01-01, 1970-01-01, 1969-12-31
		table.NewNumber("Years at job", []float64{3, 4, 5, 6}),
		table.NewCategory("class", []int32{0, 1, 0, 1}, []string{"good", "bad"}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return tb
}

// oneAction has one payoff for both outcomes, so that an expression can
// be read off the sheet.
func oneAction(schema table.Schema, money string) value.Config {
	return value.Config{
		Schema: schema, Task: model.Binary, Outcomes: []string{"good", "bad"}, Target: "class",
		Value: scenario.Value{
			Params:  map[string]scenario.Param{"margin": scenario.Known(0.25)},
			Actions: scenario.Actions{{Name: "act", Payoffs: []scenario.Payoff{{Money: money}}}},
		},
	}
}
