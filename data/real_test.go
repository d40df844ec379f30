package data_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bespoke/data"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
)

// shared holds open data sets that are not part of the repository.
const shared = "../../shared/data"

// real is a real data set and what must be made of it.
type real struct {
	path, target string
	columns      map[string]scenario.Column
	rows, width  int
	task         model.Task
	outcomes     string // of two, the positive one last
	kinds        string // how many columns of each kind, the target left out
	says         []string
	silent       bool // no warning and no error
}

// examples are in the repository.
var examples = []real{
	{
		path: "../examples/credit-g/data/credit-g.csv", target: "class", rows: 1000, width: 21, task: model.Binary, outcomes: "good bad",
		kinds: "7 number 13 category", silent: true,
	},
	{path: "../examples/churn/data/churn.csv", target: "churn", rows: 5000, width: 20, task: model.Binary, outcomes: "no yes", kinds: "15 number 4 category", silent: true},
	{path: "../examples/house-prices/data/ames.csv", target: "Sale_Price", rows: 2930, width: 74, task: model.Regression, kinds: "33 number 40 category", silent: true},
}

var sharedSets = []real{
	{path: "mlc-churn/mlc_churn.csv", target: "churn", rows: 5000, width: 20, task: model.Binary, outcomes: "no yes", kinds: "15 number 4 category", silent: true},
	{path: "ames/ames.csv", target: "Sale_Price", rows: 2930, width: 74, task: model.Regression, kinds: "33 number 40 category", silent: true},
	{path: "lending-club/lending_club.csv", target: "Class", rows: 9857, width: 23, task: model.Binary, outcomes: "good bad", kinds: "17 number 5 category", silent: true},
	{path: "spambase/spam.csv", target: "type", rows: 4601, width: 58, task: model.Binary, outcomes: "nonspam spam", kinds: "57 number", says: []string{"391 of 4601 rows repeat an earlier row"}},
	{
		path: "bank-costs/bankmarketing.csv.gz", target: "y", rows: 45211, width: 17, task: model.Binary, outcomes: "no yes", kinds: "7 number 9 category",
		says: []string{`"duration" alone predicts the target far better than any other column (AUC 0.8`},
	},
	{
		path: "bank-marketing/bank-full.csv", target: "y", rows: 45211, width: 17, task: model.Binary, outcomes: "no yes", kinds: "7 number 9 category",
		says: []string{`"duration" alone predicts the target far better than any other column (AUC 0.8`},
	},
	{path: "diamonds/diamonds.csv", target: "price", rows: 53940, width: 10, task: model.Regression, kinds: "6 number 3 category", says: []string{"146 of 53940 rows repeat"}},
	{
		path: "tv-churn/churn_tv_subscriptions.csv.gz", target: "target", rows: 9379, width: 52, task: model.Binary, outcomes: "0 1", kinds: "51 number",
		says: []string{`"id" names rows: it counts them without a gap`, `"C_TN" has the same value in every row: 0`, `outcome "1" is rare: 449 of 9379 rows`},
	},
	{
		path: "sklearn-bundled/breast_cancer.csv", target: "column_31", rows: 569, width: 31, task: model.Binary, outcomes: "1 0", kinds: "30 number",
		says: []string{"the first line holds counts (569,30,malignant,benign), not names"},
	},
	{path: "sklearn-bundled/iris.csv", target: "column_5", rows: 150, width: 5, task: model.Multiclass, outcomes: "0 1 2", kinds: "4 number", says: []string{"the first line holds counts"}},
	{path: "sklearn-bundled/digits.csv.gz", target: "column_65", rows: 1797, width: 65, task: model.Multiclass, outcomes: "0 1 2 3 4 5 6 7 8 9", kinds: "64 number", says: []string{"the first line looks like data"}},
	{
		path: "telco-churn/Telco-Customer-Churn.csv", target: "Churn", rows: 7043, width: 21, task: model.Binary, outcomes: "No Yes", kinds: "4 number 15 category 1 text",
		says: []string{`"customerID" names rows: every value is different`},
	},
	{
		path: "horse-colic-missing/horse-colic.csv", target: "column_24", rows: 300, width: 28, task: model.Binary, outcomes: "1 2", kinds: "24 number 3 category",
		says: []string{"the first line looks like data", `"column_25" holds whole numbers with leading zeros`, `"column_16" has no value in 82.3% of the rows`},
	},
	{path: "online-shoppers/online_shoppers_intention.csv", target: "Revenue", rows: 12330, width: 18, task: model.Binary, outcomes: "0 1", kinds: "15 number 2 category"},
	{path: "attrition/attrition.csv", target: "Attrition", rows: 1470, width: 31, task: model.Binary, outcomes: "No Yes", kinds: "16 number 14 category", silent: true},
	{path: "abalone/abalone.csv", target: "column_9", rows: 4177, width: 9, task: model.Regression, kinds: "7 number 1 category"},
	{
		path: "abalone/abalone.csv", target: "column_9", columns: map[string]scenario.Column{"column_9": {Kind: "category"}},
		rows: 4177, width: 9, task: model.Multiclass, kinds: "7 number 1 category",
	},
	{path: "daily-min-temps/daily-min-temperatures.csv", target: "Temp", rows: 3650, width: 2, task: model.Regression, kinds: "1 time", says: []string{`rows have a time ("Date"), but the split is not by time`}},
	{path: "sst2/train.tsv", target: "column_2", rows: 6920, width: 2, task: model.Binary, kinds: "1 text"},
	{path: "banking77/train.csv", target: "category", rows: 10003, width: 2, task: model.Multiclass, kinds: "1 text"},
}

