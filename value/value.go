// Package value holds the money model: what each action is worth under each
// outcome, which action is therefore best for a row, and what a policy earned.
//
// It is one model used by everybody: the need question asks it what a perfect
// decision would earn, evaluation asks what a model earned, serving asks it
// for a decision, monitoring asks it what was realised. That is why it is a
// noun and not a stage.
//
// Payoffs are small expressions over the row's columns: see package formula.
// Their units are checked as far as they are known, and where the currency is,
// a payoff must be in it. Parameters may be uncertain: money is then expected
// over them, see Uncertain, Grid and Revealed.
//
// An action is one of the scenario's, or asking a person (value.review), who
// sees the true outcome with a given accuracy and then takes the best action. An
// action that is worth the same whatever comes abstains: with 0 for a right
// class, -1 for a wrong one and -d for abstaining it is taken where the largest
// probability is below 1 - d, which is the reject option of Chow, "On optimum
// recognition error and reject tradeoff" (1970).
//
// Where calls, money or reviewers are scarce, actions pay rent for what they
// take at its shadow price: see Resource, Sheet.Prices and package allocate.
// Everything that is compared then keeps to the limits: the model's choice
// (Sheet.Within), the constant policies (Sheet.Always) and the perfect model
// (Sheet.Perfect).
//
//	p, err := value.Compile(value.Config{
//		Value:    scenario.Value{Actions: scenario.Actions{
//			{Name: "grant", Payoffs: []scenario.Payoff{{Outcome: "good", Money: "0.12 * amount"}, {Outcome: "bad", Money: "-0.6 * amount"}}},
//			{Name: "refuse", Payoffs: []scenario.Payoff{{Money: "0"}}},
//		}},
//		Schema: t.Schema(), Task: model.Binary, Outcomes: []string{"good", "bad"},
//	})
//	s, err := p.Sheet(t, probabilities, truth, 2)
//	earned := s.Profit(s.Choose())
//
// Money is never silently missing: a row whose payoff cannot be computed (a
// missing cell without a fallback, a division by zero, an overflow) is an
// error that names the payoff, the row and the part of the expression.
package value

import (
	"encoding/json"
	"fmt"
	"slices"

	"bespoke/formula"
	"bespoke/internal/strictjson"
	"bespoke/model"
	"bespoke/scenario"
	"bespoke/table"
)

// ReviewAction is the name of the action that asks a person.
const ReviewAction = "review"

// Config is everything that payoffs are compiled from. It is what is saved in
// a bundle.
type Config struct {
	// Value is the scenario's section: parameters, actions, review.
	Value scenario.Value `json:"value"`
	// Today is the rule in force without a model: an action's name, or an
	// expression that gives one. Empty means not known.
	Today string `json:"today,omitempty"`
	// PerDecision is the money that deciding one row by the model costs; it is
	// the same for every action and never paid by policies without a model.
	PerDecision float64 `json:"per_decision,omitempty"`
	// Volume is how many decisions fall due; only capacities need it.
	Volume scenario.Rate `json:"volume,omitzero"`
	// Schema describes the columns that expressions may read. Columns not read
	// may be left out.
	Schema table.Schema `json:"schema"`
	// Task says whether outcomes are classes or a number.
	Task model.Task `json:"task"`
	// Outcomes are the classes by index; nil for regression.
	Outcomes []string `json:"outcomes,omitempty"`
	// Target is the column that holds the outcome. Expressions must not read
	// it, because it is not known when a decision falls due.
	Target string `json:"target,omitempty"`
	// Fill says per column which value stands in for a missing cell in an
	// expression, usually from formula.Fallbacks on the training rows. A missing cell
	// of a column that is not listed is an error in the rows that need it.
	Fill map[string]formula.Fallback `json:"fill,omitempty"`
	// Spread is how far true numbers lie from predicted ones (regression);
	// nil takes the prediction as certain.
	Spread *Spread `json:"spread,omitempty"`
	// Prices are the shadow prices of what is scarce; see Sheet.Prices.
	Prices Prices `json:"prices,omitempty"`
	// Currency is the unit of all money; empty leaves payoffs without a check
	// against it.
	Currency string `json:"currency,omitempty"`
	// Units says what the numbers of columns count, by column, such as EUR or
	// EUR / month; that of the target is the unit of truth and prediction.
	Units map[string]string `json:"units,omitempty"`
	// Points is how many points stand for each uncertain parameter, at most
	// 4096; 0 takes 64 for one parameter, 16 for each of two, 6 of three, 4 of
	// four.
	Points int `json:"points,omitempty"`
}

