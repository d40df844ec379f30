package evaluate

import (
	"fmt"
	"math"

	"bespoke/value"
)

// Contender is a model with its held-out predictions and the money of every
// action on the same rows.
type Contender struct {
	// Label is what people see, such as "boosted trees, small".
	Label string
	Held  Held
	Sheet *value.Sheet
}

// The rules by which a contender's predictions become actions.
const (
	// ByOutcome takes the most probable outcome for certain.
	ByOutcome = "most probable outcome"
	// ByMoney takes the action with the most expected money.
	ByMoney = "most expected money"
)

// Line is one line of a Comparison.
type Line struct {
	// Choice says who picks this: technology, the same model decided by money, or
	// scenario.
	Choice string `json:"choice"`
	// Model is the contender's label, Rule one of ByOutcome and ByMoney.
	Model string `json:"model"`
	Rule  string `json:"rule"`
	// Metric is the value of the comparison's metric.
	Metric float64 `json:"metric"`
	// Mean is money per decision after the cost per decision.
	Mean     float64  `json:"mean"`
	Interval Interval `json:"interval"`
	// PerMonth is Mean by the volume; 0 when no volume is known.
	PerMonth float64 `json:"per_month"`
	// Actions counts the rows by action.
	Actions []ActionCount `json:"actions"`
}

// Comparison sets the technology-driven choice beside the scenario-driven one
// on the same held-out rows. The technology-driven team picks the model with
// the best metric and acts on its most probable outcome; the scenario-driven
// team picks the model that earns most and takes the action with the most
// expected money. The line between them shows how much of the difference comes
// from the way of deciding alone.
type Comparison struct {
	Metric string `json:"metric"`
	Title  string `json:"title"`
	Higher bool   `json:"higher_is_better"`
	// Lines are technology, technology's model decided by money, scenario.
	Lines [3]Line `json:"lines"`
	// Difference is scenario minus technology; ByRule the part of deciding by
	// money with the same model, ByModel the part of the other model. The means
	// of the two parts add up to that of Difference.
	Difference Difference `json:"difference"`
	ByRule     Difference `json:"by_rule"`
	ByModel    Difference `json:"by_model"`
	// SameModel says that both teams pick the same model.
	SameModel bool `json:"same_model"`
	// PerMonth is the mean difference by the volume; 0 when not known.
	PerMonth float64 `json:"per_month"`
	// Sentence says the result in words.
	Sentence string `json:"sentence"`
}

// Compare compares the two choices, which must have been made on other rows
// than these. Both contenders hold the same rows in the same order. metric is a
// name of Metrics; empty takes the task's default.
func Compare(metric string, technology, scenario Contender, o Options) (*Comparison, error) {
	m, err := MetricFor(metric, technology.Held.Task)
	if err != nil {
		return nil, err
	}
	if err := sameRows(technology, scenario); err != nil {
		return nil, err
	}
	c := &Comparison{Metric: m.Name, Title: m.Title, Higher: m.Higher, SameModel: technology.Label == scenario.Label}
	money := make([][]float64, len(c.Lines))
	for k, l := range []struct {
		choice, rule string
		who          Contender
	}{
		{"technology", ByOutcome, technology}, {"technology, decided by money", ByMoney, technology}, {"scenario", ByMoney, scenario},
	} {
		line := Line{Choice: l.choice, Model: l.who.Label, Rule: l.rule}
		if money[k], err = line.fill(m, l.who, o); err != nil {
			return nil, err
		}
		c.Lines[k] = line
	}
	for _, d := range []struct {
		into *Difference
		a, b int
	}{{&c.Difference, 2, 0}, {&c.ByRule, 1, 0}, {&c.ByModel, 2, 1}} {
		if *d.into, err = Paired(money[d.a], money[d.b], o); err != nil {
			return nil, err
		}
	}
	c.PerMonth = c.Difference.Mean * o.Volume
	c.Sentence = c.sentence(o)
	return c, nil
}

// fill computes a line and returns its money per row.
func (l *Line) fill(m Metric, who Contender, o Options) ([]float64, error) {
	choice := who.Sheet.Choose()
	if l.Rule == ByOutcome {
		choice = who.Sheet.Certain()
	}
	choice, err := decided(who.Sheet, choice, o)
	if err != nil {
		return nil, err
	}
	if l.Metric, err = m.Of(who.Held); err != nil {
		return nil, err
	}
	money := who.Sheet.Profit(choice)
	e, err := Mean(money, o)
	if err != nil {
		return nil, err
	}
	l.Mean, l.Interval, l.PerMonth = e.Mean, e.Interval, e.Mean*o.Volume
	l.Actions = count(who.Sheet.Actions, choice, money)
	return money, nil
}

func sameRows(a, b Contender) error {
	if a.Sheet == nil || b.Sheet == nil {
		return fmt.Errorf("evaluate: compare: both contenders need their money")
	}
	if a.Held.Rows() != b.Held.Rows() || a.Sheet.Rows != a.Held.Rows() || b.Sheet.Rows != b.Held.Rows() {
		return fmt.Errorf("evaluate: compare: %s has %d rows and %s %d, they must be the same rows", a.Label, a.Held.Rows(), b.Label, b.Held.Rows())
	}
	for i, y := range a.Held.Truth {
		if b.Held.Truth[i] != y {
			return fmt.Errorf("evaluate: compare: row %d has the outcome %v for %s and %v for %s, they must be the same rows", i+1, y, a.Label, b.Held.Truth[i], b.Label)
		}
	}
	return nil
}

func (c *Comparison) sentence(o Options) string {
	t, s := c.Lines[0], c.Lines[2]
	intro := fmt.Sprintf("Technology picks %s by %s, the scenario picks %s by money: ", t.Model, c.Title, s.Model)
	if c.SameModel {
		intro = fmt.Sprintf("Both pick %s, and differ in how it decides: ", t.Model)
	}
	out := intro + c.Difference.Say("the scenario's choice", "the technology's", o.Currency)
	if o.Volume > 0 && c.Difference.Significant {
		out += fmt.Sprintf(", %s a month", amount(c.PerMonth, o.Currency))
	}
	return out + "."
}

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
func Cross(technology, scenario Contender, currency string) (*Crossing, error) {
	t, s := technology.Sheet, scenario.Sheet
	if t == nil || s == nil || t.Rows != s.Rows || len(t.Actions) != len(s.Actions) {
		return nil, fmt.Errorf("evaluate: crossing two choices: both need the money of the same actions in the same rows")
	}
	one, other := t.Within(t.Certain()), s.Within(s.Choose())
	before, after := t.Profit(one), s.Profit(other)
	if before == nil || after == nil {
		return nil, fmt.Errorf("evaluate: crossing two choices: predictions and true outcomes are needed")
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
		return fmt.Sprintf("Both do the same in all of %s.", counted(c.Rows, "row"))
	}
	out := fmt.Sprintf("In %s of %d rows both do the same", value.Round(float64(c.Same)), c.Rows)
	if cell := c.widest(); cell != nil {
		word := "more"
		if cell.Difference < 0 {
			word = "less"
		}
		out += fmt.Sprintf("; in %s the technology-driven choice takes “%s” and the scenario-driven one “%s”, which brings %s %s",
			counted(cell.Rows, "row"), cell.Technology, cell.Scenario, amount(math.Abs(cell.Difference), currency), word)
	}
	return out + "."
}
