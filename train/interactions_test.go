package train_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"bespoke/internal/tabletest"
	"bespoke/model"
	"bespoke/train"
	"bespoke/trees"
	"bespoke/zoo"
)

// TestInteractionsReachTheModel: on no way through a tree are columns that share
// no list; and a model that lets all columns act together is refused.
func TestInteractionsReachTheModel(t *testing.T) {
	tab := tabletest.Loans(600, 3)
	var names []string
	for _, c := range tab.Columns() {
		names = append(names, c.Name)
	}
	p := problem(t, tab, model.Binary)
	rows := make([]int, 600)
	for i := range rows {
		rows[i] = i
	}
	tree := func() *trees.Model {
		f, err := p.Fit(context.Background(), small, rows, train.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return f.Solution.Model.(*trees.Model)
	}
	mixed := func(m *trees.Model, a, b string) bool {
		at := map[string]int32{}
		for j, f := range m.Features {
			at[f.Name] = int32(j)
		}
		for i := range m.Trees {
			for _, child := range m.Trees[i].Nodes {
				if child.Leaf() || child.Feature != at[a] && child.Feature != at[b] {
					continue
				}
				for _, below := range []int32{child.Left, child.Right} {
					n := &m.Trees[i].Nodes[below]
					if !n.Leaf() && n.Feature != child.Feature && (n.Feature == at[a] || n.Feature == at[b]) {
						return true
					}
				}
			}
		}
		return false
	}
	used := tree().GainImportance()
	if len(used) < 2 || !slices.Contains(names, used[0].Name) {
		t.Fatalf("the most important features are %v", used)
	}
	a, b := used[0].Name, used[1].Name
	if !mixed(tree(), a, b) {
		t.Fatalf("%s and %s do not act together even without lists", a, b)
	}
	p.Interactions = [][]string{{a, "no such column"}, {"nor this"}}
	if mixed(tree(), a, b) {
		t.Errorf("%s and %s act together", a, b)
	}
	mixing := zoo.All[len(zoo.All)-1]
	mixing.Name, mixing.Separates = "mixing.v1", false
	p.Entries = append(slices.Clone(p.Entries), mixing)
	if _, err := p.Fit(context.Background(), model.Candidate{Label: "m", Model: "mixing.v1"}, rows, train.Options{}); err == nil || !strings.Contains(err.Error(), "mixing.v1 can not keep to data.interactions") {
		t.Errorf("a model that mixes: %v", err)
	}
}