// Payoffs are compiled payoffs. They are immutable and safe for concurrent
// use.
type Payoffs struct {
	config   Config
	names    []string // actions, review last when configured
	actions  int      // len(names) without review
	states   int      // outcomes of a class, or points of the spread
	programs []program
	// slot maps action*outcomes+outcome to a program; regression has one
	// outcome.
	slot      []int
	today     *formula.Program // nil without a rule
	todayIs   int              // the action when the rule is a plain name, else -1
	scope     *formula.Scope
	columns   []table.Field // that payoffs and today's rule read
	doNothing int
	warnings  []Warning
	used      map[string]bool    // parameters that an expression reads
	beliefs   map[string]*belief // of the uncertain parameters
	points    int                // per uncertain parameter
	currency  formula.Unit
	// payoffUnit is the first unit of a payoff, where no currency is known.
	payoffUnit formula.Unit

	resources    []resource
	amounts      []amount      // by column of takers
	groupColumns []table.Field // that tops read
	priced       bool          // a resource has a price
	sees         []float64     // of the reviewer, by true*outcomes+seen
}

// program is one distinct payoff.
type program struct {
	*formula.Program
	truth      bool // reads truth
	prediction bool // reads prediction
}

// Warning is something in the payoffs that is allowed but probably not meant.
type Warning struct {
	// Path is the place in the scenario, such as "value.actions.grant".
	Path string `json:"path"`
	// Message says what was found and what follows from it.
	Message string `json:"message"`
}

// Config returns what the payoffs were compiled from.
func (p *Payoffs) Config() Config { return p.config }

// Actions lists the actions in file order, with ReviewAction last when the
// scenario has a review. The index of an action in this list is its number
// everywhere in this package.
func (p *Payoffs) Actions() []string { return slices.Clone(p.names) }

// Outcomes lists the outcomes by class index; nil for regression.
func (p *Payoffs) Outcomes() []string { return slices.Clone(p.config.Outcomes) }

// Columns describes the columns that payoffs and today's rule read.
func (p *Payoffs) Columns() []table.Field { return slices.Clone(p.columns) }

// Constant says whether no payoff reads a column, so that all rows share the
// same payoffs.
func (p *Payoffs) Constant() bool {
	for _, g := range p.programs {
		if _, constant := g.Constant(); !constant {
			return false
		}
	}
	return true
}

// Warnings lists what Compile found allowed but probably not meant. Examine
// adds what only rows can show.
func (p *Payoffs) Warnings() []Warning { return slices.Clone(p.warnings) }

// DoNothing is the first action whose payoffs are all the number zero, or -1.
func (p *Payoffs) DoNothing() int { return p.doNothing }

// HasReview says whether asking a person is one of the actions.
func (p *Payoffs) HasReview() bool { return p.actions < len(p.names) }

// WithSpread returns payoffs that take predicted numbers as uncertain.
func (p *Payoffs) WithSpread(s *Spread) (*Payoffs, error) {
	c := p.config
	c.Spread = s
	return Compile(c)
}

// WithFill returns payoffs that use the fallbacks for missing cells.
func (p *Payoffs) WithFill(fill map[string]formula.Fallback) (*Payoffs, error) {
	c := p.config
	c.Fill = fill
	return Compile(c)
}

// savedFormat counts the changes of the saved form; older forms stay readable.
const savedFormat = 1

type saved struct {
	Format int         `json:"format"`
	Config savedConfig `json:"config"`
}

// savedConfig reads what earlier versions wrote beside the Config.
type savedConfig struct {
	Config
	// ReviewPrice is the price of reviews from before other resources had any.
	ReviewPrice float64 `json:"review_price,omitempty"`
}

func (c savedConfig) config() Config {
	out := c.Config
	if c.ReviewPrice != 0 && out.Prices == nil {
		out.Prices = Prices{ReviewAction: c.ReviewPrice}
	}
	return out
}

// MarshalJSON writes the Config; Load compiles it again to the same payoffs.
func (p *Payoffs) MarshalJSON() ([]byte, error) {
	return json.Marshal(saved{Format: savedFormat, Config: savedConfig{Config: p.config}})
}

// Load reads what MarshalJSON wrote. It never trusts the bytes: unknown
// fields, another format and anything Compile refuses are errors.
func Load(data []byte) (*Payoffs, error) {
	var s saved
	if err := strictjson.Decode(data, &s); err != nil {
		return nil, fmt.Errorf("value: load: %w", err)
	}
	if s.Format != savedFormat {
		return nil, fmt.Errorf("value: load: format %d is not known, this version reads %d", s.Format, savedFormat)
	}
	p, err := Compile(s.Config.config())
	if err != nil {
		return nil, fmt.Errorf("value: load: %w", err)
	}
	return p, nil
}
