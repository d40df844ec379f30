package formula

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"bespoke/internal/near"
	"bespoke/table"
)

// Limits of one expression. They bound the stack and the time of evaluating
// hostile input; no sensible payoff comes near them.
const (
	maxLength = 4096
	maxNodes  = 2000
)

// node is a checked part of an expression. Exactly one of numbers and texts is
// set, according to kind.
type node struct {
	kind Kind
	// name says what the node is: an operator, a function, a column.
	name string
	// source is the expression as text, for errors.
	source string
	args   []*node
	// numbers evaluates number, truth and moment for every lane of the block.
	numbers func(b *Block, out []float64)
	// texts evaluates text.
	texts func(b *Block, out []string)
	// constant marks a node whose value is in value or word.
	constant bool
	value    float64
	word     string
	// column is the index of the column that the node is, else -1.
	column int
	// reads marks a node that reads the row by itself, so that constant
	// arguments do not make it a constant.
	reads bool
	// size counts the nodes below, repeated use of a variable included.
	size int
	// at is the column of the expression where the node begins, from 1.
	at int
	// unit is what the number counts; measure finds it for a function.
	unit    Unit
	measure func(s *compiler, made *node) error
	// uncertain are the uncertain parameters read, bent says that the node is not
	// linear in each of them, over is what it is averaged over.
	uncertain []string
	bent      bool
	over      *spread
}

// compiler is the state of compiling one expression, and the variables that
// are known at the place under compilation.
type compiler struct {
	*state
	locals map[string]*node
}

// state is what all parts of one expression share.
type state struct {
	scope  *Scope
	path   string
	source string
	words  []Comparison
	// used are the parameters read, spread the uncertain ones among them in order
	// of first use.
	used   map[string]bool
	spread []string
	// atMeans takes uncertain parameters for known at their means.
	atMeans bool
}

// build parses and checks an expression.
func (s *compiler) build(source string) (*node, error) {
	if strings.TrimSpace(source) == "" {
		return nil, fail(s.path, "write a number or an expression over columns", "is empty")
	}
	if len(source) > maxLength {
		return nil, fail(s.path, "compute the value in a column of the data", "has %d characters, at most %d are allowed", len(source), maxLength)
	}
	if !utf8.ValidString(source) {
		return nil, fail(s.path, "", "is not valid UTF-8")
	}
	if n := s.amount(source); n != nil {
		return n, nil
	}
	s.source = source
	tree, err := parse(source)
	if err != nil {
		return nil, s.syntax(source, err)
	}
	budget := maxNodes
	if measure(tree.Node, &budget); budget < 0 {
		return nil, s.tooLong()
	}
	root, err := s.node(tree.Node)
	if err != nil {
		return nil, err
	}
	return s.average(root, tree.Node)
}

func (s *compiler) tooLong() error {
	return fail(s.path, "compute the value in a column of the data", "is longer than %d operations", maxNodes)
}

// measure takes the size of a tree from the budget and stops when that is used
// up. It is needed because the parser shares nodes: 1 < x < 2 holds x twice, so
// that a short text can stand for an endless tree.
func measure(n ast.Node, budget *int) {
	*budget--
	if *budget < 0 {
		return
	}
	var below []ast.Node
	switch n := n.(type) {
	case *ast.UnaryNode:
		below = []ast.Node{n.Node}
	case *ast.BinaryNode:
		below = []ast.Node{n.Left, n.Right}
	case *ast.ConditionalNode:
		below = []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.VariableDeclaratorNode:
		below = []ast.Node{n.Value, n.Expr}
	case *ast.MemberNode:
		below = []ast.Node{n.Node, n.Property}
	case *ast.SliceNode:
		below = []ast.Node{n.Node, n.From, n.To}
	case *ast.ChainNode:
		below = []ast.Node{n.Node}
	case *ast.PredicateNode:
		below = []ast.Node{n.Node}
	case *ast.BuiltinNode:
		below = n.Arguments
	case *ast.CallNode:
		below = append([]ast.Node{n.Callee}, n.Arguments...)
	case *ast.ArrayNode:
		below = n.Nodes
	case *ast.SequenceNode:
		below = n.Nodes
	case *ast.MapNode:
		below = n.Pairs
	case *ast.PairNode:
		below = []ast.Node{n.Key, n.Value}
	}
	for _, b := range below {
		if b != nil {
			measure(b, budget)
		}
	}
}

