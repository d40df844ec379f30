package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"bespoke/data"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/web"
)

// attach adds the columns of value.file to the data and, where the scenario
// names no actions, makes the actions from them.
func (f *flow) attach(ctx context.Context, l *data.Loaded) error {
	if f.scenario.Value == nil || f.scenario.Value.File.Path == "" {
		return nil
	}
	v := *f.scenario.Value
	names, err := l.Attach(ctx, v.File, f.file.Dir, f.reading())
	if err != nil {
		return err
	}
	f.tell("data", "%s from %s", web.Count(len(names), "column"), v.File.Path)
	if len(v.Actions) == 0 {
		if v.Actions, err = actionsFrom(l.Table, names, l.Outcomes); err != nil {
			return err
		}
	}
	f.scenario.Value = &v
	f.result.Scenario = f.scenario
	return nil
}

// actionsFrom makes actions from columns named ACTION.OUTCOME, or ACTION for a
// payoff under every outcome.
func actionsFrom(t *table.Table, names, outcomes []string) (scenario.Actions, error) {
	var actions scenario.Actions
	for _, name := range names {
		if c, _ := t.Column(name); c.Kind != table.Number {
			return nil, fmt.Errorf("value: file: the column %q is %s, a payoff must be a number; name the actions in value.actions to use other columns as well", name, c.Kind)
		}
		action, outcome := name, ""
		for _, o := range outcomes {
			if before, ok := strings.CutSuffix(name, "."+o); ok && before != "" {
				action, outcome = before, o
			}
		}
		payoff := scenario.Payoff{Outcome: outcome, Money: fmt.Sprintf("row[%q]", name)}
		at := slices.IndexFunc(actions, func(a scenario.Action) bool { return a.Name == action })
		if at < 0 {
			actions = append(actions, scenario.Action{Name: action, Payoffs: []scenario.Payoff{payoff}})
			continue
		}
		actions[at].Payoffs = append(actions[at].Payoffs, payoff)
	}
	if len(actions) < 2 {
		return nil, fmt.Errorf("value: file: the columns (%q) make %s, at least 2 are needed; name them ACTION.OUTCOME with the outcomes %s", names, web.Count(len(actions), "action"), strings.Join(outcomes, ", "))
	}
	return actions, nil
}
