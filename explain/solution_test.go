package explain_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bespoke/additive"
	"bespoke/calibrate"
	"bespoke/explain"
	"bespoke/features"
	"bespoke/linear"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/solution"
	"bespoke/table"
	"bespoke/trees"
	"bespoke/value"
	"bespoke/zoo"

	"github.com/google/go-cmp/cmp"
)

// credit reads the German credit rows: every column that is all numbers is a
// number, the others are categories; the positive class is bad.
func credit(t testing.TB) (*table.Table, []float64) {
	t.Helper()
	f, err := os.Open("../examples/credit-g/data/credit-g.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	names, records := records[0], records[1:]
	var columns []*table.Column
	var truth []float64
	for j, name := range names {
		numbers, codes, levels, isNumber := make([]float64, len(records)), make([]int32, len(records)), []string(nil), true
		for i, r := range records {
			if numbers[i], err = strconv.ParseFloat(r[j], 64); err != nil {
				isNumber = false
			}
			at := slices.Index(levels, r[j])
			if at < 0 {
				at, levels = len(levels), append(levels, r[j])
			}
			codes[i] = int32(at)
		}
		switch {
		case name == "class":
			for _, c := range codes {
				truth = append(truth, float64(c))
			}
			if levels[1] != "bad" {
				t.Fatalf("outcomes are %v", levels)
			}
		case isNumber:
			columns = append(columns, table.NewNumber(name, numbers))
		default:
			columns = append(columns, table.NewCategory(name, codes, levels))
		}
	}
	tab, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return tab, truth
}

// fitted makes a solution of the entry on rows.
func fitted(t testing.TB, e model.Entry, task model.Task, outcomes []string, tab *table.Table, y []float64) *solution.Solution {
	t.Helper()
	f, x, err := features.Fit(tab, y, features.Options{Encoding: e.Encoding, Task: task, Classes: len(outcomes), Outcomes: outcomes, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var params model.Params
	if e.Name == trees.Boost.Name {
		params = model.Params{"rounds": 30} // enough to explain
	}
	m, err := e.Fit(context.Background(), params, model.Training{Task: task, X: x, Y: y, Classes: outcomes, Seed: 1, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	return &solution.Solution{Task: task, Target: "y", Outcomes: outcomes, Schema: f.Inputs(), Features: f, Model: m}
}

var creditOutcomes = []string{"good", "bad"}

// lender adds the payoffs of the lender and a calibration.
func lender(t testing.TB, s *solution.Solution, tab *table.Table, y []float64) {
	t.Helper()
	p, err := value.Compile(value.Config{
		Value: scenario.Value{Actions: scenario.Actions{
			{Name: "grant", Payoffs: []scenario.Payoff{{Outcome: "good", Money: "0.12 * credit_amount"}, {Outcome: "bad", Money: "-0.6 * credit_amount"}}},
			{Name: "refuse", Payoffs: []scenario.Payoff{{Money: "0"}}},
		}},
		Schema: tab.Schema(), Task: model.Binary, Outcomes: creditOutcomes, Target: "class",
	})
	if err != nil {
		t.Fatal(err)
	}
	predictions, err := s.Predict(tab, 2)
	if err != nil {
		t.Fatal(err)
	}
	if s.Calibration, err = calibrate.Fit("sigmoid", predictions, y, 2); err != nil {
		t.Fatal(err)
	}
	*s = *s.Complete(tab.Schema(), p)
}

func sumOf(r *explain.Reasons) float64 {
	sum := r.Base + r.Rest
	for _, c := range r.Contributions {
		sum += c.Amount
	}
	return sum
}

func TestReasonsOfCredit(t *testing.T) {
	tab, y := credit(t)
	for _, entry := range []model.Entry{trees.Boost, linear.Logistic, additive.Boost} {
		t.Run(entry.Name, func(t *testing.T) {
			s := fitted(t, entry, model.Binary, creditOutcomes, tab, y)
			lender(t, s, tab, y)
			predictions, err := s.Predict(tab, 2)
			if err != nil {
				t.Fatal(err)
			}
			e, err := explain.New(s)
			if err != nil {
				t.Fatal(err)
			}
			scratch := e.NewScratch()
			for _, row := range []int{0, 1, 17, 999} {
				r, err := e.Row(tab, row, explain.Predicted, 0, scratch)
				if err != nil {
					t.Fatal(err)
				}
				if r.Output != 1 || r.Outcome != "bad" || r.Unit != "log-odds" {
					t.Errorf("explains outcome %d %q in %q", r.Output, r.Outcome, r.Unit)
				}
				near(t, "prediction", r.Prediction, predictions[row*2+1], 0)
				near(t, "sum of the reasons", sumOf(r), r.Raw, 1e-9)
				if !(r.Gap < 1e-9) || r.Others != 0 || r.Rest != 0 {
					t.Errorf("row %d: gap %v, %d others, rest %v", row, r.Gap, r.Others, r.Rest)
				}
				checkOrder(t, r)
			}
			full, err := e.Row(tab, 3, 0, 0, scratch)
			if err != nil {
				t.Fatal(err)
			}
			all := *full
			all.Contributions = slices.Clone(full.Contributions)
			top, err := e.Row(tab, 3, 0, 3, scratch)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(all.Contributions[:3], top.Contributions); d != "" {
				t.Error(d)
			}
			if top.Others != len(all.Contributions)-3 || top.Others < 5 {
				t.Errorf("%d others, %d in all", top.Others, len(all.Contributions))
			}
			near(t, "sum with the rest", sumOf(top), top.Raw, 1e-9)
			checkDecided(t, s, e, tab, &all)
		})
	}
}

// The contributions of an additive model are read off its curves: they sum to
// the raw score, and the whole takes no allocation.
func TestAdditiveAttribution(t *testing.T) {
	in := model.Training{
		Task: model.Binary, Classes: creditOutcomes, Threads: 2, Y: make([]float64, 400),
		X: model.NewMatrix([]model.Feature{{Name: "a"}, {Name: "b"}, {Name: "c", Levels: 7}}, 400),
	}
	for i := range in.Y {
		x := in.X.Row(i)
		x[0], x[1], x[2] = float64(i*7%11), float64(i*5%13), float64(i%7)
		if (x[0] > 5) == (x[1] > 6) && x[2] != 3 {
			in.Y[i] = 1
		}
	}
	m, err := additive.Fit(t.Context(), model.Params{"pairs": 2.0, "bags": 2.0}, in)
	if err != nil {
		t.Fatal(err)
	}
	if last := m.Terms[len(m.Terms)-1]; len(last.Features) != 2 {
		t.Error("no pair of features: the test would show less")
	}
	at, err := explain.Of(m, m.Inputs())
	if err != nil {
		t.Fatal(err)
	}
	a, row, raw := at.New(), make([]float64, m.Inputs()), make([]float64, 1)
	for i := range 50 {
		for j := range row {
			if row[j] = float64((i * (j + 3)) % 7); row[j] == 6 {
				row[j] = math.NaN()
			}
		}
		at.Attribute(row, a)
		m.Raw(row, raw)
		sum := a.Base[0]
		for _, phi := range a.Phi {
			sum += phi
		}
		if a.Raw[0] != raw[0] || a.Gap > 1e-12 || math.Abs(sum-raw[0]) > 1e-12 {
			t.Fatalf("row %d: %v, raw %v, gap %v, the parts sum to %v", i, a.Raw[0], raw[0], a.Gap, sum)
		}
	}
	if n := testing.AllocsPerRun(100, func() { at.Attribute(row, a) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if _, err := explain.Of(m, m.Inputs()+1); err == nil {
		t.Error("rows of another width: no error")
	}
}

func checkOrder(t *testing.T, r *explain.Reasons) {
	t.Helper()
	seen := map[string]bool{}
	for i, c := range r.Contributions {
		if seen[c.Column] || c.Amount == 0 || c.Value == "" {
			t.Errorf("contribution %d: %+v", i, c)
		}
		seen[c.Column] = true
		if i > 0 && math.Abs(c.Amount) > math.Abs(r.Contributions[i-1].Amount) {
			t.Errorf("contribution %d is larger than the one before", i)
		}
	}
}

// checkDecided verifies that the row a server decides gets the same reasons as
// the row of the table.
func checkDecided(t *testing.T, s *solution.Solution, e *explain.Explainer, tab *table.Table, want *explain.Reasons) {
	t.Helper()
	r := s.NewRow()
	conformed, _, err := tab.Conform(s.Schema)
	if err != nil {
		t.Fatal(err)
	}
	r.Fill(conformed, 3)
	if err := s.Decide(r); err != nil {
		t.Fatal(err)
	}
	scratch := e.NewScratch()
	got, err := e.Decided(r, 0, 0, scratch)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("reasons of a served row (-table +served):\n%s", d)
	}
	if n := testing.AllocsPerRun(50, func() { _, err = e.Decided(r, 0, 3, scratch) }); n > 3 || err != nil {
		t.Errorf("%v allocations for three reasons, error %v; the texts of the values alone may need one each", n, err)
	}
}

func TestSummaryOfCredit(t *testing.T) {
	tab, y := credit(t)
	s := fitted(t, trees.Boost, model.Binary, creditOutcomes, tab, y)
	rows := make([]int, 300)
	for i := range rows {
		rows[i] = 3 * i
	}
	tab = tab.Take(rows)
	e, err := explain.New(s)
	if err != nil {
		t.Fatal(err)
	}
	one, err := e.Summary(t.Context(), tab, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, threads := range []int{2, 3} {
		more, err := e.Summary(t.Context(), tab, threads)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(one, more); d != "" {
			t.Errorf("%d threads against one:\n%s", threads, d)
		}
	}
	if one.Rows != 300 || len(one.Columns) != 20 || !(one.Gap < 1e-9) {
		t.Errorf("%d rows, %d columns, gap %v", one.Rows, len(one.Columns), one.Gap)
	}
	if one.Columns[0].Column != "checking_status" {
		t.Errorf("the most important column is %q", one.Columns[0].Column)
	}
	// By hand: the mean magnitude over the rows.
	scratch, sums, share := e.NewScratch(), map[string]float64{}, 0.0
	for i := range 300 {
		r, err := e.Row(tab, i, 0, 0, scratch)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Contributions {
			sums[c.Column] += math.Abs(c.Amount) / 300
		}
	}
	for _, c := range one.Columns {
		near(t, c.Column, c.MeanAbs, sums[c.Column], 1e-9)
		share += c.Share
	}
	near(t, "sum of the shares", share, 1, 1e-9)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Summary(ctx, tab, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := e.Summary(t.Context(), tab.Without("age"), 2); err == nil || !strings.Contains(err.Error(), `"age"`) {
		t.Errorf("a column less: %v", err)
	}
}

func TestImportancesOfCredit(t *testing.T) {
	tab, y := credit(t)
	var train, test []int
	for i := range y {
		if i%3 == 0 {
			test = append(test, i)
		} else {
			train = append(train, i)
		}
	}
	pick := func(rows []int) (*table.Table, []float64) {
		out := make([]float64, len(rows))
		for k, i := range rows {
			out[k] = y[i]
		}
		return tab.Take(rows), out
	}
	trainTable, trainY := pick(train)
	testTable, testY := pick(test)
	s := fitted(t, linear.Logistic, model.Binary, creditOutcomes, trainTable, trainY)
	lender(t, s, trainTable, trainY)
	calls := 0
	opt := explain.Options{Repeats: 3, Seed: 5, Threads: 1, Progress: func(done, total int) {
		if calls++; done != calls || total != len(s.Features.Inputs()) {
			t.Errorf("progress %d of %d at call %d", done, total, calls)
		}
	}}
	one, err := explain.Importances(t.Context(), s, testTable, testY, opt)
	if err != nil {
		t.Fatal(err)
	}
	opt.Threads, opt.Progress = 3, nil
	three, err := explain.Importances(t.Context(), s, testTable, testY, opt)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(one, three); d != "" {
		t.Errorf("three threads against one:\n%s", d)
	}
	if len(one) != len(s.Features.Inputs()) || calls != len(one) {
		t.Errorf("%d importances of %d columns after %d calls", len(one), len(s.Features.Inputs()), calls)
	}
	found := false
	for i, im := range one {
		if len(im.Effects) != 2 || im.Effects[0].Score != explain.LogLoss || im.Effects[1].Score != explain.Money {
			t.Fatalf("effects of %s: %+v", im.Column, im.Effects)
		}
		for _, f := range im.Effects {
			if !(f.Low <= f.Value && f.Value <= f.High) {
				t.Errorf("%s: %+v", im.Column, f)
			}
		}
		if i > 0 && im.Effects[1].Value > one[i-1].Effects[1].Value {
			t.Errorf("%s is worth more than %s and comes after it", im.Column, one[i-1].Column)
		}
		if im.Column == "checking_status" {
			found = true
			if f := im.Effects[0]; f.Low <= 0 {
				t.Errorf("log-loss without checking_status: %+v; it is the best known column of these data", f)
			}
		}
	}
	if !found {
		t.Error("checking_status is not among the importances")
	}
}

// A money effect is what the profit of the shuffled predictions says, with the
// payoffs of the rows as they are.
func TestMoneyScore(t *testing.T) {
	tab, y := credit(t)
	s := fitted(t, linear.Logistic, model.Binary, creditOutcomes, tab, y)
	lender(t, s, tab, y)
	amount, _ := tab.Column("credit_amount")
	predictions := make([]float64, 2*len(y))
	for i := range y { // grant the even rows
		predictions[2*i+i%2] = 1
	}
	losses, err := explain.MoneyScore(s.Payoffs, tab, y).Losses(predictions)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range losses {
		want := 0.0
		switch {
		case i%2 == 0 && y[i] == 0:
			want = -0.12 * amount.Numbers[i]
		case i%2 == 0:
			want = 0.6 * amount.Numbers[i]
		}
		near(t, "loss of row "+strconv.Itoa(i), l, want, 1e-9)
	}
}

func TestBaselineHasNoReasons(t *testing.T) {
	tab, y := credit(t)
	s := fitted(t, zoo.Prior, model.Binary, creditOutcomes, tab, y)
	e, err := explain.New(s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Row(tab, 5, 0, 0, e.NewScratch())
	if err != nil {
		t.Fatal(err)
	}
	near(t, "raw", r.Raw, math.Log(0.3/0.7), 1e-12)
	near(t, "prediction", r.Prediction, 0.3, 1e-12)
	if len(r.Contributions) != 0 || r.Base != r.Raw || r.Gap != 0 {
		t.Errorf("reasons of the baseline: %+v", r)
	}
}

func TestReasonsOfKinds(t *testing.T) {
	n := 240
	numbers, codes, texts, times, y, class := make([]float64, n), make([]int32, n), make([]string, n), make([]int64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		numbers[i], codes[i], texts[i] = float64(i%37)/4, int32(i%4), []string{"late payment again", "all is well", "very long words of praise that never come to an end at all"}[i%3]
		times[i] = int64(i) * 86400e6 * 11
		if i%50 == 49 {
			numbers[i], codes[i], texts[i] = math.NaN(), -1, ""
		}
		y[i] = numbers[i]
		if math.IsNaN(y[i]) {
			y[i] = 3
		}
		y[i] += 5*float64(i%3) - 2*float64(i%4)
		class[i] = float64(i % 3)
	}
	times[1] += 3600e6
	tab, err := table.New(
		table.NewNumber("size", numbers), table.NewCategory("kind", codes, []string{"a", "b", "c", "d"}),
		table.NewText("note", texts), table.NewTime("when", times),
	)
	if err != nil {
		t.Fatal(err)
	}
	values := map[int]map[string]string{
		0:  {"size": "0", "kind": "a", "note": "late payment again", "when": "1970-01-01"},
		1:  {"size": "0.25", "kind": "b", "note": "all is well", "when": "1970-01-12T01:00:00Z"},
		2:  {"size": "0.5", "kind": "c", "note": "very long words of praise that never co…", "when": "1970-01-23"},
		49: {"size": "missing", "kind": "missing", "note": "missing", "when": "1971-06-24"},
	}
	for _, c := range []struct {
		entry    model.Entry
		task     model.Task
		outcomes []string
		y        []float64
	}{
		{linear.Ridge, model.Regression, nil, y},
		{linear.ElasticNet, model.Regression, nil, y},
		{trees.Boost, model.Regression, nil, y},
		{linear.Logistic, model.Multiclass, []string{"low", "mid", "top"}, class},
		{trees.Boost, model.Multiclass, []string{"low", "mid", "top"}, class},
		{additive.Boost, model.Regression, nil, y},
		{additive.Boost, model.Multiclass, []string{"low", "mid", "top"}, class},
	} {
		t.Run(c.entry.Name+" "+c.task.String(), func(t *testing.T) {
			s := fitted(t, c.entry, c.task, c.outcomes, tab, c.y)
			e, err := explain.New(s)
			if err != nil {
				t.Fatal(err)
			}
			predictions, err := s.Predict(tab, 1)
			if err != nil {
				t.Fatal(err)
			}
			scratch := e.NewScratch()
			for row, want := range values {
				r, err := e.Row(tab, row, explain.Predicted, 0, scratch)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "sum of the reasons", sumOf(r), r.Raw, 1e-9)
				for _, con := range r.Contributions {
					if con.Value != want[con.Column] {
						t.Errorf("row %d: %s is shown as %q, want %q", row, con.Column, con.Value, want[con.Column])
					}
				}
				p := predictions[row*s.Outputs() : (row+1)*s.Outputs()]
				if r.Prediction != slices.Max(p) {
					t.Errorf("row %d: prediction %v of %v", row, r.Prediction, p)
				}
				if c.task == model.Regression {
					near(t, "raw", r.Raw, r.Prediction, 1e-9)
					continue
				}
				if r.Outcome != c.outcomes[r.Output] || r.Unit != "score" {
					t.Errorf("row %d explains %q in %q", row, r.Outcome, r.Unit)
				}
				if r, err = e.Row(tab, row, 2, 0, scratch); err != nil || r.Output != 2 || r.Prediction != p[2] {
					t.Errorf("row %d, outcome 2: %+v, %v", row, r, err)
				}
			}
			if _, err := e.Row(tab, n, 0, 0, scratch); err == nil {
				t.Error("a row after the last: no error")
			}
			if _, err := e.Row(tab, 0, 3, 0, scratch); c.task == model.Multiclass && err == nil {
				t.Error("an outcome after the last: no error")
			}
			sum, err := e.Summary(t.Context(), tab, 2)
			if err != nil || !(sum.Gap < 1e-9) || len(sum.Base) != max(1, len(c.outcomes)) {
				t.Errorf("summary %+v, %v", sum, err)
			}
			if _, err := json.Marshal(sum); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCoefficientsOfCredit(t *testing.T) {
	tab, y := credit(t)
	s := fitted(t, linear.Logistic, model.Binary, creditOutcomes, tab, y)
	m := s.Model.(*linear.Model)
	c, err := explain.CoefficientsOf(m, s.Features.Features(), s.Outcomes)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"bad"}, c.Outputs); d != "" {
		t.Error(d)
	}
	if len(c.Rows) != len(s.Features.Features()) || len(c.Intercepts) != 1 {
		t.Errorf("%d rows for %d features", len(c.Rows), len(s.Features.Features()))
	}
	weights, _ := m.Coefficients()
	for i, r := range c.Rows {
		j := slices.IndexFunc(s.Features.Features(), func(f model.Feature) bool { return f.Name == r.Feature })
		near(t, r.Feature, r.Weight, weights[0][j], 0)
		near(t, r.Feature+" standardised", r.Standardised, weights[0][j]*m.Deviations()[j], 0)
		near(t, r.Feature+" odds ratio", r.OddsRatio, math.Exp(weights[0][j]), 1e-12)
		if i > 0 && math.Abs(r.Standardised) > math.Abs(c.Rows[i-1].Standardised) {
			t.Errorf("row %d is larger than the one before", i)
		}
	}
	if _, err := explain.CoefficientsOf(m, s.Features.Features()[1:], s.Outcomes); err == nil {
		t.Error("a feature less: no error")
	}
	if _, err := explain.CoefficientsOf(m, s.Features.Features(), []string{"a", "b", "c"}); err != nil {
		_ = err
	} else {
		t.Error("three outcomes for one raw output: no error")
	}
}

// strange is a model that no exact method knows.
type strange struct{ model.Fitted }

func TestNoAttribution(t *testing.T) {
	tab, y := credit(t)
	s := fitted(t, zoo.Prior, model.Binary, creditOutcomes, tab, y)
	if _, err := explain.Of(strange{s.Model}, 20); !errors.Is(err, explain.ErrNoAttribution) {
		t.Errorf("%v; want ErrNoAttribution", err)
	}
	s = fitted(t, linear.Logistic, model.Binary, creditOutcomes, tab, y)
	if _, err := explain.Of(s.Model, 3); err == nil || !strings.Contains(err.Error(), "3 features") {
		t.Errorf("too few features: %v", err)
	}
}

// The contribution of a feature made of two columns counts half for each, and
// the reasons still add up.
func TestReasonsOfPairs(t *testing.T) {
	n := 300
	a, b, codes, y := make([]float64, n), make([]float64, n), make([]int32, n), make([]float64, n)
	for i := range n {
		a[i], b[i], codes[i] = float64(i%17), float64(i%23), int32(i%3)
		y[i] = a[i]*b[i] + float64(codes[i])
	}
	tab, err := table.New(table.NewNumber("a", a), table.NewNumber("b", b), table.NewCategory("c", codes, []string{"p", "q", "r"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range []model.Entry{linear.Ridge, trees.Boost} {
		f, x, err := features.Fit(tab, y, features.Options{Encoding: entry.Encoding, Extras: []features.Extra{
			{Step: "combine", Params: model.Params{"by": "product"}, Columns: []string{"a", "b"}},
			{Step: "group", Columns: []string{"c", "a"}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		m, err := entry.Fit(context.Background(), nil, model.Training{Task: model.Regression, X: x, Y: y, Seed: 1, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		s := &solution.Solution{Task: model.Regression, Target: "y", Schema: f.Inputs(), Features: f, Model: m}
		e, err := explain.New(s)
		if err != nil {
			t.Fatal(err)
		}
		attributor, err := explain.Of(m, len(f.Features()))
		if err != nil {
			t.Fatal(err)
		}
		own, row := attributor.New(), model.NewMatrix(f.Features(), 1)
		if err := f.ApplyRange(tab, 40, row); err != nil {
			t.Fatal(err)
		}
		attributor.Attribute(row.Row(0), own)
		want := map[string]float64{}
		for j, feature := range f.Features() {
			for _, column := range []string{feature.Source, feature.With} {
				share := own.Phi[j]
				if feature.With != "" {
					share /= 2
				}
				want[column] += share
			}
		}
		r, err := e.Row(tab, 40, 0, 0, e.NewScratch())
		if err != nil {
			t.Fatal(err)
		}
		near(t, "sum of the reasons", sumOf(r), r.Raw, 1e-9)
		for _, c := range r.Contributions {
			near(t, entry.Name+": "+c.Column, c.Amount, want[c.Column], 1e-9)
		}
	}
}