func TestExamplesAreReadWell(t *testing.T) {
	for _, r := range examples {
		t.Run(filepath.Base(r.path), func(t *testing.T) { checkReal(t, r, ".") })
	}
}

func TestSharedSetsAreReadWell(t *testing.T) {
	if _, err := os.Stat(shared); err != nil {
		t.Skip("the shared data sets are not here")
	}
	for _, r := range sharedSets {
		t.Run(strings.ReplaceAll(r.path, "/", "_"), func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(shared, r.path)); err != nil {
				t.Skip("this set is not here")
			}
			checkReal(t, r, shared)
		})
	}
}

func checkReal(t *testing.T, r real, dir string) {
	t.Helper()
	d := scenario.Data{Source: scenario.Source{Path: r.path}, Target: r.target, Columns: r.columns, Split: scenario.Split{Test: 0.2, Folds: 5}}
	l, err := data.Read(context.Background(), d, dir, data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := data.Split(l.Table, d.Split, d.Target, 1)
	if err != nil {
		t.Fatal(err)
	}
	c, err := data.Check(l, d, s, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	if l.Table.Rows() != r.rows || len(l.Table.Columns()) != r.width || l.Task != r.task {
		t.Errorf("%d rows x %d columns, task %s; want %d x %d, %s", l.Table.Rows(), len(l.Table.Columns()), l.Task, r.rows, r.width, r.task)
	}
	if r.outcomes != "" && !slices.Equal(l.Outcomes, strings.Fields(r.outcomes)) {
		t.Errorf("outcomes %q, want %s", l.Outcomes, r.outcomes)
	}
	if got := kindsOf(l.Table); got != r.kinds {
		t.Errorf("kinds %s, want %s", got, r.kinds)
	}
	for _, w := range r.says {
		if !hasFinding(c.Findings, w) {
			t.Errorf("no finding says %q:\n%s", w, strings.Join(messages(c.Findings), "\n"))
		}
	}
	for _, f := range c.Findings {
		if r.silent && f.Severity != table.Note {
			t.Errorf("%s: %s", f.Severity, f.Message)
		}
		if f.Severity == table.Error {
			t.Errorf("an error: %s", f.Message)
		}
	}
	for _, p := range table.ProfileOf(c.Table).Columns {
		if p.Count+p.Missing != r.rows {
			t.Errorf("profile of %q counts %d rows", p.Name, p.Count+p.Missing)
		}
	}
}

func kindsOf(t *table.Table) string {
	counts := map[table.Kind]int{}
	for _, c := range t.Columns() {
		if c.Role != table.Target {
			counts[c.Kind]++
		}
	}
	var parts []string
	for k := table.Number; k <= table.Time; k++ {
		if counts[k] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[k], k))
		}
	}
	return strings.Join(parts, " ")
}

// TotalCharges of the telco set has eleven blanks; they are missing, not words.
func TestTelcoBlanksAreMissing(t *testing.T) {
	path := filepath.Join(shared, "telco-churn/Telco-Customer-Churn.csv")
	if _, err := os.Stat(path); err != nil {
		t.Skip("the telco set is not here")
	}
	l, err := data.Read(context.Background(), scenario.Data{Source: scenario.Source{Path: path}, Target: "Churn"}, "", data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, _ := l.Table.Column("TotalCharges")
	missing := 0
	for i := range c.Len() {
		if c.Missing(i) {
			missing++
		}
	}
	if c.Kind != table.Number || missing != 11 {
		t.Errorf("%s with %d missing values, want number with 11", c.Kind, missing)
	}
}

// The dirty sets have their clean twins: whatever is dirty must be read without
// losing a row.
func TestDirtySetsKeepTheirRows(t *testing.T) {
	for _, name := range []string{"beers", "flights", "hospital", "rayyan"} {
		rows := map[string]int{}
		for _, kind := range []string{"clean", "dirty"} {
			path := filepath.Join(shared, "dirty-raha", name, kind+".csv")
			if _, err := os.Stat(path); err != nil {
				t.Skip("the dirty sets are not here")
			}
			l, err := data.Read(context.Background(), scenario.Data{Source: scenario.Source{Path: path}}, "", data.Options{})
			if err != nil {
				t.Fatal(err)
			}
			rows[kind] = l.Read
			if hasFinding(l.Findings, "do not have the") {
				t.Errorf("%s: %v", path, messages(l.Findings))
			}
		}
		if rows["clean"] != rows["dirty"] {
			t.Errorf("%s: %v", name, rows)
		}
	}
}
