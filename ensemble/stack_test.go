package ensemble_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"bespoke/ensemble"
	"bespoke/model"
	"bespoke/zoo"
)

// stackOf stacks the sample members with an intercept per raw output.
func stackOf(t testing.TB, task model.Task) *ensemble.Model {
	t.Helper()
	all := members(t, task)
	intercepts := make([]float64, model.RawOutputs(all[0].Model.Outputs()))
	for k := range intercepts {
		intercepts[k] = 0.25 * float64(k+1)
	}
	m, err := ensemble.NewStack(all, intercepts)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A stack is the intercepts and the members' raw outputs times their weights,
// as they were given; Combine says the same from predictions, and what is saved
// is read to the same bytes.
func TestStack(t *testing.T) {
	for _, task := range tasks {
		m := stackOf(t, task)
		row := []float64{3, 5, 2, 7}
		raw, one := make([]float64, model.RawOutputs(m.Outputs())), make([]float64, model.RawOutputs(m.Outputs()))
		want := m.Intercepts()
		var predictions [][]float64
		for i, p := range members(t, task) {
			part := row[p.Start : p.Start+p.Model.Inputs()]
			p.Model.Raw(part, one)
			for k, v := range one {
				want[k] += float64(i+1) * v
			}
			predictions = append(predictions, make([]float64, m.Outputs()))
			p.Model.Predict(part, predictions[i])
		}
		m.Raw(row, raw)
		for k := range want {
			if math.Abs(raw[k]-want[k]) > 1e-12*(1+math.Abs(want[k])) {
				t.Errorf("%s: raw %v, want %v", task, raw, want)
			}
		}
		got, again := make([]float64, m.Outputs()), make([]float64, m.Outputs())
		m.Predict(row, got)
		ensemble.FromRaw(raw, again)
		for k, v := range ensemble.Combine(predictions, []float64{1, 2, 3}, m.Intercepts(), m.Outputs()) {
			if got[k] != again[k] || math.Abs(v-got[k]) > 1e-9*(1+math.Abs(v)) {
				t.Errorf("%s: predicts %v, from raw outputs %v, combined %v", task, got, again, v)
			}
		}
		data, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := zoo.Mean.Load(data)
		if err != nil {
			t.Fatal(err)
		}
		if saved, err := loaded.MarshalBinary(); err != nil || !bytes.Equal(saved, data) {
			t.Errorf("%s: saved again to other bytes (%v)", task, err)
		}
		loaded.Predict(row, again)
		for k := range got {
			if math.Float64bits(got[k]) != math.Float64bits(again[k]) {
				t.Errorf("%s: loaded predicts %v, want %v to the bit", task, again, got)
			}
		}
		for n := range data {
			if _, err := zoo.Mean.Load(data[:n]); err == nil {
				t.Fatalf("%s: loaded from the first %d of %d bytes", task, n, len(data))
			}
		}
	}
}

func TestNewStackErrors(t *testing.T) {
	for want, given := range map[string]struct {
		weight     float64
		intercepts []float64
	}{
		"no intercepts":   {1, nil},
		"2 intercepts":    {1, []float64{1, 2}},
		"intercept 1":     {1, []float64{math.NaN()}},
		"weight -1":       {-1, []float64{0}},
		"weight +Inf":     {math.Inf(1), []float64{0}},
		"weight NaN":      {math.NaN(), []float64{0}},
		"weight 0 must":   {0, []float64{0}},
		"must be finite":  {1, []float64{math.Inf(-1)}},
		"ensemble: stack": {1, nil},
	} {
		all := members(t, model.Binary)
		all[1].Weight = given.weight
		if m, err := ensemble.NewStack(all, given.intercepts); err == nil || m != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
	if _, err := ensemble.NewStack(nil, []float64{0}); err == nil {
		t.Error("a stack of nothing")
	}
}
