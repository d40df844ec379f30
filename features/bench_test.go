package features_test

import (
	"fmt"
	"testing"

	"bespoke/features"
	"bespoke/model"
)

func BenchmarkFit(b *testing.B) {
	tab, y := mixed(b, 100_000, 1)
	for _, e := range []model.Encoding{model.Native, model.Dense} {
		b.Run(fmt.Sprint(e, " 100,000 rows"), func(b *testing.B) {
			for b.Loop() {
				mustFit(b, tab.Without("id"), y, features.Options{Encoding: e, Task: model.Binary, Classes: 2})
			}
		})
	}
}

func BenchmarkApply(b *testing.B) {
	tab, y := mixed(b, 2000, 1)
	for _, e := range []model.Encoding{model.Native, model.Dense} {
		f, _ := mustFit(b, tab.Without("text"), y, features.Options{Encoding: e, Task: model.Binary, Classes: 2})
		b.Run(fmt.Sprint(e, " one row"), func(b *testing.B) {
			scratch, out := f.Inputs().Scratch(), model.NewMatrix(f.Features(), 1)
			fill(scratch, tab, 11)
			b.ReportAllocs()
			for b.Loop() {
				if err := f.Apply(scratch, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkApplyExtras is one served row with every derived feature that the
// mixed table allows.
func BenchmarkApplyExtras(b *testing.B) {
	tab, y := enriched(b, 2000, 3)
	for _, e := range []model.Encoding{model.Native, model.Dense} {
		for _, c := range []struct {
			name   string
			extras []features.Extra
		}{{"plain", nil}, {"pairs", extras[:5]}, {"all", extras}} {
			f, _, err := features.Fit(tab, y, features.Options{Encoding: e, Task: model.Binary, Classes: 2, Seed: 1, Extras: c.extras})
			if err != nil {
				b.Fatal(err)
			}
			row, out := f.Inputs().Scratch(), model.NewMatrix(f.Features(), 1)
			text, _ := row.Column("text")
			text.Texts[0] = "good service fast price"
			b.Run(string(e)+" "+c.name, func(b *testing.B) {
				for b.Loop() {
					if err := f.Apply(row, out); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
