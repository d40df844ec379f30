// Package scenario holds the product's face: the YAML file that says what a
// customer needs and what right and wrong answers are worth there.
//
// One struct, Scenario, has the stages as fields in the order in which they
// run; each section lives in a file of its own with its defaults, its checks
// and one doc sentence per option. From these structs come strict decoding
// with file:line:column errors, `bespoke render`, the JSON Schema and the
// manual's reference.
//
//	s, err := scenario.Load("examples/credit-g/scenario.yaml")
package scenario

// Scenario is a whole scenario file.
type Scenario struct {
	// Name is a short name for files and reports: letters, digits, - and _.
	Name string `yaml:"scenario" json:"scenario"`
	// About says in a sentence who decides what.
	About string `yaml:"about,omitempty" json:"about,omitempty"`

	Need     Need     `yaml:"need" json:"need"`
	Data     Data     `yaml:"data" json:"data"`
	Value    *Value   `yaml:"value,omitempty" json:"value,omitempty"`
	Design   Design   `yaml:"design" json:"design"`
	Evaluate Evaluate `yaml:"evaluate" json:"evaluate"`
	Explain  Explain  `yaml:"explain" json:"explain"`
	Limits   Limits   `yaml:"limits" json:"limits"`
	Budget   Budget   `yaml:"budget" json:"budget"`

	// Seed fixes every random choice.
	Seed uint64 `yaml:"seed" json:"seed"`
}

// Need asks whether there is money in it at all.
type Need struct {
	// Currency is the unit of all money, such as EUR.
	Currency string `yaml:"currency,omitempty" json:"currency,omitempty"`
	// Volume is how many decisions fall due, such as "2000 / month".
	Volume Rate `yaml:"volume,omitempty" json:"volume,omitempty"`
	// Costs are what having the model costs.
	Costs Costs `yaml:"costs,omitempty" json:"costs,omitempty"`
	// Today is what happens without a model: an action's name, or an
	// expression over the row's columns that gives an action's name.
	Today string `yaml:"today,omitempty" json:"today,omitempty"`
}

// Costs are the costs of running a model.
type Costs struct {
	// Fixed falls due whether or not decisions are made, such as
	// "12000 / year".
	Fixed Rate `yaml:"fixed,omitempty" json:"fixed,omitempty"`
	// PerDecision is money per decision.
	PerDecision float64 `yaml:"per_decision,omitempty" json:"per_decision,omitempty"`
}

// Data says where the rows come from and how they are split.
type Data struct {
	// Source is a file, a glob, or a query.
	Source Source `yaml:"source" json:"source"`
	// Target is the column to predict.
	Target string `yaml:"target" json:"target"`
	// Positive is the outcome that binary metrics call positive; by default the
	// rarer one.
	Positive string `yaml:"positive,omitempty" json:"positive,omitempty"`
	// Split says how rows are held out.
	Split Split `yaml:"split" json:"split"`
	// Columns corrects kinds and roles where inference is wrong.
	Columns map[string]Column `yaml:"columns,omitempty" json:"columns,omitempty"`
	// Missing lists spellings of "no value" beside the usual ones.
	Missing []string `yaml:"missing,omitempty" json:"missing,omitempty"`
}

// Source names the data. In YAML it is a plain string (file or glob) or a
// mapping with query and connection.
type Source struct {
	// Path is a file or glob, relative to the scenario file.
	Path string `yaml:"path,omitempty" json:"path,omitempty"`
	// Query is SQL. Without a connection it may read files by name, relative
	// to the scenario file.
	Query string `yaml:"query,omitempty" json:"query,omitempty"`
	// Connection is a database, such as postgres://user@host/db. ${NAME} is
	// replaced from the environment, so that no password is in the file.
	Connection string `yaml:"connection,omitempty" json:"connection,omitempty"`
	// Sheet is the sheet of an xlsx file; the first by default.
	Sheet string `yaml:"sheet,omitempty" json:"sheet,omitempty"`
}

// Split says how rows are held out for the final figures.
type Split struct {
	// Test is the share of rows held out, from 5% to 50%.
	Test Percent `yaml:"test" json:"test"`
	// By is random, "time: column" or "group: column".
	By SplitBy `yaml:"by" json:"by"`
	// Folds is how many folds of the remaining rows choose the model.
	Folds int `yaml:"folds" json:"folds"`
}

// SplitBy is random (both empty), by a time column, or by a group column.
type SplitBy struct {
	Time  string `yaml:"time,omitempty" json:"time,omitempty"`
	Group string `yaml:"group,omitempty" json:"group,omitempty"`
}

