package evaluate_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"bespoke/evaluate"
	"bespoke/model"
)

// TestRankingMetricsAgree: with scikit-learn, which averages over ties as well,
// and with LightGBM.
func TestRankingMetricsAgree(t *testing.T) {
	var in struct {
		Cases []struct {
			Name    string    `json:"name"`
			Top     int       `json:"top"`
			Queries []int32   `json:"queries"`
			Truth   []float64 `json:"truth"`
			Scores  []float64 `json:"scores"`
			NDCG    float64   `json:"scikit_ndcg"`
			MAP     float64   `json:"scikit_map"`
			MRR     float64   `json:"numpy_mrr"`
			Gained  float64   `json:"lightgbm_ndcg"`
			Precise float64   `json:"lightgbm_map"`
		} `json:"cases"`
	}
	read(t, "rankings.json", &in)
	for _, c := range in.Cases {
		h := evaluate.Held{Task: model.Ranking, Truth: c.Truth, Predictions: c.Scores, Queries: c.Queries, Top: c.Top}
		scores, err := evaluate.Scores(h, evaluate.DefaultOptions())
		if err != nil {
			t.Fatal(err)
		}
		near(t, c.Name+": NDCG", *scores[0].Value, c.NDCG, 1e-12)
		if c.MAP == 0 {
			continue // with ties the others take the rows as they stand
		}
		near(t, c.Name+": MAP", *scores[1].Value, c.MAP, 1e-12)
		near(t, c.Name+": MRR", *scores[2].Value, c.MRR, 1e-12)
		near(t, c.Name+": NDCG of LightGBM", *scores[0].Value, c.Gained, 1e-12)
		near(t, c.Name+": MAP of LightGBM", *scores[1].Value, c.Precise, 1e-12)
	}
}

// TestRankingIntervals: intervals do not depend on threads, and what can not be
// measured is told.
func TestRankingIntervals(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	one := evaluate.Held{Task: model.Ranking, Top: 4}
	for q := range 40 {
		for range 5 {
			one.Truth = append(one.Truth, float64(r.IntN(3)))
			one.Predictions = append(one.Predictions, r.NormFloat64())
			one.Queries = append(one.Queries, int32(q))
		}
	}
	o := evaluate.DefaultOptions()
	got, err := evaluate.Scores(one, o)
	if err != nil {
		t.Fatal(err)
	}
	o.Threads = 3
	again, err := evaluate.Scores(one, o)
	if err != nil || *again[0].Interval != *got[0].Interval {
		t.Errorf("3 threads give %+v, %v; 1 gives %+v", again[0].Interval, err, got[0].Interval)
	}
	if got[0].Title != "NDCG@4" || !got[0].Interval.Includes(*got[0].Value) || got[0].Interval.High-got[0].Interval.Low > 0.2 {
		t.Errorf("%s %v %+v", got[0].Title, *got[0].Value, *got[0].Interval)
	}
	none := one
	none.Truth = make([]float64, len(one.Truth))
	scores, err := evaluate.Scores(none, o)
	if err != nil || scores[0].Value != nil || !strings.Contains(scores[0].Note, "no query has a row whose relevance is above 0") {
		t.Errorf("without a relevant row: %+v, %v", scores[0], err)
	}
	for want, spoil := range map[string]func(h *evaluate.Held){
		"0 query numbers for 200 rows":  func(h *evaluate.Held) { h.Queries = nil },
		"the first 0 of each query":     func(h *evaluate.Held) { h.Top = 0 },
		"it must be a grade":            func(h *evaluate.Held) { h.Truth = append([]float64{-1}, h.Truth[1:]...) },
		"row 1 has the prediction [NaN": func(h *evaluate.Held) { h.Predictions = append([]float64{math.NaN()}, h.Predictions[1:]...) },
	} {
		h := one
		spoil(&h)
		if _, err := evaluate.Scores(h, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}
