package formula

import (
	"math"
	"strings"

	"github.com/expr-lang/expr/ast"

	"bespoke/table"
)

// opChoice names the node of ? : and if.
const opChoice = "? :"

// arithmetics maps operators to what they do with two numbers. A result that
// does not exist is NaN.
var arithmetics = map[string]func(x, y []float64){
	"+": func(x, y []float64) {
		for i, v := range y {
			x[i] += v
		}
	},
	"-": func(x, y []float64) {
		for i, v := range y {
			x[i] -= v
		}
	},
	"*": func(x, y []float64) {
		for i, v := range y {
			x[i] *= v
		}
	},
	"/": func(x, y []float64) {
		for i, v := range y {
			if v == 0 {
				x[i] = math.NaN()
				continue
			}
			x[i] /= v
		}
	},
	"%": func(x, y []float64) {
		for i, v := range y {
			x[i] = math.Mod(x[i], v)
		}
	},
	"**": power,
	"^":  power,
}

func power(x, y []float64) {
	for i, v := range y {
		x[i] = orNaN(math.Pow(x[i], v))
	}
}

// orNaN turns an infinite result into NaN, so that it cannot hide behind a
// later comparison, minimum or quotient.
func orNaN(v float64) float64 {
	if math.IsInf(v, 0) {
		return math.NaN()
	}
	return v
}

// comparisons maps operators to the test of two numbers.
var comparisons = map[string]func(x, y float64) bool{
	"==": func(x, y float64) bool { return x == y },
	"!=": func(x, y float64) bool { return x != y },
	"<":  func(x, y float64) bool { return x < y },
	"<=": func(x, y float64) bool { return x <= y },
	">":  func(x, y float64) bool { return x > y },
	">=": func(x, y float64) bool { return x >= y },
}

// wordTests maps operators to the test of two texts.
var wordTests = map[string]func(x, y string) bool{
	"==":         func(x, y string) bool { return x == y },
	"!=":         func(x, y string) bool { return x != y },
	"contains":   strings.Contains,
	"startsWith": strings.HasPrefix,
	"endsWith":   strings.HasSuffix,
}

// reasons says why an operator or function has no value where its arguments
// have one.
var reasons = map[string]string{
	"/":    "divides by zero",
	"%":    "divides by zero",
	"**":   "is not a finite number",
	"log":  "takes the logarithm of a number that is not above zero",
	"sqrt": "takes the square root of a negative number",
}

func (s *compiler) unary(n *ast.UnaryNode) (*node, error) {
	a, err := s.node(n.Node)
	if err != nil {
		return nil, err
	}
	made := &node{kind: a.kind, name: n.Operator, args: []*node{a}, column: -1}
	switch n.Operator {
	case "-", "+":
		if a.kind != Number {
			return nil, s.wrongKind(n.Operator, a)
		}
		sign := 1.0
		if n.Operator == "-" {
			sign = -1
		}
		made.numbers = func(b *Block, out []float64) {
			a.eval(b, out)
			for i := range out {
				out[i] *= sign
			}
		}
		return made, nil
	default: // not, !
		if a.kind != Bool {
			return nil, fail(s.path, "compare it with something", "%#q is %v, not needs true or false", a.source, a.kind)
		}
		made.numbers = func(b *Block, out []float64) {
			a.eval(b, out)
			for i := range out {
				out[i] = 1 - out[i]
			}
		}
		return made, nil
	}
}

// wrongKind explains an operand of arithmetic that is no number.
func (s *compiler) wrongKind(op string, a *node) error {
	hint := ""
	switch {
	case a.kind == Text && a.column >= 0:
		hint = "if its values are numbers, say so under data.columns: " + a.name + ": {kind: number}"
	case a.kind == Bool:
		hint = "write " + a.source + " ? 1 : 0"
	case a.kind == Time:
		hint = "subtract two times to get days, or use year(), month(), day()"
	}
	return fail(s.path, hint, "%#q is %v, %s needs a number", a.source, a.kind, op)
}

