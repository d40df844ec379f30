package formula_test

import (
	"math"
	"strings"
	"testing"

	"bespoke/formula"
	"bespoke/table"
)

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

// compile compiles an expression over the table.
func compile(schema table.Schema, source string) (*formula.Scope, *formula.Program, error) {
	scope := &formula.Scope{Schema: schema, Target: "class", Parameters: map[string]formula.Parameter{"margin": {Value: 0.25}}}
	p, err := scope.Compile("value.actions.act", source)
	return scope, p, err
}

// evaluate gives the value in every row of the table.
func evaluate(t testing.TB, tb *table.Table, scope *formula.Scope, p *formula.Program) []float64 {
	t.Helper()
	b := scope.NewBlock(tb.Rows(), nil)
	if err := b.Bind(tb); err != nil {
		t.Fatal(err)
	}
	out := make([]float64, tb.Rows())
	p.Eval(b, out)
	return out
}

func TestExpressions(t *testing.T) {
	tb := loans(t)
	for _, c := range []struct {
		money string
		row   int
		want  float64
	}{
		{"5", 0, 5},
		{" -5.5 ", 0, -5.5},
		{"1_000", 0, 1000},
		{"0.12 * amount", 0, 120},
		{"amount * margin - 2", 1, 60.625},
		{"amount - 2 * rate / 4 + 1", 0, 1000.995},
		{"(amount - 2) * 2", 0, 1996},
		{"7 % 4", 0, 3},
		{"2 ** 3 ** 2", 0, 512},
		{"2 ^ 3", 0, 8},
		{"-amount", 0, -1000},
		{"+amount", 0, 1000},
		{"amount > 500 ? 1 : 2", 0, 1},
		{"amount > 500 ? 1 : 2", 1, 2},
		{"if amount > 500 { 1 } else { 2 }", 1, 2},
		{`purpose == "car" ? 1 : 0`, 0, 1},
		{`purpose != "car" ? 1 : 0`, 1, 1},
		{`purpose in ["car", "radio"] ? 1 : 0`, 1, 1},
		{`purpose not in ["car", "radio"] ? 1 : 0`, 2, 1},
		{`amount in [0, 1] ? 1 : 0`, 2, 1},
		{`purpose contains "kit" ? 1 : 0`, 2, 1},
		{`purpose startsWith "new" and not (amount > 0) ? 1 : 0`, 2, 1},
		{`note endsWith "late" || amount < 0 ? 1 : 0`, 0, 1},
		{`lower(note) == "paid late" ? 1 : 0`, 0, 1},
		{`upper(purpose) == "CAR" ? 1 : 0`, 0, 1},
		{`!(note == "ok") ? 1 : 0`, 1, 0},
		{`0 < rate < 0.5 ? 1 : 0`, 0, 1},
		{`row["Years at job"] * 2`, 1, 8},
		{`let x = amount * 2; x + x`, 0, 4000},
		{"abs(-3)", 0, 3},
		{"min(amount, 10, 20)", 0, 10},
		{"max(amount, 10)", 2, 10},
		{"clamp(amount, 5, 300)", 0, 300},
		{"clamp(amount, 5, 300)", 2, 5},
		{"floor(2.7) + ceil(2.1)", 0, 5},
		{"round(2.5) + round(-2.5)", 0, 0},
		{"round(amount / 3, 2)", 0, 333.33},
		{"exp(0) + log(exp(2)) + sqrt(16) + pow(2, 3)", 0, 15},
		// 1000 over 12 months at 1 % a month, from the formula of reference A.2.
		{"pmt(0.01, 12, amount)", 0, 1000 * .01 * math.Pow(1.01, 12) / (math.Pow(1.01, 12) - 1)},
		{"pmt(0, 12, 1200)", 0, 100},
		{"pv(0.01, 12, pmt(0.01, 12, amount))", 0, 1000},
		{"pv(0, 12, 100)", 0, 1200},
		{"year(opened)", 0, 2024},
		{"month(opened) * 100 + day(opened)", 2, 1231},
		{"weekday(opened)", 0, 1}, // a Monday
		{"weekday(opened)", 2, 3},
		{`opened - date("1970-01-01")`, 0, 19723},
		{`opened + 1 == date("1970-01-01") ? 1 : 0`, 2, 1},
		{`opened >= "2024-01-01" ? 1 : 0`, 0, 1},
		{`opened < "2024-01-01T00:00:00Z" ? 1 : 0`, 1, 1},
		// The last row has missing cells.
		{"amount ?? 7", 3, 7},
		{"amount ?? 7", 0, 1000},
		{`(purpose ?? "none") == "none" ? 1 : 0`, 3, 1},
		{`(opened ?? date("2000-01-01")) == date("2000-01-01") ? 1 : 0`, 3, 1},
		{"missing(amount) ? 1 : amount", 3, 1},
		{"missing(amount) ? 1 : amount", 1, 250.5},
		{"missing(purpose) and missing(note) and missing(opened) ? 1 : 0", 3, 1},
		// What is not needed may be missing: three-valued logic and branches.
		{"rate > 0 or amount > 0 ? 1 : 0", 3, 1},
		{"rate < 0 and amount > 0 ? 1 : 0", 3, 0},
		{"amount > 0 or rate > 0 ? 1 : 0", 3, 1},
		{"rate > 0 ? 5 : amount", 3, 5},
		{"amount == 0 ? 0 : 1 / amount", 2, 0},
	} {
		scope, p, err := compile(tb.Schema(), c.money)
		if err != nil {
			t.Errorf("%s: %v", c.money, err)
			continue
		}
		if got := evaluate(t, tb, scope, p)[c.row]; !(math.Abs(got-c.want) <= 1e-12*math.Abs(c.want)) {
			t.Errorf("%s in row %d: got %v, want %v", c.money, c.row, got, c.want)
		}
	}
}

