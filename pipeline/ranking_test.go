package pipeline_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bespoke/explain"
	"bespoke/model"
	"bespoke/pipeline"
	"bespoke/web"
)

const search = `scenario: search
data:
  source: offers.csv
  target: relevance
  query: search
  split: {test: 25%, folds: 3}
evaluate: {top: 3, bootstrap: 300}
design: {models: [linear.ridge.v1, trees.boost.v1]}
budget: {trials: 7}
`

// offers writes a scenario and searches with six offers each, the rows of which
// are mixed; change may spoil the lines.
func offers(t *testing.T, scenario string, change func(lines []string) []string) string {
	t.Helper()
	r := rand.New(rand.NewPCG(4, 4))
	var lines []string
	for q := range 90 {
		ease := r.NormFloat64()
		for range 6 {
			a, b := r.NormFloat64(), r.IntN(3)
			grade := min(2, max(0, math.Round(a*float64(b)+ease+0.3*r.NormFloat64())))
			lines = append(lines, fmt.Sprintf("q%d,%.3f,%d,%v", q, a, b, grade))
		}
	}
	r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	if change != nil {
		lines = change(lines)
	}
	dir := t.TempDir()
	text := "search,a,b,relevance\n" + strings.Join(lines, "\n") + "\n"
	for name, content := range map[string]string{"scenario.yaml": scenario, "offers.csv": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestRanking goes from a scenario to a bundle whose scores put new rows in the
// order that the run promised.
func TestRanking(t *testing.T) {
	dir := offers(t, search, nil)
	r := run(t, pipeline.Options{Path: dir, Dir: filepath.Join(dir, "one"), Threads: 1, Version: "test"})
	if r.Data.Task != model.Ranking || r.Data.Queries != 90 || r.Evaluate.Queries < 15 {
		t.Errorf("task %v with %d queries, %d held out", r.Data.Task, r.Data.Queries, r.Evaluate.Queries)
	}
	ndcg := r.Evaluate.Scenario.Scores[0]
	if ndcg.Title != "NDCG@3" || !(*ndcg.Value > 0.85) || !ndcg.Interval.Includes(*ndcg.Value) {
		t.Errorf("%+v; value %v, interval %+v", ndcg, *ndcg.Value, ndcg.Interval)
	}
	base := r.Search.Trials[0].Metric
	for _, k := range r.Search.Trials[1:] {
		if k.Failed != "" || !(k.Metric > base+0.1) || math.Abs(k.Loss-(1-k.Metric)) > 1e-12 {
			t.Errorf("%s: NDCG %v, loss %v, failed %q; the baseline has %v", k.Candidate.Label, k.Metric, k.Loss, k.Failed, base)
		}
	}
	if e := r.Explain.Importances[0].Effects[0]; e.Score != explain.Order || !(e.Low > 0) {
		t.Errorf("most important: %+v", e)
	}
	said := reported(t, r)
	for _, want := range []string{"put the rows of each of 90 queries (search) in order", "NDCG@3", "MAP", "MRR", "A ranking takes no actions"} {
		if !strings.Contains(said, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	other := run(t, pipeline.Options{Path: dir, Dir: filepath.Join(dir, "two"), Threads: 3, Version: "test"})
	if !bytes.Equal(read(t, r.Bundle.Path), read(t, other.Bundle.Path)) {
		t.Error("3 threads give another bundle than 1")
	}
	predictsRanks(t, r.Bundle.Path, filepath.Join(dir, "offers.csv"))
}

func reported(t *testing.T, r *pipeline.Result) string {
	t.Helper()
	var out bytes.Buffer
	if err := web.Text(&out, r.Document(), 400, false); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// predictsRanks: ranks go down the scores of each query, and reasons add up to
// the score.
func predictsRanks(t *testing.T, bundle, data string) {
	t.Helper()
	var out bytes.Buffer
	if err := pipeline.Predict(context.Background(), pipeline.PredictOptions{Bundle: bundle, Data: data, Threads: 2}, &out); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil || !slices.Equal(lines[0], []string{"search", "score", "rank"}) || len(lines) != 541 {
		t.Fatalf("%d lines, %v, the first %v", len(lines), err, lines[0])
	}
	scores := map[string][7]float64{}
	for _, l := range lines[1:] {
		all := scores[l[0]]
		at, err := strconv.Atoi(l[2])
		if err != nil || at < 1 || at > 6 || all[at] != 0 {
			t.Fatalf("%v: %v, or the rank is taken", l, err)
		}
		if all[at], err = strconv.ParseFloat(l[1], 64); err != nil {
			t.Fatal(err)
		}
		scores[l[0]] = all
	}
	for q, s := range scores {
		if !slices.IsSortedFunc(s[1:], func(a, b float64) int { return int(math.Copysign(1, b-a)) }) {
			t.Errorf("query %s has the scores %v by rank", q, s[1:])
		}
	}
	x, err := pipeline.ExplainRow(context.Background(), pipeline.ExplainOptions{Bundle: bundle, Data: data, Row: 2, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	sum := x.Reasons.Base
	for _, c := range x.Reasons.Contributions {
		sum += c.Amount
	}
	if math.Abs(sum-x.Prediction[0]) > 1e-9 || x.Reasons.Unit != "score" {
		t.Errorf("the parts add up to %v %s, the score is %v", sum, x.Reasons.Unit, x.Prediction[0])
	}
}

// TestRankingErrors: what can not be ranked is told with its place.
func TestRankingErrors(t *testing.T) {
	each := func(change func(i int, cells []string)) func([]string) []string {
		return func(lines []string) []string {
			out := make([]string, len(lines))
			for i, l := range lines {
				cells := strings.Split(l, ",")
				change(i, cells)
				out[i] = strings.Join(cells, ",")
			}
			return out
		}
	}
	for _, c := range []struct {
		want     string
		scenario string
		change   func([]string) []string
	}{
		{`scenario.yaml:5:10: data.query: no column "serch"; there are`, strings.Replace(search, "query: search", "query: serch", 1), nil},
		{`scenario.yaml:5:10: data.query: "search" has another value in each of 540 rows`, "", each(func(i int, c []string) { c[0] = fmt.Sprint("q", i) })},
		{`scenario.yaml:5:10: data.query: "search" is missing in row 3`, "", each(func(i int, c []string) {
			if i == 2 {
				c[0] = ""
			}
		})},
		{`scenario.yaml:4:11: data.target: "relevance" is the same for all rows of each query`, "", each(func(_ int, c []string) { c[3] = fmt.Sprint(len(c[0])) })},
		{`scenario.yaml:4:11: data.target: "relevance" is -1 in row 2; the relevance of a ranking (data.query) must be a whole number from 0 to 30`, "", each(func(i int, c []string) {
			if i == 1 {
				c[3] = "-1"
			}
		})},
		{`scenario.yaml:4:11: data.target: "relevance" is 0.5 in row 1;`, "", each(func(i int, c []string) {
			if i == 0 {
				c[3] = "0.5"
			}
		})},
		{`scenario.yaml:4:11: data.target: "relevance" is a category`, "", each(func(_ int, c []string) { c[3] = "grade " + c[3] })},
	} {
		s := c.scenario
		if s == "" {
			s = search
		}
		_, err := pipeline.Check(context.Background(), pipeline.Options{Path: offers(t, s, c.change), Threads: 1})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v\nwant %s", err, c.want)
		}
	}
}