// parse guards against panics of the parser on input nobody thought of.
func parse(source string) (tree *parser.Tree, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("cannot be read: %v", r)
		}
	}()
	return parser.Parse(source)
}

func (s *compiler) syntax(source string, err error) error {
	var at *file.Error
	if errors.As(err, &at) {
		return fail(s.path, "", "%#q: column %d: %s", source, at.Column+1, at.Message)
	}
	return fail(s.path, "", "%#q: %v", source, err)
}

// node checks one node of the parser's tree.
func (s *compiler) node(n ast.Node) (*node, error) {
	made, err := s.dispatch(n)
	if err != nil {
		return nil, err
	}
	return s.finish(made, n)
}

// finish gives a node its source, place, size and unit, and folds it.
func (s *compiler) finish(made *node, n ast.Node) (*node, error) {
	made.source = n.String()
	made.size, made.at = 1, n.Location().From+1
	for _, a := range made.args {
		made.size += a.size
		made.at = min(made.at, a.at)
	}
	if made.size > maxNodes {
		return nil, s.tooLong()
	}
	if err := s.measure(made); err != nil {
		return nil, err
	}
	made.settle()
	return s.fold(made)
}

func (s *compiler) dispatch(n ast.Node) (*node, error) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return constantNumber(float64(n.Value)), nil
	case *ast.FloatNode:
		return constantNumber(n.Value), nil
	case *ast.BoolNode:
		c := constantNumber(0)
		c.kind = Bool
		if n.Value {
			c.value = 1
		}
		return c, nil
	case *ast.StringNode:
		return s.literal(n.Value)
	case *ast.IdentifierNode:
		return s.identifier(n.Value)
	case *ast.MemberNode:
		return s.member(n)
	case *ast.UnaryNode:
		return s.unary(n)
	case *ast.BinaryNode:
		return s.binary(n)
	case *ast.ConditionalNode:
		return s.conditional(n)
	case *ast.VariableDeclaratorNode:
		return s.variable(n)
	case *ast.BuiltinNode:
		return s.call(n.Name, n.Arguments)
	case *ast.CallNode:
		if id, ok := n.Callee.(*ast.IdentifierNode); ok {
			return s.call(id.Value, n.Arguments)
		}
	}
	return nil, fail(s.path, "use numbers, columns, + - * / % **, comparisons, and or not, ? :, in [...], and functions",
		"%#q is not part of the payoff language", n.String())
}

func (s *compiler) literal(word string) (*node, error) {
	if word == "" {
		return nil, fail(s.path, "write missing(column)", "the empty text stands for a missing value and equals nothing")
	}
	return constantText(word), nil
}

func constantNumber(v float64) *node {
	return &node{kind: Number, constant: true, value: v, column: -1}
}

func constantText(word string) *node {
	return &node{kind: Text, constant: true, word: word, column: -1}
}

// identifier finds a name: a variable of let, a parameter, truth or prediction,
// a column.
func (s *compiler) identifier(name string) (*node, error) {
	if n, ok := s.locals[name]; ok {
		c := *n // with a place of its own
		return &c, nil
	}
	if _, ok := s.scope.Parameters[name]; ok {
		return s.parameter(name), nil
	}
	if s.scope.Numeric && (name == NameTruth || name == NamePrediction) {
		n := lanes(name)
		n.unit = s.scope.Units[s.scope.Target]
		return n, nil
	}
	return s.columnNamed(name)
}

// member is row["a column whose name is not a word"].
func (s *compiler) member(n *ast.MemberNode) (*node, error) {
	id, ok := n.Node.(*ast.IdentifierNode)
	property, isText := n.Property.(*ast.StringNode)
	if !ok || id.Value != "row" || !isText || n.Optional || n.Method {
		return nil, fail(s.path, `write row["name"] for a column whose name is not a plain word`, "%#q is not part of the payoff language", n.String())
	}
	return s.columnNamed(property.Value)
}