// Every error names what was found and what to do.
func TestExpressionErrors(t *testing.T) {
	tb := loans(t)
	for _, c := range []struct{ money, want string }{
		{"", "value.actions.act: is empty (write a number or an expression over columns)"},
		{"amont * 2", `no column or parameter "amont" (did you mean "amount"?)`},
		{"margn", `no column or parameter "margn" (did you mean "margin"?)`},
		{"zebra", `no column or parameter "zebra" (there are margin, amount, rate, purpose, note, opened, Years at job)`},
		{"truth", `no column or parameter "truth"`},
		{"class", `"class" is the target, not known when a decision falls due (give each outcome a payoff of its own)`},
		{"purpose * 2", "`purpose` is text, * needs a number (if its values are numbers, say so under data.columns: purpose: {kind: number})"},
		{"2 - (amount > 1)", "`amount > 1` is true or false, - needs a number (write amount > 1 ? 1 : 0)"},
		{"opened * 2", "`opened` is a time, * needs a number (subtract two times to get days"},
		{"opened + opened", "`opened` is a time, + needs a number"},
		{"-purpose", "`purpose` is text, - needs a number"},
		{"amount ? 1 : 2", "the condition `amount` is a number, it must be true or false"},
		{`amount > 1 ? 1 : "x"`, "`1` is a number and `\"x\"` is text (both branches of ? : must be of one kind)"},
		{"not amount", "`amount` is a number, not needs true or false"},
		{"amount and rate", "`amount` is a number, and needs true or false"},
		{`purpose == 3 ? 1 : 0`, "`purpose` is text and `3` is a number; == needs both of one kind"},
		{`purpose < "b" ? 1 : 0`, "`purpose` is text, < needs numbers or times (use ==, !=, in, contains, startsWith or endsWith)"},
		{"amount contains rate ? 1 : 0", "`amount` is a number, contains needs text"},
		{`purpose == "" ? 1 : 0`, "the empty text stands for a missing value and equals nothing (write missing(column))"},
		{"amount in rate ? 1 : 0", "in needs a list of values on its right"},
		{"amount in [] ? 1 : 0", "in needs a list of values on its right"},
		{"sqr(amount)", `no function "sqr" (did you mean "sqrt"?)`},
		{"now()", `no function "now"`},
		{"log()", "log has 0 arguments (log(x))"},
		{"log(1, 2)", "log has 2 arguments (log(x))"},
		{"max()", "max has 0 arguments (max(x, y, ...))"},
		{"log(purpose)", "`purpose` is text, log needs a number"},
		{"lower(amount)", "`amount` is a number, lower needs text"},
		{"year(amount)", "`amount` is a number, year needs a time"},
		{"missing(amount + 1) ? 1 : 0", "`amount + 1` is no column (missing(column))"},
		{"(amount / 2) ?? 1", "`amount / 2`: ?? needs a column on its left"},
		{`amount ?? "x"`, "`\"x\"` is text, but stands in for `amount`, which is a number"},
		{`year(date("31.1.2024"))`, `"31.1.2024" is no date`},
		{`year(date(note))`, "date needs a date written out"},
		{"1 / 0", "`1 / 0` divides by zero"},
		{"log(0)", "`log(0)` takes the logarithm of a number that is not above zero"},
		{"sqrt(-1)", "`sqrt(-1)` takes the square root of a negative number"},
		{"exp(1000)", "`exp(1000)` is not a finite number"},
		{"1e308 * 10", "is not a finite number"},
		{"amount +", "column 8: unexpected token EOF"},
		{"(amount", "column 7: unexpected token EOF"},
		{"amount rate", "unexpected token Identifier(\"rate\")"},
		{"amount.rate", "`amount.rate` is not part of the payoff language"},
		{"row[amount]", "is not part of the payoff language"},
		{"[1, 2]", "`[1, 2]` is not part of the payoff language"},
		{"map([1], #)", `no function "map"`},
		{"nil", "`nil` is not part of the payoff language"},
		{`"a" + "b"`, "`\"a\"` is text, + needs a number"},
		{`purpose matches "c.*" ? 1 : 0`, "the operator `matches` is not part of the payoff language"},
		{"1; 2", "is not part of the payoff language"},
		{strings.Repeat("1+", 3000) + "1", "has 6001 characters, at most 4096 are allowed"},
		{"let a = rate + rate; " + doubling(20), "is longer than 2000 operations"},
		{strings.Repeat("(", 200) + "1" + strings.Repeat(" in [1, 1])", 200) + " ? 1 : 0", "both of one kind"},
		{strings.Repeat("(", 150) + "amount > 1" + strings.Repeat(" in [true, true])", 150) + " ? 1 : 0", "is longer than 2000 operations"},
		{strings.Repeat("1 < (", 150) + "1" + strings.Repeat(") < 1", 150) + " ? 1 : 0", "is longer than 2000 operations"},
		{strings.Repeat("1 < (", 150) + "1" + strings.Repeat(") < 1", 150) + " in 5", "is longer than 2000 operations"},
		{"\xff", "is not valid UTF-8"},
	} {
		_, _, err := compile(tb.Schema(), c.money)
		if err == nil {
			t.Errorf("%q: no error, want %q", c.money, c.want)
			continue
		}
		if !strings.HasPrefix(err.Error(), "value: value.actions.act: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q:\n got %s\nwant %s", c.money, err, c.want)
		}
	}
}

