package table_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"bespoke/table"
)

func newTable(t testing.TB, columns ...*table.Column) *table.Table {
	t.Helper()
	out, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The expected figures were computed once with numpy 2 (mean, std with ddof=1,
// quantile with its default definition, histogram with 20 bins).
func TestProfileOfNumbersMatchesNumpy(t *testing.T) {
	values := []float64{3, 1, 4, 1, 5, math.NaN(), 9, 2, 6, 5, 3.5, 8, 9.7, math.Inf(1)}
	p := table.NewNumber("x", values).Profile()
	if p.Count != 13 || p.Missing != 1 || p.Distinct != 11 {
		t.Errorf("count %d, missing %d, distinct %d; want 13, 1, 11", p.Count, p.Missing, p.Distinct)
	}
	close := cmpopts.EquateApprox(0, 1e-12)
	n := p.Numbers
	if diff := cmp.Diff([]float64{1, 9.7, 4.766666666666667, 2.9493707598041787, 1}, []float64{n.Min, n.Max, n.Mean, n.SD, float64(n.Infinite)}, close); diff != "" {
		t.Error(diff)
	}
	var quantiles []float64
	for _, q := range n.Quantiles {
		quantiles = append(quantiles, q.Value)
	}
	if diff := cmp.Diff([]float64{1, 1, 1, 1.1, 2.75, 4.5, 6.5, 8.9, 9.315, 9.623, 9.7}, quantiles, close); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{2, 0, 1, 0, 1, 1, 1, 0, 0, 2, 0, 1, 0, 0, 0, 0, 1, 0, 1, 1}, n.Histogram.Counts); diff != "" {
		t.Error(diff)
	}
}

func TestProfileOfOtherKinds(t *testing.T) {
	long := strings.Repeat("ä", 100)
	p := table.ProfileOf(newTable(t,
		table.NewCategory("job", []int32{1, 1, 0, -1, 1}, []string{"clerk", "smith", "never"}),
		table.NewText("note", []string{"a b", "", long, "a b", "c"}),
		table.NewTime("when", []int64{0, table.MissingTime, 10, 20, 30}),
		table.NewNumber("none", []float64{math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN()}),
	))
	if p.Rows != 5 || len(p.Columns) != 4 {
		t.Fatalf("rows %d, columns %d", p.Rows, len(p.Columns))
	}
	job, _ := p.Column("job")
	if diff := cmp.Diff([]table.ValueCount{{Value: "smith", Count: 3}, {Value: "clerk", Count: 1}}, job.Top); diff != "" {
		t.Error(diff)
	}
	if job.Distinct != 2 || job.Missing != 1 {
		t.Errorf("job: distinct %d, missing %d", job.Distinct, job.Missing)
	}
	if diff := cmp.Diff(table.Bins{Levels: []string{"smith", "clerk"}, Counts: []int{3, 1, 0, 1}}, job.Bins); diff != "" {
		t.Error(diff)
	}
	note, _ := p.Column("note")
	if diff := cmp.Diff(&table.Lengths{Min: 1, Max: 100, Mean: 26.75}, note.Lengths); diff != "" {
		t.Error(diff)
	}
	if last := note.Top[len(note.Top)-1].Value; len([]rune(last)) != 81 {
		t.Errorf("a spelling of 100 characters is shown with %d", len([]rune(last)))
	}
	when, _ := p.Column("when")
	if when.Count != 4 || when.Numbers.Max != 30 {
		t.Errorf("when: %+v", when)
	}
	none, _ := p.Column("none")
	if none.Numbers != nil || none.Count != 0 || none.Distinct != 0 {
		t.Errorf("none: %+v", none)
	}
}

func TestProfileCanBeWrittenAsJSON(t *testing.T) {
	for _, values := range [][]float64{
		{math.MaxFloat64, -math.MaxFloat64, math.MaxFloat64},
		{math.Inf(1), math.Inf(-1)},
		{5e-324, 0},
		{1},
		{},
	} {
		p := table.ProfileOf(newTable(t, table.NewNumber("x", values)))
		b, err := json.Marshal(p)
		if err != nil {
			t.Errorf("%v: %v", values, err)
			continue
		}
		var back table.Profile
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, back, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%v: %s", values, diff)
		}
	}
}

func numbers() *rapid.Generator[[]float64] {
	return rapid.SliceOfN(rapid.OneOf(
		rapid.Float64(),
		rapid.Just(math.NaN()),
		rapid.Just(math.Inf(1)),
		rapid.Map(rapid.IntRange(-3, 3), func(i int) float64 { return float64(i) }),
	), 0, 60)
}

func TestProfileCountsEveryRowOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := numbers().Draw(t, "values")
		c := table.NewNumber("x", values)
		p := c.Profile()
		if p.Count+p.Missing != len(values) {
			t.Fatalf("%d + %d rows of %d", p.Count, p.Missing, len(values))
		}
		if got := sum(p.Bins.Counts); got != len(values) {
			t.Fatalf("bins count %d rows of %d", got, len(values))
		}
		if p.Bins.Counts[p.Bins.Len()-1] != p.Missing {
			t.Fatalf("the last bin counts %d, %d are missing", p.Bins.Counts[p.Bins.Len()-1], p.Missing)
		}
		if p.Numbers == nil {
			return
		}
		if got := sum(p.Numbers.Histogram.Counts); got != p.Count-p.Numbers.Infinite {
			t.Fatalf("histogram counts %d of %d", got, p.Count-p.Numbers.Infinite)
		}
		last := math.Inf(-1)
		for _, q := range p.Numbers.Quantiles {
			if q.Value < last || q.Value < p.Numbers.Min || q.Value > p.Numbers.Max {
				t.Fatalf("quantiles %v are not rising inside [%v, %v]", p.Numbers.Quantiles, p.Numbers.Min, p.Numbers.Max)
			}
			last = q.Value
		}
		if diff := cmp.Diff(p.Bins.Counts, p.Bins.Count(c)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func sum(counts []int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

func TestBins(t *testing.T) {
	values := make([]float64, 100)
	for i := range values {
		values[i] = float64(i)
	}
	b := table.NewNumber("x", values).Profile().Bins
	if b.Len() != 11 {
		t.Fatalf("%d bins, want ten and one for missing", b.Len())
	}
	for _, c := range []struct {
		x    float64
		want int
	}{{-1e9, 0}, {0, 0}, {9, 0}, {9.5, 1}, {99, 9}, {1e9, 9}, {math.Inf(1), 9}, {math.NaN(), 10}} {
		if got := b.OfNumber(c.x); got != c.want {
			t.Errorf("bin of %v is %d, want %d (cuts %v)", c.x, got, c.want, b.Cuts)
		}
	}
	constant := table.NewNumber("x", []float64{7, 7, 7}).Profile().Bins
	if constant.Len() != 2 || constant.OfNumber(8) != 0 {
		t.Errorf("a constant has bins %+v", constant)
	}
	words := table.NewCategory("w", []int32{0, 1, 1}, []string{"a", "b"}).Profile().Bins
	for _, c := range []struct {
		level string
		want  int
	}{{"b", 0}, {"a", 1}, {"zebra", 2}, {"", 3}} {
		if got := words.OfLevel(c.level); got != c.want {
			t.Errorf("bin of %q is %d, want %d", c.level, got, c.want)
		}
	}
	later := table.NewCategory("w", []int32{2, 1, -1}, []string{"a", "b", "new"})
	if diff := cmp.Diff([]int{1, 0, 1, 1}, words.Count(later)); diff != "" {
		t.Error(diff)
	}
}
