package formula_test

import (
	"strings"
	"testing"

	"bespoke/formula"
)

func unit(t testing.TB, text string) formula.Unit {
	t.Helper()
	u, err := formula.ParseUnit(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestParseUnit(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"EUR", "EUR"},
		{" EUR/month ", "EUR / month"},
		{"months", "month"},
		{"EUR / months / customer", "EUR / customer / month"},
		{"visits * EUR / visit", "EUR"},
		{"1 / month", "1 / month"},
		{"1", "a plain number"},
		{"month / month", "a plain number"},
		{"m * m / s", "m * m / s"},
		{"$", "$"},
		{"€ / année", "€ / année"},
		{"%", "%"},
		{"% / month", "% / month"},
		{"class", "class"},
		{"gas", "gas"},
		{"", "not known"},
		{"Loans", "Loans"},
	} {
		u, err := formula.ParseUnit(c.text)
		if err != nil || u.String() != c.want {
			t.Errorf("%q: got %q, %v, want %q", c.text, u, err, c.want)
		}
	}
	for _, text := range []string{"2", "EUR month", "EUR /", "/ month", "EUR // month", "5 EUR", "%%", "a-b", "EUR.", "\xff", strings.Repeat("x", 65), strings.Repeat("m*", 9) + "m"} {
		if u, err := formula.ParseUnit(text); err == nil || !strings.HasPrefix(err.Error(), "formula: unit: ") {
			t.Errorf("%q: got %v, %v, want an error", text, u, err)
		}
	}
	if u, err := formula.ParseParameterUnit("%"); err != nil || !u.Plain() {
		t.Errorf("a share is a plain number, got %v, %v", u, err)
	}
}

// contract is a scope with units.
func contract(t testing.TB) *formula.Scope {
	schema := loans(t).Schema()
	return &formula.Scope{
		Schema: schema, Target: "class", Numeric: true,
		Parameters: map[string]formula.Parameter{
			"rent": {Value: 12, Unit: unit(t, "EUR / month")}, "term": {Value: 36, Unit: unit(t, "months")},
			"share": {Value: .45, Unit: unit(t, "1")}, "fee": {Value: 5, Unit: unit(t, "USD")}, "side": {Value: 2, Unit: unit(t, "m")},
			"interest": {Value: .01, Unit: unit(t, "1 / month")}, "bare": {Value: 2},
		},
		Units: map[string]formula.Unit{"amount": unit(t, "EUR"), "rate": unit(t, "%"), "class": unit(t, "EUR")},
	}
}

func TestUnits(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"amount", "EUR"},
		{"-amount", "EUR"},
		{"+amount", "EUR"},
		{"amount + 5", "EUR"},
		{"5 - amount", "EUR"},
		{"bare + amount", "EUR"},
		{"5", "not known"},
		{"2 * amount", "not known"},
		{"bare * amount", "not known"},
		{"share * amount", "EUR"},
		{"rent * term", "EUR"},
		{"amount / term", "EUR / month"},
		{"amount / amount", "a plain number"},
		{"amount / rent", "month"},
		{"rate * amount", "% * EUR"},
		{"amount % amount", "EUR"},
		{"amount % 7", "EUR"},
		{"side ** 2", "m * m"},
		{"side ^ -1", "1 / m"},
		{"side ** 0", "a plain number"},
		{"share ** bare", "a plain number"},
		{"side ** 1 * 3", "not known"},
		{"pow(side, 2)", "m * m"},
		{"bare ** 2", "not known"},
		{"amount > 5 ? amount : 0", "EUR"},
		{"rent > 5 ? 0 : amount", "EUR"},
		{"amount ?? 7", "EUR"},
		{"amount ?? prediction", "EUR"},
		{`row["Years at job"] ?? amount`, "EUR"},
		{"let x = rent; x * term", "EUR"},
		{"min(amount, 10)", "EUR"},
		{"max(3, amount, prediction)", "EUR"},
		{"clamp(amount, 5, truth)", "EUR"},
		{"abs(amount)", "EUR"},
		{"round(amount, 2) + floor(amount) + ceil(amount)", "EUR"},
		{"exp(share)", "a plain number"},
		{"log(amount / prediction)", "a plain number"},
		{"sqrt(bare)", "not known"},
		{"pmt(share, term, amount)", "EUR / month"},
		{"pmt(interest, term, amount)", "EUR / month"},
		{"pmt(0.01, 12, amount)", "not known"},
		{"pv(interest, term, rent)", "EUR"},
		{"pv(0.01, term, pmt(0.01, term, amount))", "EUR"},
		{"truth - prediction", "EUR"},
		{"opened - opened", "not known"},
		{"year(opened)", "not known"},
		{"amount in [5, 6] ? amount : 1", "EUR"},
		{"missing(amount) ? 1 : amount", "EUR"},
		{"share + 1", "a plain number"},
		{"side ** 9 * side ** 9", "not known"},
		// Constants with their unit.
		{"-60 EUR", "EUR"},
		{"1_000.5 EUR / month", "EUR / month"},
		{"45 %", "a plain number"},
		{".5€", "€"},
	} {
		p, err := contract(t).Compile("path", c.source)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		if got := p.Unit().String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.source, got, c.want)
		}
	}
}

