package pipeline_test

import (
	"fmt"
	"html"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"bespoke/bundle"
	"bespoke/ensemble"
	"bespoke/pipeline"
	"bespoke/table"
)

// TestStack follows a stack through a whole run. Nearest neighbours in many
// columns are all too near to the mean of the target, which shares of a mean
// cannot mend and weights above 1 can.
func TestStack(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	columns, price := make([][]float64, 6), make([]float64, 600)
	for i := range price {
		price[i] = 100 + 3*rng.NormFloat64()
		for j := range columns {
			columns[j] = append(columns[j], rng.NormFloat64())
			price[i] += float64(4-j) * columns[j][i]
		}
	}
	all := []*table.Column{table.NewNumber("price", price).As(table.Target)}
	for j, c := range columns {
		all = append(all, table.NewNumber(fmt.Sprintf("x%d", j), c))
	}
	tab, err := table.New(all...)
	if err != nil {
		t.Fatal(err)
	}
	text := `scenario: prices
need: {currency: EUR, today: pass}
data: {source: prices.csv, target: price}
value:
  actions:
    buy:  truth - 100
    pass: 0
design: {models: [neighbours.knn.v1]}
evaluate: {bootstrap: 300}
budget: {trials: 8, search: guided}
`
	dir := write(t, text, "prices.csv", tab)
	r := run(t, pipeline.Options{Path: dir, Threads: 3, Version: "test"})
	c := r.Search.Committee
	if c == nil || !c.Taken || c.Intercepts == nil || c.Stack.Loss >= c.Stack.Mean {
		t.Fatalf("committee %+v, want a stack that is taken", c)
	}
	page := html.UnescapeString(string(read(t, filepath.Join(dir, "run", "report.html"))))
	for _, want := range []string{"What the stack is made of", c.Reason, fmt.Sprintf("stack of %d", len(c.Members))} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	b, err := bundle.Open(r.Bundle.Path)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := b.Solution.Model.(*ensemble.Model); !ok || len(m.Members()) != len(c.Members) || len(m.Intercepts()) != 1 {
		t.Errorf("the bundle holds %s", b.Solution.Model.Name())
	}
	sameAsRun(t, r, ask(t, dir, change(t, "the same", "value.actions.pass=0")).Cases[0])
	other := write(t, text, "prices.csv", tab)
	if again := run(t, pipeline.Options{Path: other, Threads: 1, Version: "test"}); string(read(t, r.Bundle.Path)) != string(read(t, again.Bundle.Path)) {
		t.Error("1 thread and 3 give other bundles")
	}
}
