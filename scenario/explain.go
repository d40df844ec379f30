package scenario

// Explain says how much explanation the report holds.
type Explain struct {
	// Repeats is the number of shuffles per column of permutation importance.
	Repeats int `yaml:"repeats" json:"repeats" rule:"min=1 max=100"`
	// Rows is how many held-out rows are explained one by one.
	Rows int `yaml:"rows" json:"rows" rule:"min=0 max=1000"`
	// Drop is for how many columns, the most important ones, the model learns
	// again without them, to see what each is worth; 0 leaves that out.
	Drop int `yaml:"drop" json:"drop" rule:"min=0 max=100"`
}