func (s *compiler) binary(n *ast.BinaryNode) (*node, error) {
	if n.Operator == "in" {
		return s.in(n)
	}
	args, err := s.nodes([]ast.Node{n.Left, n.Right})
	if err != nil {
		return nil, err
	}
	l, r := args[0], args[1]
	switch op := n.Operator; op {
	case "+", "-", "*", "/", "%", "**", "^":
		return s.arithmetic(op, l, r)
	case "and", "&&", "or", "||":
		return s.logic(op, l, r)
	case "??":
		return s.otherwise(l, r)
	case "==", "!=", "<", "<=", ">", ">=", "contains", "startsWith", "endsWith":
		return s.compare(op, l, r)
	}
	return nil, fail(s.path, "", "%#q: the operator %#q is not part of the payoff language", n.String(), n.Operator)
}

func (s *compiler) arithmetic(op string, l, r *node) (*node, error) {
	kind := Number
	switch {
	case op == "-" && l.kind == Time && r.kind == Time:
	case (op == "+" || op == "-") && l.kind == Time && r.kind == Number:
		kind = Time
	case l.kind != Number:
		return nil, s.wrongKind(op, l)
	case r.kind != Number:
		return nil, s.wrongKind(op, r)
	}
	do := arithmetics[op]
	made := &node{kind: kind, name: op, args: []*node{l, r}, column: -1}
	made.numbers = func(b *Block, out []float64) {
		l.eval(b, out)
		t := b.take()
		r.eval(b, t)
		do(out, t)
		b.give()
	}
	return made, nil
}

// logic is three-valued: false and unknown is false, true or unknown is true.
func (s *compiler) logic(op string, l, r *node) (*node, error) {
	for _, a := range []*node{l, r} {
		if a.kind != Bool {
			return nil, fail(s.path, "compare it with something", "%#q is %v, %s needs true or false", a.source, a.kind, op)
		}
	}
	decisive := 0.0 // the value of one side that settles the whole
	if op == "or" || op == "||" {
		decisive = 1
	}
	made := &node{kind: Bool, name: op, args: []*node{l, r}, column: -1}
	made.numbers = func(b *Block, out []float64) {
		l.eval(b, out)
		t := b.take()
		r.eval(b, t)
		for i, y := range t {
			if out[i] != decisive && (y == decisive || out[i] == out[i]) {
				out[i] = y
			}
		}
		b.give()
	}
	return made, nil
}

// otherwise is column ?? value: the value where the column's cell is missing.
// Only a column may stand on the left, so that it cannot hide a division by
// zero.
func (s *compiler) otherwise(l, r *node) (*node, error) {
	if l.column < 0 || len(l.args) > 0 {
		return nil, fail(s.path, "", "%#q: ?? needs a column on its left", l.source)
	}
	if l.kind != r.kind {
		return nil, fail(s.path, "", "%#q is %v, but stands in for %#q, which is %v", r.source, r.kind, l.source, l.kind)
	}
	at := l.column
	made := &node{kind: l.kind, name: "??", args: []*node{r}, column: -1, reads: true, unit: l.unit}
	if l.kind == Text {
		made.texts = func(b *Block, out []string) {
			t := b.TakeWords()
			loadTexts(b, at, out)
			r.evalText(b, t)
			for i, v := range out {
				if v == "" {
					out[i] = t[i]
				}
			}
			b.GiveWords()
		}
		return made, nil
	}
	loadRaw := loadNumbers
	if l.kind == Time {
		loadRaw = loadTimes
	}
	made.numbers = func(b *Block, out []float64) {
		t := b.take()
		loadRaw(b, at, out)
		r.eval(b, t)
		for i, v := range out {
			if v != v {
				out[i] = t[i]
			}
		}
		b.give()
	}
	return made, nil
}