// Column corrects what was inferred for one column.
type Column struct {
	// Kind is number, category, text or time.
	Kind string `yaml:"kind,omitempty" json:"kind,omitempty"`
	// Role is feature, identifier, info (payoffs may use it, models may not)
	// or ignored.
	Role string `yaml:"role,omitempty" json:"role,omitempty"`
	// Monotone is "up" or "down" when predictions must not fall or not rise
	// in this column.
	Monotone string `yaml:"monotone,omitempty" json:"monotone,omitempty"`
}

// Value says what each action is worth under each outcome.
type Value struct {
	// Params are named numbers for the expressions.
	Params map[string]float64 `yaml:"params,omitempty" json:"params,omitempty"`
	// Actions are the possible decisions, in file order.
	Actions Actions `yaml:"actions" json:"actions"`
	// Review is the optional third way: ask a person.
	Review *Review `yaml:"review,omitempty" json:"review,omitempty"`
}

// Actions is an ordered mapping from action names to payoffs.
type Actions []Action

// Action is one possible decision.
type Action struct {
	Name string `json:"name"`
	// Payoffs give the money per outcome, in file order. A single payoff with
	// an empty outcome holds for any outcome; regression payoffs are always of
	// this form and may use the variables truth and prediction.
	Payoffs []Payoff `json:"payoffs"`
}

// Payoff is the money of an action under an outcome.
type Payoff struct {
	Outcome string `json:"outcome,omitempty"`
	// Money is a number or an expression over the row's columns and
	// Value.Params; positive is a gain.
	Money string `json:"money"`
}

// Review is a person who decides a row for a price.
type Review struct {
	// Cost is money per reviewed row.
	Cost float64 `yaml:"cost" json:"cost"`
	// Accuracy is the chance that the reviewer sees the true outcome.
	Accuracy float64 `yaml:"accuracy" json:"accuracy"`
	// Capacity is how many rows can be reviewed, such as "50 / month"; zero
	// means no limit.
	Capacity Rate `yaml:"capacity,omitempty" json:"capacity,omitempty"`
}

// Design says which models may be tried.
type Design struct {
	// Models are the names of models to try; empty means all that fit.
	Models []string `yaml:"models,omitempty" json:"models,omitempty"`
	// Exclude are names not to try.
	Exclude []string `yaml:"exclude,omitempty" json:"exclude,omitempty"`
}

// Evaluate says how the final figures are made.
type Evaluate struct {
	// Metric is what the technology-driven choice maximises or minimises:
	// auc, log_loss, brier, accuracy, f1, rmse, mae, mape or r2; by default
	// auc for classes and rmse for numbers.
	Metric string `yaml:"metric,omitempty" json:"metric,omitempty"`
	// Bootstrap is the number of resamples behind each interval.
	Bootstrap int `yaml:"bootstrap" json:"bootstrap"`
	// Confidence is the level of intervals.
	Confidence Percent `yaml:"confidence" json:"confidence"`
	// Calibration is the allowed range of realised over expected money.
	Calibration [2]float64 `yaml:"calibration" json:"calibration"`
}

// Explain says how much explanation the report holds.
type Explain struct {
	// Repeats is the number of shuffles per column of permutation importance.
	Repeats int `yaml:"repeats" json:"repeats"`
	// Rows is how many held-out rows are explained one by one.
	Rows int `yaml:"rows" json:"rows"`
}

// Limits drop a candidate that breaks one, with the reason.
type Limits struct {
	// Latency is the 95th percentile of deciding one row, such as 5ms.
	Latency Duration `yaml:"latency,omitempty" json:"latency,omitempty"`
	// Size is the size of the bundle, such as 20MB.
	Size Size `yaml:"size,omitempty" json:"size,omitempty"`
	// Memory is what training may use, such as 1GB.
	Memory Size `yaml:"memory,omitempty" json:"memory,omitempty"`
}

// Budget bounds the search: by trials, or by time (then runs are not
// bit-reproducible).
type Budget struct {
	Trials int      `yaml:"trials,omitempty" json:"trials,omitempty"`
	Time   Duration `yaml:"time,omitempty" json:"time,omitempty"`
}

// Default is a scenario with every default filled in and nothing else.
func Default() Scenario {
	return Scenario{
		Data:     Data{Split: Split{Test: 0.2, Folds: 5}},
		Evaluate: Evaluate{Bootstrap: 2000, Confidence: 0.95, Calibration: [2]float64{0.9, 1.1}},
		Explain:  Explain{Repeats: 5, Rows: 5},
		Budget:   Budget{Trials: 40},
		Seed:     1,
	}
}