func TestUnitErrors(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"amount + term", "`amount + term`: column 10: `term` is month and `amount` is EUR; + needs both in one unit"},
		{"1 + amount - rent", "`1 + amount - rent`: column 14: `rent` is EUR / month and `1 + amount` is EUR; - needs both in one unit (multiply by a number of months)"},
		{"amount + fee", "column 10: `fee` is USD and `amount` is EUR; + needs both in one unit"},
		{"amount > rent ? 1 : 2", "column 10: `rent` is EUR / month and `amount` is EUR; > needs both in one unit"},
		{"amount == term ? 1 : 2", "== needs both in one unit"},
		{"amount in [1, term] ? 1 : 2", "column 15: `term` is month and `amount` is EUR; == needs both in one unit"},
		{"bare > 1 ? amount : term", "column 21: `term` is month and `amount` is EUR; ? : needs both in one unit"},
		{"amount ?? (rent * 1 + rent)", "column 12: `rent * 1 + rent` is EUR / month and the column is EUR; ?? needs both in one unit"},
		{"amount % term", "% needs both in one unit"},
		{`side ** row["Years at job"]`, "column 1: `side` is m, ** needs a plain number"},
		{"side ** 0.5", "column 1: `side` is m, ** needs a plain number"},
		{"side ** 10", "column 1: `side` is m, ** needs a plain number"},
		{"2 ** term", "column 6: `term` is month, ** needs a plain number (divide by a number of months)"},
		{"pow(side, side)", "column 11: `side` is m, pow needs a plain number"},
		{"min(5, amount, term)", "column 16: `term` is month and `amount` is EUR; min needs both in one unit"},
		{"clamp(amount, 0, term)", "clamp needs both in one unit"},
		{"max(amount, term)", "max needs both in one unit"},
		{"round(amount, term)", "column 15: `term` is month, round needs a plain number"},
		{"exp(amount)", "column 5: `amount` is EUR, exp needs a plain number"},
		{"1 + log(term)", "column 9: `term` is month, log needs a plain number (divide by a number of months)"},
		{"sqrt(side)", "sqrt needs a plain number"},
		{"pmt(rate, term, amount)", "column 5: `rate` is %, the rate of pmt must be a plain number or per period (divide by 100, and give the column no unit)"},
		{"pv(rent, term, amount)", "the rate of pv must be a plain number or per period"},
		{"let x = amount; rent + x", "`let x = amount; rent + x`: column 24: `x` is EUR and `rent` is EUR / month; + needs both in one unit"},
		{"truth + term", "column 9: `term` is month and `truth` is EUR"},
		{"5 months + amount", "unexpected token Identifier(\"months\")"},
		{"2 amount", "unexpected token Identifier(\"amount\")"},
		{"2 amount / rent", "unexpected token Identifier(\"amount\")"},
		{"2 truth", "unexpected token Identifier(\"truth\")"},
	} {
		_, err := contract(t).Compile("path", c.source)
		if err == nil || !strings.HasPrefix(err.Error(), "value: path: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n got %v\nwant %s", c.source, err, c.want)
		}
	}
}