func (s *compiler) columnNamed(name string) (*node, error) {
	f, ok := s.scope.Schema.Field(name)
	if name == s.scope.Target && name != "" {
		if s.scope.Numeric {
			return nil, fail(s.path, `write "truth" for the true number and "prediction" for the predicted one`, "%q is the target", name)
		}
		return nil, fail(s.path, "give each outcome a payoff of its own", "%q is the target, not known when a decision falls due", name)
	}
	if !ok {
		return nil, fail(s.path, near.Offer(name, s.known()), "no column or parameter %q", name)
	}
	at := slices.IndexFunc(s.scope.columns, func(g table.Field) bool { return g.Name == name })
	if at < 0 {
		at = len(s.scope.columns)
		s.scope.columns = append(s.scope.columns, f)
	}
	n := load(at, f)
	if n.kind == Number {
		n.unit = s.scope.Units[name]
	}
	return n, nil
}

// known lists every name an expression may use, parameters first.
func (s *compiler) known() []string {
	var names []string
	for n := range s.scope.Parameters {
		names = append(names, n)
	}
	slices.Sort(names)
	if s.scope.Numeric {
		names = append(names, NameTruth, NamePrediction)
	}
	for _, f := range s.scope.Schema {
		if f.Name != s.scope.Target {
			names = append(names, f.Name)
		}
	}
	return names
}

func (s *compiler) conditional(n *ast.ConditionalNode) (*node, error) {
	args, err := s.nodes([]ast.Node{n.Cond, n.Exp1, n.Exp2})
	if err != nil {
		return nil, err
	}
	cond, yes, no := args[0], args[1], args[2]
	if cond.kind != Bool {
		return nil, fail(s.path, "compare it with something", "the condition %#q is %v, it must be true or false", cond.source, cond.kind)
	}
	if yes.kind != no.kind {
		return nil, fail(s.path, "both branches of ? : must be of one kind", "%#q is %v and %#q is %v", yes.source, yes.kind, no.source, no.kind)
	}
	return choice(cond, yes, no), nil
}

func (s *compiler) variable(n *ast.VariableDeclaratorNode) (*node, error) {
	v, err := s.node(n.Value)
	if err != nil {
		return nil, err
	}
	inner := *s
	inner.locals = make(map[string]*node, len(s.locals)+1)
	for k, l := range s.locals {
		inner.locals[k] = l
	}
	inner.locals[n.Name] = v
	return inner.node(n.Expr)
}

func (s *compiler) nodes(list []ast.Node) ([]*node, error) {
	out := make([]*node, len(list))
	for i, n := range list {
		made, err := s.node(n)
		if err != nil {
			return nil, err
		}
		out[i] = made
	}
	return out, nil
}

// fold replaces a node of constants by its value.
func (s *compiler) fold(n *node) (*node, error) {
	if n.constant || n.reads || len(n.args) == 0 {
		return n, nil
	}
	for _, a := range n.args {
		if !a.constant {
			return n, nil
		}
	}
	b := &Block{Lanes: 1, size: 1}
	folded := &node{kind: n.kind, constant: true, source: n.source, size: n.size, column: -1, at: n.at, unit: n.unit}
	if n.kind == Text {
		var out [1]string
		n.texts(b, out[:])
		folded.word = out[0]
		return folded, nil
	}
	var out [1]float64
	n.numbers(b, out[:])
	if !finite(out[0]) {
		return nil, fail(s.path, "", "%s", fault(n, b).Text)
	}
	folded.value = out[0]
	return folded, nil
}

// uses says whether the expression reads truth or prediction.
func (n *node) uses(name string) bool {
	if n.column < 0 && len(n.args) == 0 && !n.constant && n.name == name {
		return true
	}
	return slices.ContainsFunc(n.args, func(a *node) bool { return a.uses(name) })
}

// results lists the literal texts that a choice can end in.
func results(n *node) []string {
	if n.constant {
		return []string{n.word}
	}
	if n.name == opChoice && len(n.args) == 3 {
		return append(results(n.args[1]), results(n.args[2])...)
	}
	return nil
}
