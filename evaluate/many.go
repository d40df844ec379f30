package evaluate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Holm adjusts p-values that are looked at together, so that the chance of
// calling any of them significant by luck alone stays below the level (Holm
// 1979, step-down): the k-th smallest of m is multiplied by m-k+1, and none is
// smaller than the one before it or larger than 1. The result is in the order
// of p and never below it.
func Holm(p []float64) []float64 {
	order := sortedBy(p)
	out := make([]float64, len(p))
	least := 0.0
	for k, i := range order {
		least = max(least, min(1, p[i]*float64(len(p)-k)))
		out[i] = least
	}
	return out
}

// Family is what remains of comparisons that are shown together.
type Family struct {
	Comparisons int `json:"comparisons"`
	// Alone are significant by themselves, Surviving also after allowing for the
	// number of comparisons (Holm).
	Alone     int `json:"alone"`
	Surviving int `json:"surviving"`
	// Sentence says it in words; empty for fewer than two comparisons.
	Sentence string `json:"sentence,omitempty"`
}

// CompareMany allows for the number of differences that are shown together: it
// sets PAdjusted of each and counts which survive. Significant is not touched.
func CompareMany(differences ...*Difference) Family {
	p := make([]float64, len(differences))
	for k, d := range differences {
		p[k] = d.P
	}
	f := Family{Comparisons: len(differences)}
	for k, adjusted := range Holm(p) {
		d := differences[k]
		d.PAdjusted = &adjusted
		if d.Significant {
			f.Alone++
		}
		if d.survives() {
			f.Surviving++
		}
	}
	if f.Comparisons > 1 {
		f.Sentence = fmt.Sprintf("%d differences are shown together: %d of them are significant alone, %d after allowing for their number.", f.Comparisons, f.Alone, f.Surviving)
	}
	return f
}

// survives says whether the difference is significant beside the others.
func (d Difference) survives() bool {
	return d.Significant && d.PAdjusted != nil && *d.PAdjusted < 1-d.Interval.Level
}

// ColumnMoney is what one column brings: the money with it less the money of a
// model trained without it.
type ColumnMoney struct {
	Column string `json:"column"`
	// Difference is money per decision, above 0 where the column helps.
	Difference Difference `json:"difference"`
	// PerThousand and PerMonth are its mean for a thousand decisions and by the
	// volume; the latter is 0 when no volume is known.
	PerThousand float64 `json:"per_thousand"`
	PerMonth    float64 `json:"per_month"`
	// Told says that the difference is significant beside the other columns.
	Told bool `json:"told"`
}

// DroppedColumns is what each column brings, the most first.
type DroppedColumns struct {
	Columns []ColumnMoney `json:"columns"`
	// Family counts how many can be told from nothing.
	Family Family `json:"family"`
	// Sentence says it in words.
	Sentence string `json:"sentence"`
}

// DropColumns values columns in money: with is the money per row of the model,
// without[k] that of one trained in the same way without the column columns[k],
// on the same held-out rows. What two columns share is not credited to either,
// since each can stand in for the other.
func DropColumns(columns []string, with []float64, without [][]float64, o Options) (*DroppedColumns, error) {
	if len(columns) == 0 || len(columns) != len(without) {
		return nil, fmt.Errorf("evaluate: dropped columns: money without %d columns for %d names, they must be equal and not 0", len(without), len(columns))
	}
	d := &DroppedColumns{Columns: make([]ColumnMoney, len(columns))}
	all := make([]*Difference, len(columns))
	for k, name := range columns {
		gain, err := Paired(with, without[k], o)
		if err != nil {
			return nil, fmt.Errorf("evaluate: dropped columns: %q: %w", name, err)
		}
		d.Columns[k] = ColumnMoney{Column: name, Difference: gain, PerThousand: perThousand * gain.Mean, PerMonth: gain.Mean * o.Volume}
		all[k] = &d.Columns[k].Difference
	}
	d.Family = CompareMany(all...)
	for k := range d.Columns {
		d.Columns[k].Told = all[k].survives()
	}
	slices.SortStableFunc(d.Columns, func(a, b ColumnMoney) int {
		return cmp.Or(cmp.Compare(b.Difference.Mean, a.Difference.Mean), cmp.Compare(a.Column, b.Column))
	})
	d.Sentence = d.sentence(o)
	return d, nil
}

func (d *DroppedColumns) sentence(o Options) string {
	helps, hurts := 0, 0
	for _, c := range d.Columns {
		switch {
		case c.Told && c.Difference.Mean > 0:
			helps++
		case c.Told:
			hurts++
		}
	}
	if helps+hurts == 0 {
		return "Leaving out any single column loses nothing that these rows can tell."
	}
	s := fmt.Sprintf("%d of %s can be told to bring money", helps, counted(len(d.Columns), "column"))
	if top := d.Columns[0]; top.Told && top.Difference.Mean > 0 {
		s += fmt.Sprintf("; %s the most, %s (%s)", top.Column, thousand(top.Difference.Mean, o.Currency), top.Difference.Interval.say(perThousand))
	}
	if last := d.Columns[len(d.Columns)-1]; hurts > 0 {
		s += fmt.Sprintf("; without %s the model would earn %s more", last.Column, thousand(math.Abs(last.Difference.Mean), o.Currency))
	}
	return s + "."
}

// counted is "1 column" or "2 columns".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
