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
}

// Costs are the costs of running a model.
type Costs struct {
	// Fixed falls due whether or not decisions are made, such as
	// "12000 / year".
	Fixed Rate `yaml:"fixed,omitempty" json:"fixed,omitzero" rule:"min=0"`
	// PerDecision is money per decision.
	PerDecision float64 `yaml:"per_decision,omitempty" json:"per_decision,omitempty" rule:"min=0"`
}
