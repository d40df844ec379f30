package web

// Block is one piece of a chapter. The kinds of blocks are the types of this
// file and Chart; the set is closed, because every renderer must know each.
type Block interface {
	// kind is the name of the block in templates and in JSON.
	kind() string
}

// Figures is a row of headline numbers.
type Figures []Figure

// Paragraph is running text. Text between backquotes is set as code.
type Paragraph string

// Heading opens a section inside a chapter.
type Heading string

// Facts is a list of names and values.
type Facts []Fact

// Callout is a box that asks for attention.
type Callout struct {
	Tone  Tone
	Title string
	// Text is one paragraph. Text between backquotes is set as code.
	Text string
}

// Code is text in a fixed-width face, kept as it is.
type Code struct {
	// Title is shown above, such as a file name.
	Title string
	// Language is "yaml", "json", "shell" or empty; yaml is coloured.
	Language string
	Text     string
}

// Findings is what a stage found wrong and what was done about it.
type Findings []Finding

// Finding is one thing found.
type Finding struct {
	// Severity is Bad for what would spoil the result, Warn for what the user
	// should look at, Neutral for notes, Good for checks that found nothing.
	Severity Tone
	// Rule is the stable name of the check, such as "duplicate-rows".
	Rule string
	// Message says what was found, with columns and numbers.
	Message string
	// Rows is how many rows are concerned; 0 leaves it unsaid.
	Rows int
	// Action says what was done about it.
	Action string
}

// Gates is a list of gates inside a chapter, written out.
type Gates []Gate

// Fold is content that is shown on demand: long lists, all trials, the whole
// scenario. The terminal shows only its summary.
type Fold struct {
	Summary string
	Blocks  []Block
}

// Grid sets blocks side by side where the page is wide enough; for two charts
// that are read together.
type Grid []Block

func (Figures) kind() string   { return "figures" }
func (Paragraph) kind() string { return "paragraph" }
func (Heading) kind() string   { return "heading" }
func (Facts) kind() string     { return "facts" }
func (Callout) kind() string   { return "callout" }
func (Code) kind() string      { return "code" }
func (Findings) kind() string  { return "findings" }
func (Gates) kind() string     { return "gates" }
func (Fold) kind() string      { return "fold" }
func (Grid) kind() string      { return "grid" }
func (Table) kind() string     { return "table" }
func (Chart) kind() string     { return "chart" }

// rows says how many rows a finding concerns; empty when that is unsaid.
func (f Finding) rows() string {
	switch f.Rows {
	case 0:
		return ""
	case 1:
		return "1 row"
	}
	return decimal(float64(f.Rows), 0, false) + " rows"
}
