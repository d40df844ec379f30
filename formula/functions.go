package formula

import (
	"math"
	"slices"
	"strings"
	"time"

	"bespoke/internal/near"

	"github.com/expr-lang/expr/ast"
)

// Function describes one function of the payoff language.
type Function struct {
	// Name is what is written before the parenthesis.
	Name string
	// Signature shows the arguments, such as "max(x, y, ...)".
	Signature string
	// Doc is one sentence.
	Doc string

	// Units says what units the arguments must have and the result has.
	Units string

	takes    []Kind // of the arguments; the last one repeats when variadic
	least    int    // fewest arguments; 0 means len(takes)
	variadic bool
	gives    Kind
	numeric  func(x []float64) float64
	words    func(x string) string
	measure  func(s *compiler, made *node) error // nil without a unit
}

// Functions is the table of what payoffs may call. All of them give no value,
// and with it an error in the row, where their result is not a finite number.
var Functions = []Function{
	{Name: "abs", Signature: "abs(x)", Doc: "x without its sign.", Units: "keeps the unit", takes: []Kind{Number}, numeric: func(x []float64) float64 { return math.Abs(x[0]) }, measure: keepUnit},
	{Name: "min", Signature: "min(x, y, ...)", Doc: "The smallest of the numbers.", Units: "one unit for all, and for the result", takes: []Kind{Number}, least: 1, variadic: true, numeric: slices.Min[[]float64], measure: keepUnit},
	{Name: "max", Signature: "max(x, y, ...)", Doc: "The largest of the numbers.", Units: "one unit for all, and for the result", takes: []Kind{Number}, least: 1, variadic: true, numeric: slices.Max[[]float64], measure: keepUnit},
	{Name: "clamp", Signature: "clamp(x, low, high)", Doc: "x, but not below low and not above high.", Units: "one unit for all, and for the result", takes: []Kind{Number, Number, Number}, numeric: func(x []float64) float64 { return math.Min(math.Max(x[0], x[1]), x[2]) }, measure: keepUnit},
	{Name: "floor", Signature: "floor(x)", Doc: "The largest whole number not above x.", Units: "keeps the unit", takes: []Kind{Number}, numeric: func(x []float64) float64 { return math.Floor(x[0]) }, measure: roundUnit},
	{Name: "ceil", Signature: "ceil(x)", Doc: "The smallest whole number not below x.", Units: "keeps the unit", takes: []Kind{Number}, numeric: func(x []float64) float64 { return math.Ceil(x[0]) }, measure: roundUnit},
	{Name: "round", Signature: "round(x, digits)", Doc: "x rounded half away from zero, to whole numbers or to digits after the point.", Units: "keeps the unit; digits is a plain number", takes: []Kind{Number, Number}, least: 1, numeric: round, measure: roundUnit},
	{Name: "exp", Signature: "exp(x)", Doc: "e to the power x.", Units: "plain number", takes: []Kind{Number}, numeric: func(x []float64) float64 { return math.Exp(x[0]) }, measure: plainUnit},
	{Name: "log", Signature: "log(x)", Doc: "The natural logarithm of x, which must be above zero.", Units: "plain number", takes: []Kind{Number}, numeric: func(x []float64) float64 { return math.Log(x[0]) }, measure: plainUnit},
	{Name: "sqrt", Signature: "sqrt(x)", Doc: "The square root of x, which must not be negative.", Units: "plain number", takes: []Kind{Number}, numeric: func(x []float64) float64 { return math.Sqrt(x[0]) }, measure: plainUnit},
	{Name: "pow", Signature: "pow(x, y)", Doc: "x to the power y.", Units: "y is a plain number; x has a unit only where y is a whole number written out", takes: []Kind{Number, Number}, numeric: func(x []float64) float64 { return math.Pow(x[0], x[1]) }, measure: powerUnit},
	{Name: "pmt", Signature: "pmt(rate, periods, amount)", Doc: "The equal payment per period that repays amount over so many periods at rate per period (0.01 is 1 %).", Units: "a rate that is plain or per period, periods and money give money per period", takes: []Kind{Number, Number, Number}, numeric: func(x []float64) float64 { return Payment(x[0], x[1], x[2]) }, measure: annuityUnit(-1)},
	{Name: "pv", Signature: "pv(rate, periods, payment)", Doc: "What so many equal payments, the first one period from now, are worth now at rate per period.", Units: "a rate that is plain or per period, periods and money per period give money", takes: []Kind{Number, Number, Number}, numeric: func(x []float64) float64 { return PresentValue(x[0], x[1], x[2]) }, measure: annuityUnit(1)},
	{Name: "year", Signature: "year(time)", Doc: "The year of a time (UTC).", takes: []Kind{Time}, numeric: func(x []float64) float64 { return float64(calendar(x[0]).Year()) }},
	{Name: "month", Signature: "month(time)", Doc: "The month of a time, 1 to 12 (UTC).", takes: []Kind{Time}, numeric: func(x []float64) float64 { return float64(calendar(x[0]).Month()) }},
	{Name: "day", Signature: "day(time)", Doc: "The day of the month of a time, 1 to 31 (UTC).", takes: []Kind{Time}, numeric: func(x []float64) float64 { return float64(calendar(x[0]).Day()) }},
	{Name: "weekday", Signature: "weekday(time)", Doc: "The day of the week of a time, 1 Monday to 7 Sunday (UTC).", takes: []Kind{Time}, numeric: func(x []float64) float64 { return float64((int(calendar(x[0]).Weekday())+6)%7 + 1) }},
	{Name: "date", Signature: `date("2024-01-31")`, Doc: "The time at the start of a day written as text.", takes: []Kind{Text}, gives: Time},
	{Name: "lower", Signature: "lower(text)", Doc: "The text in lower case.", takes: []Kind{Text}, gives: Text, words: strings.ToLower},
	{Name: "upper", Signature: "upper(text)", Doc: "The text in upper case.", takes: []Kind{Text}, gives: Text, words: strings.ToUpper},
	{Name: "missing", Signature: "missing(column)", Doc: "Whether the row has no value in the column.", takes: []Kind{Number}, gives: Bool},
}

