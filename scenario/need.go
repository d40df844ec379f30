package scenario

// Need asks whether there is money in it at all.
type Need struct {
	// Currency is the unit of all money, such as EUR.
	Currency string `yaml:"currency,omitempty" json:"currency,omitempty" rule:"currency"`
	// Volume is how many decisions fall due, such as "2000 / month".
	Volume Rate `yaml:"volume,omitempty" json:"volume,omitzero" rule:"above=0"`
	// Costs are what having the model costs.
	Costs Costs `yaml:"costs,omitempty" json:"costs,omitzero"`
	// Today is what happens without a model: an action's name, or an
	// expression over the row's columns that gives an action's name.
	Today string `yaml:"today,omitempty" json:"today,omitempty"`
	// Interest is what money costs a year, for the present value of later gains.
	Interest Percent `yaml:"interest" json:"interest" rule:"min=0 max=1"`
	// Horizon is for how long gains are counted, such as 36 months or 3 years.
	Horizon Span `yaml:"horizon" json:"horizon" rule:"above=0 max=600"`
}

// Costs are the costs of running a model.
type Costs struct {
	// Fixed falls due whether or not decisions are made, such as
	// "12000 / year".
	Fixed Rate `yaml:"fixed,omitempty" json:"fixed,omitzero" rule:"min=0"`
	// PerDecision is money per decision.
	PerDecision float64 `yaml:"per_decision,omitempty" json:"per_decision,omitempty" rule:"min=0"`
	// Setup falls due once, before the first decision.
	Setup float64 `yaml:"setup,omitempty" json:"setup,omitempty" rule:"min=0"`
	// Compute is what one processor costs, such as "0.05 / hour"; with the
	// measured time of a decision it gives the cost of serving.
	Compute Rate `yaml:"compute,omitempty" json:"compute,omitzero" rule:"min=0"`
}