func (s *compiler) compare(op string, l, r *node) (*node, error) {
	l, r = dated(l, r), dated(r, l)
	if l.kind != r.kind {
		return nil, fail(s.path, "", "%#q is %v and %#q is %v; %s needs both of one kind", l.source, l.kind, r.source, r.kind, op)
	}
	made := &node{kind: Bool, name: op, args: []*node{l, r}, column: -1}
	if l.kind == Text {
		test, ok := wordTests[op]
		if !ok {
			return nil, fail(s.path, "use ==, !=, in, contains, startsWith or endsWith", "%#q is text, %s needs numbers or times", l.source, op)
		}
		s.notice(op, l, r)
		made.numbers = testWords(l, r, test)
		return made, nil
	}
	test, ok := comparisons[op]
	if !ok {
		return nil, fail(s.path, "", "%#q is %v, %s needs text", l.source, l.kind, op)
	}
	made.numbers = func(b *Block, out []float64) {
		l.eval(b, out)
		t := b.take()
		r.eval(b, t)
		for i, y := range t {
			x := out[i]
			switch {
			case x != x || y != y:
				out[i] = math.NaN()
			case test(x, y):
				out[i] = 1
			default:
				out[i] = 0
			}
		}
		b.give()
	}
	return made, nil
}

func testWords(l, r *node, test func(x, y string) bool) func(b *Block, out []float64) {
	return func(b *Block, out []float64) {
		x, y := b.TakeWords(), b.TakeWords()
		l.evalText(b, x)
		r.evalText(b, y)
		for i := range out {
			switch {
			case x[i] == "" || y[i] == "":
				out[i] = math.NaN()
			case test(x[i], y[i]):
				out[i] = 1
			default:
				out[i] = 0
			}
		}
		b.GiveWords()
		b.GiveWords()
	}
}

// dated turns a text constant into a time where it is compared with one.
func dated(n, other *node) *node {
	if n.kind == Text && n.constant && other.kind == Time {
		if d, err := parseDate(n.word); err == nil {
			return &node{kind: Time, constant: true, value: d, source: n.source, size: 1, at: n.at, column: -1}
		}
	}
	return n
}

// notice remembers comparisons of a category with a literal, so that Compile
// can warn about a spelling that no row has.
func (s *compiler) notice(op string, l, r *node) {
	if r.column >= 0 {
		l, r = r, l
	}
	if (op == "==" || op == "!=") && l.column >= 0 && r.constant {
		if f := s.scope.columns[l.column]; f.Kind == table.Category {
			s.words = append(s.words, Comparison{Field: f, Word: r.word})
		}
	}
}

// in is membership in a list of constants.
func (s *compiler) in(n *ast.BinaryNode) (*node, error) {
	list, ok := n.Right.(*ast.ArrayNode)
	if !ok || len(list.Nodes) == 0 {
		return nil, fail(s.path, `such as purpose in ["car", "radio"]`, "%#q: in needs a list of values on its right", n.String())
	}
	left, err := s.node(n.Left)
	if err != nil {
		return nil, err
	}
	var all *node
	for _, item := range list.Nodes {
		right, err := s.node(item)
		if err != nil {
			return nil, err
		}
		test, err := s.compare("==", left, right)
		if err != nil {
			return nil, err
		}
		if test, err = s.finish(test, n); err != nil {
			return nil, err
		}
		if all == nil {
			all = test
			continue
		}
		if all, err = s.logic("or", all, test); err != nil {
			return nil, err
		}
		if all, err = s.finish(all, n); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// branch puts into out the value of the other branch where the condition is
// false, and none where it has no value.
func branch[T any](cond []float64, out, other []T, none T) {
	for i, v := range cond {
		switch v {
		case 1:
		case 0:
			out[i] = other[i]
		default:
			out[i] = none
		}
	}
}

// choice is cond ? yes : no; only the branch taken need have a value.
func choice(cond, yes, no *node) *node {
	made := &node{kind: yes.kind, name: opChoice, args: []*node{cond, yes, no}, column: -1}
	if yes.kind == Text {
		made.texts = func(b *Block, out []string) {
			c, t := b.take(), b.TakeWords()
			cond.eval(b, c)
			yes.evalText(b, out)
			no.evalText(b, t)
			branch(c, out, t, "")
			b.give()
			b.GiveWords()
		}
		return made
	}
	made.numbers = func(b *Block, out []float64) {
		c, t := b.take(), b.take()
		cond.eval(b, c)
		yes.eval(b, out)
		no.eval(b, t)
		branch(c, out, t, math.NaN())
		b.give()
		b.give()
	}
	return made
}
