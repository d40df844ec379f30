package monitor

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Shift is how far a distribution over bins moved from the reference.
type Shift struct {
	// PSI is the population stability index, sum (r-c) ln(r/c) over the shares
	// of the bins. A rule of thumb calls 0.1 to 0.25 some and more than 0.25
	// much drift, whatever the number of rows; Words says it.
	PSI float64 `json:"psi"`
	// Limit is what PSI exceeds by chance alone in a share of 1 - Confidence
	// of cases: (1/n + 1/m) times that quantile of chi-squared with Bins - 1
	// degrees of freedom, for n and m rows.
	Limit float64 `json:"limit"`
	// P is the chance of a PSI as large without any drift.
	P float64 `json:"p"`
	// Bins is how many bins were compared, after sparse ones were put together.
	Bins int `json:"bins"`
	// Reference and Current are the numbers of rows.
	Reference int `json:"reference"`
	Current   int `json:"current"`
}

// The borders of the rule of thumb.
const (
	someDrift = 0.1
	muchDrift = 0.25
)

// Words is the rule of thumb's name for the size of the shift.
func (s Shift) Words() string {
	switch {
	case s.PSI >= muchDrift:
		return "much"
	case s.PSI >= someDrift:
		return "some"
	}
	return "little"
}

// sparse is the fewest rows that a bin must be expected to have in the smaller
// sample; chi-squared is no good below (Cochran's rule).
const sparse = 5

// Compare measures the shift between two counts over the same bins. Bins that
// are expected to hold fewer than five rows of the smaller sample are put
// together; a bin that is empty on one side counts as half a row there. It
// gives the zero Shift, with P 1, where there is nothing to compare.
func Compare(reference, current []int, confidence float64) Shift {
	s := Shift{P: 1, Reference: sum(reference), Current: sum(current)}
	if s.Reference == 0 || s.Current == 0 || len(reference) != len(current) {
		return s
	}
	r, c := merge(reference, current, s.Reference, s.Current)
	s.Bins = len(r)
	if s.Bins < 2 {
		return s
	}
	for i := range r {
		rs := max(r[i], 0.5) / float64(s.Reference)
		cs := max(c[i], 0.5) / float64(s.Current)
		s.PSI += (rs - cs) * math.Log(rs/cs)
	}
	scale := 1/float64(s.Reference) + 1/float64(s.Current)
	chance := distuv.ChiSquared{K: float64(s.Bins - 1)}
	s.Limit = scale * chance.Quantile(confidence)
	s.P = chance.Survival(s.PSI / scale)
	return s
}

func sum(counts []int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// merge puts sparse bins together into one at the end and drops bins that are
// empty on both sides. When the bin of sparse ones is still sparse, it joins the
// smallest of the others.
func merge(reference, current []int, m, n int) (r, c []float64) {
	smaller := float64(min(m, n)) / float64(m+n)
	expected := func(total float64) float64 { return total * smaller }
	var restR, restC float64
	for i := range reference {
		a, b := float64(reference[i]), float64(current[i])
		if expected(a+b) < sparse {
			restR, restC = restR+a, restC+b
			continue
		}
		r, c = append(r, a), append(c, b)
	}
	if restR+restC == 0 {
		return r, c
	}
	if expected(restR+restC) >= sparse || len(r) == 0 {
		return append(r, restR), append(c, restC)
	}
	least := 0
	for i := range r {
		if r[i]+c[i] < r[least]+c[least] {
			least = i
		}
	}
	r[least] += restR
	c[least] += restC
	return r, c
}

// Drift is how a column moved away from the reference.
type Drift struct {
	// Column is the raw column, or one of bundle.PredictionColumns and
	// bundle.ActionColumn.
	Column string `json:"column"`
	Kind   string `json:"kind"`
	Shift
	// Drifted says that the shift is beyond chance when all columns are looked
	// at together: at most a share 1 - Confidence of the columns marked so are
	// false (Benjamini and Hochberg).
	Drifted bool `json:"drifted"`
	// Missing and MissingReference are the shares of missing values.
	Missing          float64 `json:"missing"`
	MissingReference float64 `json:"missing_reference"`
	// Unseen is how many rows had a spelling that was not seen in training,
	// and Spellings the most frequent of them.
	Unseen    int      `json:"unseen,omitempty"`
	Spellings []string `json:"spellings,omitempty"`
}

// judge marks the drifted columns by the step-up procedure of Benjamini and
// Hochberg and puts the one that moved most first. Columns with fewer rows than
// least are not marked.
func judge(columns []Drift, confidence float64, least int) {
	var p []float64
	for _, d := range columns {
		if d.Bins > 1 && d.Current >= least {
			p = append(p, d.P)
		}
	}
	slices.Sort(p)
	cut := -1.0
	for i, x := range p {
		if x <= (1-confidence)*float64(i+1)/float64(len(p)) {
			cut = x
		}
	}
	for i := range columns {
		d := &columns[i]
		d.Drifted = d.Bins > 1 && d.Current >= least && d.P <= cut
	}
	slices.SortStableFunc(columns, func(a, b Drift) int {
		return cmp.Or(cmp.Compare(b.PSI, a.PSI), cmp.Compare(a.Column, b.Column))
	})
}
