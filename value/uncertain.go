package value

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mathext"

	"bespoke/formula"
	"bespoke/scenario"
)

// gridPoints is how many points stand for each of so many uncertain
// parameters, so that all combinations are at most 256.
var gridPoints = []int{1: 64, 2: 16, 3: 6, 4: 4}

// maxPoints bounds Config.Points, maxShape the two parameters of a beta
// distribution.
const (
	maxPoints = 4096
	maxShape  = 1e8
)

// Uncertain describes an uncertain parameter.
type Uncertain struct {
	Name string `json:"name"`
	// Text is the distribution in words, such as "beta(6, 14)".
	Text string `json:"text"`
	// Unit is the parameter's, empty when it has none.
	Unit string `json:"unit,omitempty"`
	// Mean and SD are exact.
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`
	// Low, Median and High are not exceeded with the chances 5 %, 50 % and 95 %.
	Low    float64 `json:"low"`
	Median float64 `json:"median"`
	High   float64 `json:"high"`
}

// Setting is one combination of values of the uncertain parameters.
type Setting struct {
	// Weight is its chance; those of a grid sum to 1.
	Weight float64
	Values map[string]float64
}

// belief is what is known about an uncertain parameter: single values with
// their chances, and with the rest of the chance a continuous shape.
type belief struct {
	points []formula.Point // ascending
	rest   float64
	shape  *shape // nil when rest is 0
}

// shape is a continuous distribution.
type shape struct {
	text           string
	mean, variance float64
	cdf, quantile  func(float64) float64
	// bins splits the distribution into n bins of equal chance and gives the
	// exact mean of each.
	bins func(n int) []formula.Point
}

// Uncertain describes the uncertain parameters, in order of their names; empty
// when all are known.
func (p *Payoffs) Uncertain() []Uncertain {
	out := make([]Uncertain, 0, len(p.beliefs))
	for _, name := range slices.Sorted(maps.Keys(p.beliefs)) {
		b := p.beliefs[name]
		mean, sd := b.moments()
		out = append(out, Uncertain{
			Name: name, Text: b.String(), Unit: p.config.Value.Params[name].Unit,
			Mean: mean, SD: sd, Low: b.quantile(.05), Median: b.quantile(.5), High: b.quantile(.95),
		})
	}
	return out
}

// Grid is every combination of the points that stand for the uncertain
// parameters, which are independent: bins of equal chance, each represented by
// its mean, so that whatever is linear in each parameter keeps its mean exactly.
// Without uncertain parameters it is one setting without values.
func (p *Payoffs) Grid() []Setting { return p.grid(slices.Sorted(maps.Keys(p.beliefs))) }

func (p *Payoffs) grid(names []string) []Setting {
	out := []Setting{{Weight: 1, Values: map[string]float64{}}}
	for _, name := range names {
		var next []Setting
		for _, s := range out {
			for _, q := range p.scope.Parameters[name].Points {
				values := maps.Clone(s.Values)
				values[name] = q.Value
				next = append(next, Setting{Weight: s.Weight * q.Weight, Values: values})
			}
		}
		out = next
	}
	return out
}

// At returns payoffs with the uncertain parameters that are named known at the
// given values; the others stay uncertain.
func (p *Payoffs) At(values map[string]float64) (*Payoffs, error) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if _, ok := p.beliefs[name]; !ok {
			return nil, fail("value.params."+name, "", "is not an uncertain parameter")
		}
	}
	return Compile(p.knowing(values))
}

// knowing is the configuration with some parameters known. The others keep as
// many points as before, so that results agree.
func (p *Payoffs) knowing(values map[string]float64) Config {
	c := p.config
	c.Value.Params = maps.Clone(c.Value.Params)
	for name, v := range values {
		c.Value.Params[name] = scenario.Param{Value: v, Unit: c.Value.Params[name].Unit}
	}
	c.Points = p.points
	return c
}

// believe reads the distributions and chooses the points that stand for them.
func (p *Payoffs) believe(names []string) error {
	for _, name := range names {
		u := p.config.Value.Params[name].Uncertain
		if u == nil {
			continue
		}
		b, err := newBelief(u)
		if err != nil {
			return fail("value.params."+name, "", "%v", err)
		}
		if p.beliefs == nil {
			p.beliefs = map[string]*belief{}
		}
		p.beliefs[name] = b
	}
	switch n := len(p.beliefs); {
	case p.config.Points < 0 || p.config.Points > maxPoints:
		return fail("value.params", "", "%d points per uncertain parameter, at most %d are allowed", p.config.Points, maxPoints)
	case n >= len(gridPoints):
		return fail("value.params", "give the least important ones a known value", "%d parameters are uncertain, at most %d are allowed", n, len(gridPoints)-1)
	default:
		p.points = cmp.Or(p.config.Points, gridPoints[n])
	}
	if n := math.Pow(float64(p.points), float64(len(p.beliefs))); n > formula.MaxSettings {
		return fail("value.params", "", "%d points for each of %d uncertain parameters are more than %d combinations", p.points, len(p.beliefs), formula.MaxSettings)
	}
	for name, b := range p.beliefs {
		least := len(b.points)
		if b.shape != nil {
			least++
		}
		if least > p.points {
			return fail("value.params."+name, "", "has %d points, at most %d are allowed beside %d other uncertain parameters", len(b.points), p.points-least+len(b.points), len(p.beliefs)-1)
		}
	}
	return nil
}

// newBelief checks a distribution.
func newBelief(u *scenario.Distribution) (*belief, error) {
	b := &belief{rest: 1}
	for _, q := range u.Points {
		if !finite(q.Value) || !(q.Chance > 0 && q.Chance <= 1) {
			return nil, fmt.Errorf("the point %v has the chance %v, it must be above 0%% and at most 100%%", q.Value, q.Chance)
		}
		b.points = append(b.points, formula.Point{Value: q.Value, Weight: float64(q.Chance)})
		b.rest -= float64(q.Chance)
	}
	slices.SortFunc(b.points, func(x, y formula.Point) int { return cmp.Compare(x.Value, y.Value) })
	var err error
	if b.shape, err = newShape(u); err != nil {
		return nil, err
	}
	switch {
	case b.shape == nil && !(math.Abs(b.rest) < 1e-9):
		return nil, fmt.Errorf("the chances of its points sum to %v, they must sum to 1", 1-b.rest)
	case b.shape != nil && !(b.rest > 1e-9):
		return nil, fmt.Errorf("the chances of its points sum to %v, which leaves nothing for %s", 1-b.rest, b.shape.text)
	case b.shape == nil:
		b.rest = 0
	}
	return b, nil
}

func newShape(u *scenario.Distribution) (*shape, error) {
	var out *shape
	for i, pair := range [][]float64{u.Beta, u.Normal, u.Uniform} {
		switch {
		case pair == nil:
			continue
		case out != nil:
			return nil, fmt.Errorf("has more than one of beta, normal, uniform; keep one")
		case len(pair) != 2 || !finite(pair[0]) || !finite(pair[1]):
			return nil, fmt.Errorf("needs two finite numbers, got %v", pair)
		}
		x, y := pair[0], pair[1]
		switch i {
		case 0:
			if !(x > 0 && y > 0 && x <= maxShape && y <= maxShape) {
				return nil, fmt.Errorf("beta needs two numbers above 0 and at most %.0e, got %v and %v", maxShape, x, y)
			}
			out = betaShape(x, y)
		case 1:
			if !(y > 0) {
				return nil, fmt.Errorf("normal needs a mean and a standard deviation above 0, got %v and %v", x, y)
			}
			out = normalShape(x, y)
		default:
			if !(x < y) || !finite(y-x) {
				return nil, fmt.Errorf("uniform needs a lowest and a higher highest value, got %v and %v", x, y)
			}
			out = uniformShape(x, y)
		}
	}
	return out, nil
}

// betaShape is the beta distribution. The mean of a bin follows from
// E[X; X <= x] = a/(a+b) I(x; a+1, b), I being the regularised incomplete beta
// function. Bins too narrow to be told apart are left out.
func betaShape(a, b float64) *shape {
	mean := a / (a + b)
	cdf := func(x float64) float64 { return mathext.RegIncBeta(a, b, math.Min(math.Max(x, 0), 1)) }
	return &shape{
		text: fmt.Sprintf("beta(%v, %v)", a, b), mean: mean, variance: mean * (b / (a + b)) / (a + b + 1), cdf: cdf,
		quantile: func(q float64) float64 { return mathext.InvRegIncBeta(a, b, q) },
		bins: func(n int) []formula.Point {
			var out []formula.Point
			below, part := 0.0, 0.0
			for k := 1; k <= n; k++ {
				x := 1.0
				if k < n {
					x = mathext.InvRegIncBeta(a, b, float64(k)/float64(n))
				}
				to, partTo := cdf(x), mathext.RegIncBeta(a+1, b, x)
				if to > below {
					out = append(out, formula.Point{Value: math.Min(1, mean*(partTo-part)/(to-below)), Weight: to - below})
					below, part = to, partTo
				}
			}
			return out
		},
	}
}

// normalShape is the normal distribution; the mean of a bin between the
// standard quantiles u and v is mean + sd (phi(u) - phi(v)) / (chance of the bin).
func normalShape(mean, sd float64) *shape {
	density := func(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }
	return &shape{
		text: fmt.Sprintf("normal(%v, %v)", mean, sd), mean: mean, variance: sd * sd,
		cdf:      func(x float64) float64 { return math.Erfc((mean-x)/(sd*math.Sqrt2)) / 2 },
		quantile: func(q float64) float64 { return mean + sd*mathext.NormalQuantile(q) },
		bins: func(n int) []formula.Point {
			out := make([]formula.Point, n)
			from := 0.0
			for k := range out {
				to := 0.0
				if k+1 < n {
					to = density(mathext.NormalQuantile(float64(k+1) / float64(n)))
				}
				out[k] = formula.Point{Value: mean + sd*(from-to)*float64(n), Weight: 1 / float64(n)}
				from = to
			}
			return out
		},
	}
}

// uniformShape is the uniform distribution, whose bins have their means in the
// middle.
func uniformShape(low, high float64) *shape {
	width := high - low
	return &shape{
		text: fmt.Sprintf("uniform(%v, %v)", low, high), mean: low + width/2, variance: width * width / 12,
		cdf:      func(x float64) float64 { return math.Min(math.Max((x-low)/width, 0), 1) },
		quantile: func(q float64) float64 { return low + q*width },
		bins: func(n int) []formula.Point {
			out := make([]formula.Point, n)
			for k := range out {
				out[k] = formula.Point{Value: low + (float64(k)+.5)/float64(n)*width, Weight: 1 / float64(n)}
			}
			return out
		},
	}
}

// moments are the mean and the standard deviation.
func (b *belief) moments() (mean, sd float64) {
	if b.shape != nil {
		mean = b.rest * b.shape.mean
	}
	for _, q := range b.points {
		mean += q.Weight * q.Value
	}
	variance := 0.0
	if b.shape != nil {
		d := b.shape.mean - mean
		variance = b.rest * (b.shape.variance + d*d)
	}
	for _, q := range b.points {
		variance += q.Weight * (q.Value - mean) * (q.Value - mean)
	}
	return mean, math.Sqrt(variance)
}

// quantile is the smallest value that is not exceeded with the chance q, which
// lies between 0 and 1.
func (b *belief) quantile(q float64) float64 {
	below := 0.0
	for i, at := range b.points {
		if b.shape != nil {
			if chance := b.rest * b.shape.cdf(at.Value); below+chance >= q {
				break
			}
		}
		chance := below + at.Weight
		if b.shape != nil {
			chance += b.rest * b.shape.cdf(at.Value)
		}
		if chance >= q || b.shape == nil && i == len(b.points)-1 {
			return at.Value
		}
		below += at.Weight
	}
	return b.shape.quantile(math.Min(math.Max((q-below)/b.rest, 0), 1))
}

// grid are n points: the single values, and bins of the rest.
func (b *belief) grid(n int) []formula.Point {
	out := slices.Clone(b.points)
	if b.shape != nil {
		for _, q := range b.shape.bins(n - len(b.points)) {
			out = append(out, formula.Point{Value: q.Value, Weight: b.rest * q.Weight})
		}
	}
	slices.SortStableFunc(out, func(x, y formula.Point) int { return cmp.Compare(x.Value, y.Value) })
	return out
}

// String is such as "0 with 55%, 1 with 10%, else uniform(0, 1)".
func (b *belief) String() string {
	var parts []string
	for _, q := range b.points {
		parts = append(parts, fmt.Sprintf("%v with %s", q.Value, scenario.Percent(q.Weight)))
	}
	switch {
	case b.shape == nil:
	case len(parts) == 0:
		parts = append(parts, b.shape.text)
	default:
		parts = append(parts, "else "+b.shape.text)
	}
	return strings.Join(parts, ", ")
}
