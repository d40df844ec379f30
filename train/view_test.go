package train_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"bespoke/model"
	"bespoke/table"
	"bespoke/train"
	"bespoke/zoo"
)

// A table large enough for a view: what is learnt from it, and what it then
// predicts, has the same bits as with all features in memory.
func TestLargeTablesAreLearntLikeSmallOnes(t *testing.T) {
	const rows, numbers = 360_000, 11
	r := rand.New(rand.NewPCG(3, 4))
	var columns []*table.Column
	for j := range numbers {
		values := make([]float64, rows)
		for i := range values {
			if values[i] = r.NormFloat64(); j == 3 && i%50 == 0 {
				values[i] = math.NaN()
			}
		}
		columns = append(columns, table.NewNumber(fmt.Sprintf("x%d", j), values))
	}
	jobs, answer := make([]int32, rows), make([]int32, rows)
	for i := range rows {
		jobs[i] = int32(r.IntN(9)) - 1
		if columns[0].Numbers[i]+float64(jobs[i])/8 > r.NormFloat64() {
			answer[i] = 1
		}
	}
	columns = append(columns, table.NewCategory("job", jobs, []string{"a", "b", "c", "d", "e", "f", "g", "h"}),
		table.NewCategory("answer", answer, []string{"no", "yes"}).As(table.Target))
	all, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	learn := make([]int, rows)
	for i := range learn {
		learn[i] = i
	}
	if !all.View(learn).Large() {
		t.Fatal("the table is no view: the test sees nothing")
	}
	candidate := model.Candidate{Model: "trees.boost.v1", Params: model.Params{"rounds": 3.0, "patience": 0.0}}
	var models [][]byte
	var predictions [][]float64
	for _, views := range []bool{false, true} {
		p := problem(t, all, model.Binary)
		p.Entries = slices.Clone(zoo.All)
		for i := range p.Entries {
			p.Entries[i].Views = p.Entries[i].Views && views
		}
		fitted, err := p.Fit(context.Background(), candidate, learn, train.Options{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		data, err := fitted.Solution.Model.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		rows := all
		if views {
			rows = all.View(learn)
		}
		predicted, err := fitted.Solution.Predict(rows, 2)
		if err != nil {
			t.Fatal(err)
		}
		models, predictions = append(models, data), append(predictions, predicted)
	}
	if !bytes.Equal(models[0], models[1]) {
		t.Error("the models differ")
	}
	if !slices.Equal(predictions[0], predictions[1]) {
		t.Error("the predictions differ")
	}
}
