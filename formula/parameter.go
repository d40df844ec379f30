package formula

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// Parameter is a named number.
type Parameter struct {
	// Value is the number; the mean of an uncertain one.
	Value float64
	// Unit is what it counts; the zero Unit fits anything.
	Unit Unit
	// Points stand for the distribution of an uncertain number. Their weights
	// sum to 1 and their mean is Value. nil for a known number.
	Points []Point
}

// Point is a value with its chance.
type Point struct {
	Value, Weight float64
}

// MaxSettings bounds how many combinations of the points of uncertain
// parameters one expression is averaged over.
const MaxSettings = 1 << 16

// spread is the uncertain parameters of one program: their names, and every
// combination of their points with its chance. They are independent.
type spread struct {
	names    []string
	settings [][]float64 // values by setting, in the order of names
	weights  []float64
}

// newSpread combines the points of the named parameters; the last name varies
// fastest.
func newSpread(parameters map[string]Parameter, names []string) *spread {
	s := &spread{names: names, settings: [][]float64{nil}, weights: []float64{1}}
	for _, name := range names {
		points := parameters[name].Points
		settings := make([][]float64, 0, len(s.settings)*len(points))
		weights := make([]float64, 0, cap(settings))
		for i, before := range s.settings {
			for _, p := range points {
				settings = append(settings, append(slices.Clip(slices.Clone(before)), p.Value))
				weights = append(weights, s.weights[i]*p.Weight)
			}
		}
		s.settings, s.weights = settings, weights
	}
	return s
}

// uncertain lists the uncertain parameters that the expression reads, in order
// of their names.
func (s *compiler) uncertain() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(s.used)) {
		if s.scope.Parameters[name].Points != nil {
			out = append(out, name)
		}
	}
	return out
}

// parameter is the node of a named number. An uncertain one reads the setting
// under evaluation, unless the expression is only wanted at the means.
func (s *compiler) parameter(name string) *node {
	s.used[name] = true
	p := s.scope.Parameters[name]
	if p.Points == nil || s.atMeans {
		n := constantNumber(p.Value)
		n.unit = p.Unit
		return n
	}
	at := slices.Index(s.spread, name)
	if at < 0 {
		at = len(s.spread)
		s.spread = append(s.spread, name)
	}
	n := &node{kind: Number, name: name, column: -1, unit: p.Unit, uncertain: []string{name}}
	n.numbers = func(b *Block, out []float64) {
		for i := range out {
			out[i] = b.setting[at]
		}
	}
	return n
}

// settle finds which uncertain parameters the node reads and whether it is
// linear in each of them: of the first power in every product, so that its mean
// is its value at the means of the parameters, which are independent.
func (n *node) settle() {
	for _, a := range n.args {
		for _, name := range a.uncertain {
			if !slices.Contains(n.uncertain, name) {
				n.uncertain = append(n.uncertain, name)
			}
		}
	}
	if len(n.uncertain) == 0 || len(n.args) == 0 {
		return
	}
	for _, a := range n.args {
		n.bent = n.bent || a.bent
	}
	switch n.name {
	case "+", "-", "??":
	case "*":
		n.bent = n.bent || overlap(n.args[0].uncertain, n.args[1].uncertain)
	case "/":
		n.bent = n.bent || len(n.args[1].uncertain) > 0
	case opChoice:
		n.bent = n.bent || len(n.args[0].uncertain) > 0
	default:
		n.bent = true
	}
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(name string) bool { return slices.Contains(b, name) })
}

// average turns an expression with uncertain parameters into its mean: the
// expression at the mean parameters where that is the same, else the average
// over all settings.
func (s *compiler) average(root *node, tree ast.Node) (*node, error) {
	if len(root.uncertain) == 0 {
		return root, nil
	}
	if root.kind != Number {
		return nil, fail(s.path, "use numbers that are known", "%#q is %v and depends on %s, which is uncertain", root.source, root.kind, strings.Join(root.uncertain, ", "))
	}
	if !root.bent {
		s.atMeans, s.locals = true, nil
		return s.node(tree)
	}
	size := 1
	for _, name := range s.spread {
		if size *= len(s.scope.Parameters[name].Points); size > MaxSettings {
			return nil, fail(s.path, "use fewer uncertain parameters", "%#q would be averaged over more than %d settings of %s", root.source, MaxSettings, strings.Join(s.spread, ", "))
		}
	}
	made := expected(root, newSpread(s.scope.Parameters, s.spread))
	if !root.fixed() {
		return made, nil
	}
	b := &Block{Lanes: 1, size: 1}
	var out [1]float64
	made.numbers(b, out[:])
	if !finite(out[0]) {
		return nil, fail(s.path, "", "%s", made.unsettled(b).Text)
	}
	folded := constantNumber(out[0])
	folded.source, folded.size, folded.at, folded.unit = root.source, root.size, root.at, root.unit
	return folded, nil
}

// fixed says whether a node reads nothing but parameters.
func (n *node) fixed() bool {
	if n.constant || len(n.args) == 0 {
		return n.constant || len(n.uncertain) > 0
	}
	return !n.reads && !slices.ContainsFunc(n.args, func(a *node) bool { return !a.fixed() })
}

// expected averages a node over the settings.
func expected(root *node, over *spread) *node {
	made := &node{
		kind: Number, name: "expected", source: root.source, args: []*node{root}, column: -1, size: root.size,
		unit: root.unit, uncertain: root.uncertain, bent: true, over: over,
	}
	made.numbers = func(b *Block, out []float64) {
		t := b.take()
		for i := range out {
			out[i] = 0
		}
		for k, setting := range over.settings {
			b.setting = setting
			root.eval(b, t)
			for i, v := range t {
				out[i] += over.weights[k] * v
			}
		}
		b.give()
	}
	return made
}

// unsettled finds the setting in which the node has no value in the one row of
// the block, and why.
func (n *node) unsettled(b *Block) *Cause {
	for _, setting := range n.over.settings {
		b.setting = setting
		c := fault(n.args[0], b)
		if c == nil {
			continue
		}
		if c.Column == "" {
			var at []string
			for i, name := range n.over.names {
				at = append(at, fmt.Sprintf("%s is %.3g", name, setting[i]))
			}
			c.Text += " where " + strings.Join(at, ", ")
		}
		return c
	}
	return &Cause{Text: fmt.Sprintf("%#q is not a finite number", n.source)}
}

// checkParameters refuses points that are no distribution.
func (s *Scope) checkParameters(path string) error {
	for _, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		p := s.Parameters[name]
		sum := 0.0
		for _, q := range p.Points {
			if !finite(q.Value) || !(q.Weight > 0) {
				return fail(path, "", "the parameter %q has the point %v with the chance %v", name, q.Value, q.Weight)
			}
			sum += q.Weight
		}
		if p.Points != nil && math.Abs(sum-1) > 1e-9 {
			return fail(path, "", "the points of the parameter %q have the chances %v together, want 1", name, sum)
		}
	}
	return nil
}