// doubling is an expression whose variables double in size n times.
func doubling(n int) string {
	var b strings.Builder
	last := "a"
	for i := range n {
		name := string(rune('b' + i))
		b.WriteString("let " + name + " = " + last + " + " + last + "; ")
		last = name
	}
	return b.String() + last
}

func FuzzExpression(f *testing.F) {
	tb := loans(f)
	for _, s := range []string{
		"0.12 * amount", `purpose == "car" ? 1 : -amount`, "let x = 1; x", "max(amount, pmt(0.01, 12, rate))",
		`(amount ?? 0) / (rate - 0.01)`, `row["Years at job"] ** 2`, "1 in [1, 2] ? 3 : 4", "if true {1} else {2}",
		"amount | abs()", "((((((", "a?.b?.[0]", "::min(1,2)", "#", "-", "let let = 1; let", "b\"x\"", "opened - opened",
		"-60 EUR", "guess * guess / (guess - 1)", "rent * term + amount", "guess > 2 ? amount : truth", "5 EUR/", "side ** guess",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, money string) {
		scope := contract(t)
		scope.Parameters["guess"] = formula.Parameter{Value: 2.5, Points: []formula.Point{{Value: 1, Weight: .5}, {Value: 4, Weight: .5}}}
		p, err := scope.Compile("value.actions.act", money)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "value: value.actions.act: ") {
				t.Fatalf("%q: the error has no place: %v", money, err)
			}
			return
		}
		b := scope.NewBlock(1, nil)
		b.Truth, b.Prediction = []float64{5}, []float64{6}
		if err := b.Bind(tb); err != nil {
			t.Fatal(err)
		}
		for b.First = range tb.Rows() {
			if p.Kind() == formula.Text {
				var out [1]string
				p.EvalText(b, out[:])
				continue
			}
			var out [1]float64
			p.Eval(b, out[:])
			if finite := out[0]-out[0] == 0; finite != (p.Fault(b) == nil) {
				t.Fatalf("%q: the value %v and the fault %v disagree", money, out[0], p.Fault(b))
			}
		}
	})
}
