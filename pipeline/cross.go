package pipeline

import (
	"fmt"
	"math"
	"strings"

	"bespoke/evaluate"
	"bespoke/value"
)

// Crossing sets what two ways of deciding do with the same held-out rows side
// by side: the technology-driven choice acting on its most probable outcome,
// and the scenario-driven one taking the most expected money.
type Crossing struct {
	Rows int `json:"rows"`
	// Same is how many rows get the same action from both.
	Same int `json:"same"`
	// Actions are the names in the order of the cells.
	Actions []string `json:"actions"`
	// Cells hold one entry per pair of actions that occurs, by the technology's
	// action and then by the scenario's.
	Cells []CrossCell `json:"cells"`
	// Sentence says the result in words.
	Sentence string `json:"sentence"`
}

// CrossCell are the rows that get one action from the technology-driven choice
// and one from the scenario-driven choice.
type CrossCell struct {
	Technology string `json:"technology"`
	Scenario   string `json:"scenario"`
	Rows       int    `json:"rows"`
	// TechnologyMoney and ScenarioMoney are what these rows brought in total,
	// after the cost per decision; Difference is the second less the first.
	TechnologyMoney float64 `json:"technology_money"`
	ScenarioMoney   float64 `json:"scenario_money"`
	Difference      float64 `json:"difference"`
}

// Cross counts the rows by the actions of two contenders that hold the same
// rows with predictions and truth. currency is the unit of money in the
// sentence; it may be empty.
func Cross(technology, scenario evaluate.Contender, currency string) (*Crossing, error) {
	t, s := technology.Sheet, scenario.Sheet
	if t == nil || s == nil || t.Rows != s.Rows || len(t.Actions) != len(s.Actions) {
		return nil, fmt.Errorf("pipeline: crossing two choices: both need the money of the same actions in the same rows")
	}
	one, other := t.Certain(), s.Choose()
	before, after := t.Profit(one), s.Profit(other)
	if before == nil || after == nil {
		return nil, fmt.Errorf("pipeline: crossing two choices: predictions and true outcomes are needed")
	}
	n := len(t.Actions)
	cells := make([]CrossCell, n*n)
	for k := range cells {
		cells[k].Technology, cells[k].Scenario = t.Actions[k/n], t.Actions[k%n]
	}
	c := &Crossing{Rows: t.Rows, Actions: t.Actions}
	for i, a := range one {
		cell := &cells[a*n+other[i]]
		cell.Rows++
		cell.TechnologyMoney += before[i]
		cell.ScenarioMoney += after[i]
		if a == other[i] {
			c.Same++
		}
	}
	for _, cell := range cells {
		if cell.Rows > 0 {
			cell.Difference = cell.ScenarioMoney - cell.TechnologyMoney
			c.Cells = append(c.Cells, cell)
		}
	}
	c.Sentence = c.sentence(currency)
	return c, nil
}

// widest is the cell of different actions whose difference is largest, up or
// down; nil when both always do the same.
func (c *Crossing) widest() *CrossCell {
	var out *CrossCell
	for k := range c.Cells {
		cell := &c.Cells[k]
		if cell.Technology == cell.Scenario {
			continue
		}
		if out == nil || math.Abs(cell.Difference) > math.Abs(out.Difference) {
			out = cell
		}
	}
	return out
}

func (c *Crossing) sentence(currency string) string {
	if c.Same == c.Rows {
		return fmt.Sprintf("Both do the same in all of %s.", plural(c.Rows, "row"))
	}
	out := fmt.Sprintf("In %s of %d rows both do the same", value.Round(float64(c.Same)), c.Rows)
	if cell := c.widest(); cell != nil {
		word := "brings"
		if cell.Difference < 0 {
			word = "loses"
		}
		out += fmt.Sprintf("; in %s the technology-driven choice takes “%s” and the scenario-driven one “%s”, which %s %s",
			plural(cell.Rows, "row"), cell.Technology, cell.Scenario, word, strings.TrimSpace(value.Round(math.Abs(cell.Difference))+" "+currency))
	}
	return out + "."
}