func round(x []float64) float64 {
	if len(x) == 1 {
		return math.Round(x[0])
	}
	unit := math.Pow(10, math.Trunc(x[1]))
	return math.Round(x[0]*unit) / unit
}

// Payment is A = c r / (1 - (1+r)^-n), the annuity of reference A.2, with its
// limit c/n at r = 0.
func Payment(rate, periods, amount float64) float64 {
	if rate == 0 {
		return amount / periods
	}
	return amount * rate / -math.Expm1(-periods*math.Log1p(rate))
}

// PresentValue is PV = a (1 - (1+r)^-n) / r, with its limit a n at r = 0.
func PresentValue(rate, periods, pay float64) float64 {
	if rate == 0 {
		return pay * periods
	}
	return pay * -math.Expm1(-periods*math.Log1p(rate)) / rate
}

// parseDate reads a day, or a day with a time in RFC 3339, as days since 1970.
func parseDate(s string) (float64, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		if t, err = time.Parse(time.RFC3339, s); err != nil {
			return 0, err
		}
	}
	return days(t.UnixMicro()), nil
}

func (s *compiler) call(name string, list []ast.Node) (*node, error) {
	at := slices.IndexFunc(Functions, func(f Function) bool { return f.Name == name })
	if at < 0 {
		names := make([]string, len(Functions))
		for i, f := range Functions {
			names[i] = f.Name
		}
		return nil, fail(s.path, near.Offer(name, names), "no function %q", name)
	}
	f := Functions[at]
	args, err := s.nodes(list)
	if err != nil {
		return nil, err
	}
	least, most := f.least, len(f.takes)
	if least == 0 {
		least = most
	}
	if len(args) < least || len(args) > most && !f.variadic {
		return nil, fail(s.path, f.Signature, "%s has %d arguments", name, len(args))
	}
	if name == "missing" {
		return s.missing(f, args[0])
	}
	for i, a := range args {
		if want := f.takes[min(i, most-1)]; a.kind != want {
			if want == Number {
				return nil, s.wrongKind(name, a)
			}
			return nil, fail(s.path, f.Signature, "%#q is %v, %s needs %v", a.source, a.kind, name, want)
		}
	}
	switch {
	case name == "date":
		return s.date(f, args[0])
	case f.words != nil:
		return mapWords(f, args[0]), nil
	}
	return mapNumbers(f, args), nil
}

func (s *compiler) missing(f Function, a *node) (*node, error) {
	if a.column < 0 {
		return nil, fail(s.path, f.Signature, "%#q is no column", a.source)
	}
	at := a.column
	made := &node{kind: Bool, name: f.Name, column: -1, reads: true}
	made.numbers = func(b *Block, out []float64) {
		for i := range out {
			out[i] = 0
			if b.columns[at].Missing(b.First + i) {
				out[i] = 1
			}
		}
	}
	return made, nil
}

func (s *compiler) date(f Function, a *node) (*node, error) {
	if !a.constant {
		return nil, fail(s.path, "read the column as a time instead: data.columns: "+a.name+": {kind: time}", "%s needs a date written out, such as %s", f.Name, f.Signature)
	}
	d, err := parseDate(a.word)
	if err != nil {
		return nil, fail(s.path, f.Signature, "%q is no date", a.word)
	}
	return &node{kind: Time, constant: true, value: d, column: -1}, nil
}

func mapWords(f Function, a *node) *node {
	made := &node{kind: Text, name: f.Name, args: []*node{a}, column: -1}
	made.texts = func(b *Block, out []string) {
		a.evalText(b, out)
		for i, w := range out {
			out[i] = f.words(w)
		}
	}
	return made
}

// mapNumbers calls a function lane by lane. A missing argument or a result that
// is not finite gives NaN.
func mapNumbers(f Function, args []*node) *node {
	made := &node{kind: f.gives, name: f.Name, args: args, column: -1, measure: f.measure}
	made.numbers = func(b *Block, out []float64) {
		mark := b.top
		for range args {
			b.take()
		}
		for k, a := range args {
			a.eval(b, b.numbers[mark+k][:b.Lanes])
		}
		row := b.arguments(len(args))
		for i := range out {
			ok := true
			for k := range args {
				row[k] = b.numbers[mark+k][i]
				ok = ok && row[k] == row[k]
			}
			out[i] = math.NaN()
			if ok {
				out[i] = orNaN(f.numeric(row))
			}
		}
		b.top = mark
	}
	return made
}

// arguments lends memory for the arguments of one call; it is only used while
// no argument is being evaluated.
func (b *Block) arguments(n int) []float64 {
	if cap(b.args) < n {
		b.args = make([]float64, n)
	}
	return b.args[:n]
}
