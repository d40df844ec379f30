package serve_test

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"testing"

	"bespoke/bundle/bundletest"
	"bespoke/internal/tabletest"
	"bespoke/model"
)

// TestRanking: the rows of a request are ranked among each other.
func TestRanking(t *testing.T) {
	loans := tabletest.Loans(120, 3)
	grades := make([]float64, loans.Rows())
	income, _ := loans.Column("income")
	for i := range grades {
		if income.Numbers[i] > 2500 {
			grades[i] = 1
		}
	}
	c, err := bundletest.Make(bundletest.Spec{Name: "search", Task: model.Regression, Model: "linear.ridge.v1"}, loans, grades)
	if err != nil {
		t.Fatal(err)
	}
	s := *c.Bundle.Solution
	s.Task, s.Query = model.Ranking, "search"
	c.Bundle.Solution = &s
	client := start(t, c, nil)
	var got struct {
		Predictions []struct{ Prediction float64 }
		Ranking     []int
	}
	for range 2 { // memory is used again
		client.post("/v1/predict", rows(c, 0, 7)).into(t, &got)
		order := []int{0, 1, 2, 3, 4, 5, 6}
		slices.SortStableFunc(order, func(a, b int) int {
			return cmp.Compare(got.Predictions[b].Prediction, got.Predictions[a].Prediction)
		})
		if len(got.Predictions) != 7 || !slices.Equal(got.Ranking, order) {
			t.Errorf("%d predictions, ranking %v, want %v", len(got.Predictions), got.Ranking, order)
		}
	}
	if a := client.post("/v1/predict?reasons=2", rows(c, 0, 1)); a.status != http.StatusOK || !strings.Contains(string(a.body), `"ranking":[0]`) || !strings.Contains(string(a.body), `"unit":"score"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := client.post("/v1/decide", rows(c, 0, 1)); a.status != http.StatusConflict {
		t.Errorf("a ranking was decided: %d %s", a.status, a.body)
	}
	if a := client.get("/openapi.json"); !strings.Contains(string(a.body), "a value of search") {
		t.Errorf("the description does not say whose rows are ranked: %d", a.status)
	}
}