func TestScale(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"-60 EUR", "-30 EUR"},
		{"amount + 1", "0.5 * (amount + 1)"},
		{"-5", "0.5 * (-5)"},
		{"5 * amount", "0.5 * (5 * amount)"},
	} {
		if got := formula.Scale(c.source, .5); got != c.want {
			t.Errorf("%s: got %s, want %s", c.source, got, c.want)
		}
	}
}

// What an uncertain parameter enters once is taken at its mean; the rest is
// averaged over the points, and is a constant where it reads no row.
func TestUncertainPrograms(t *testing.T) {
	points := []formula.Point{{Value: 1, Weight: .5}, {Value: 2, Weight: .25}, {Value: 5, Weight: .25}}
	tb := loans(t).Take([]int{0, 1})
	for _, c := range []struct {
		source   string
		constant bool
		want     float64 // in row 0, whose amount is 1000
	}{
		{"p", true, 2.25},
		{"p * q", true, 2.25 * 2.25},
		{"p * p", true, .5 + 1 + 6.25},
		{"p ** 2", true, .5 + 1 + 6.25},
		{"1 / p", true, .5 + .125 + .05},
		{"p * amount", false, 2250},
		{"amount / p", false, 500 + 125 + 50},
		{"max(p, q)", true, 1*.25 + 2*.3125 + 5*.4375},
		{"p > 1 ? amount : 0", false, 500},
		{"amount > 1 ? p : q * q", false, 2.25},
	} {
		scope := &formula.Scope{Schema: tb.Schema(), Parameters: map[string]formula.Parameter{
			"p": {Value: 2.25, Points: points}, "q": {Value: 2.25, Points: points}, "known": {Value: 7},
		}}
		p, err := scope.Compile("path", c.source)
		if err != nil {
			t.Fatal(err)
		}
		if got := evaluate(t, tb, scope, p)[0]; got-c.want > 1e-12*c.want || c.want-got > 1e-12*c.want {
			t.Errorf("%s: got %v, want %v", c.source, got, c.want)
		}
		if _, constant := p.Constant(); constant != c.constant {
			t.Errorf("%s: constant %v, want %v", c.source, constant, c.constant)
		}
		if !p.Reads("p") || p.Reads("known") || p.Uncertain()[0] != "p" {
			t.Errorf("%s: reads %v", c.source, p.Uncertain())
		}
	}
	for _, c := range []struct {
		source string
		points []formula.Point
		want   string
	}{
		{"1 / (p - 1)", points, "`1 / (p - 1)` divides by zero where p is 1"},
		{"p", []formula.Point{{Value: 1, Weight: .5}}, `the points of the parameter "p" have the chances 0.5 together, want 1`},
		{"p", []formula.Point{{Value: 1, Weight: -1}}, `the parameter "p" has the point 1 with the chance -1`},
		{"p > 1", points, "`p > 1` is true or false and depends on p, which is uncertain"},
	} {
		scope := &formula.Scope{Parameters: map[string]formula.Parameter{"p": {Value: 2.25, Points: c.points}}}
		if _, err := scope.Compile("path", c.source); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.source, err, c.want)
		}
	}
}

func FuzzParseUnit(f *testing.F) {
	for _, s := range []string{"EUR", "EUR / month", "1/month", "%", "a*a*a", "€", "ss", "classes", " / "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := formula.ParseUnit(text)
		if err != nil {
			return
		}
		if !u.Known() || u.Plain() {
			return
		}
		v, err := formula.ParseUnit(u.String())
		if len(u.String()) <= 64 && (err != nil || !v.Equal(u)) {
			t.Fatalf("%q is read as %q, which is read as %q, %v", text, u, v, err)
		}
	})
}
