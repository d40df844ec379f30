package text_test

import (
	"math"
	"testing"

	"bespoke/text"
)

// Entries are what Apply writes, without the zeros.
func TestEntriesAreApply(t *testing.T) {
	texts := []string{"good good service", "bad service", "the good the bad the ugly", "service", "unseen terms alone", ""}
	for _, of := range []text.Kind{text.Words, text.Characters} {
		v, err := text.Learn(texts[:4], text.Options{Of: of, Features: 50, Texts: 1})
		if err != nil {
			t.Fatal(err)
		}
		var places []uint32
		var weights []float32
		row := make([]float64, len(v.Weights))
		for _, s := range texts {
			v.Apply(s, row)
			from := len(places)
			places, weights = v.Entries(s, places, weights)
			if len(places) != len(weights) {
				t.Fatalf("%q: %d places, %d weights", s, len(places), len(weights))
			}
			for i, p := range places[from:] {
				if i > 0 && p <= places[from+i-1] {
					t.Fatalf("%q: places %v do not rise", s, places[from:])
				}
				if w := float64(weights[from+i]); math.Abs(w-row[p]) > 1e-7 {
					t.Errorf("%q: term %q has weight %v, Apply gives %v", s, v.Terms[p], w, row[p])
				}
				row[p] = 0
			}
			for k, x := range row {
				if x != 0 {
					t.Errorf("%q: no entry for term %q with weight %v", s, v.Terms[k], x)
				}
			}
		}
		if n := testing.AllocsPerRun(50, func() { places, weights = v.Entries(texts[2], places[:0], weights[:0]) }); n != 0 {
			t.Errorf("%v allocations, want none", n)
		}
	}
}
