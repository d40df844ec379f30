package text

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"
)

// MostTerms is the largest vocabulary that topics are made of: Apply counts the
// terms of one text in memory of that size.
const MostTerms = 4096

// Topics are the leading right singular vectors of the tf-idf weights of the
// training texts.
type Topics struct {
	// Count is how many there are.
	Count int `json:"count"`
	// Vectors has a row of Count numbers per term of the vocabulary; as columns
	// they are orthonormal, the strongest first, the entry of largest size
	// positive.
	Vectors []float64 `json:"vectors"`
}

// sparseRow is the terms of one text with their weights.
type sparseRow struct {
	term   []int32
	weight []float64
}

// The randomised search for singular vectors looks at extra directions beside
// those asked for and repeats the multiplication often enough that equal texts
// give the singular vectors themselves wherever these are told apart.
const (
	extraDirections = 10
	powerIterations = 16
)

// LearnTopics finds the count leading singular vectors of the matrix A of the
// texts' weights, fewer where A has a lower rank: a random start, repeated
// multiplication with orthonormal bases in between, and the exact decomposition
// of the small matrix that is left (N. Halko, P. G. Martinsson and J. A. Tropp,
// Finding Structure with Randomness, SIAM Review 53(2), 2011, algorithms 4.4
// and 5.1, here with A transposed, whose side of the terms is the shorter one).
// A is never centred, so that it stays sparse. The seed fixes the random start.
func LearnTopics(texts []string, v *Vocabulary, count int, seed uint64) (*Topics, error) {
	m := len(v.Weights)
	if m > MostTerms {
		return nil, fmt.Errorf("text: topics: a vocabulary of %d terms, want at most %d", m, MostTerms)
	}
	rows := make([]sparseRow, len(texts))
	weights := make([]float64, m)
	for i, text := range texts {
		v.Apply(text, weights)
		rows[i] = sparse(weights)
	}
	width := min(count+extraDirections, m, len(texts))
	q := start(m, width, seed)
	for range powerIterations {
		q = orthonormal(transposed(rows, times(rows, q), m))
	}
	var svd mat.SVD
	if !svd.Factorize(times(rows, q), mat.SVDThin) {
		return nil, fmt.Errorf("text: topics: the decomposition of %d texts and %d terms does not converge", len(texts), m)
	}
	values := svd.Values(nil)
	const eps = 0x1p-40 // of the largest: below it a direction is rounding
	kept := 0
	for kept < min(count, len(values)) && values[kept] > eps*values[0] {
		kept++
	}
	if kept == 0 {
		return nil, ErrNoTerm
	}
	var small, vectors mat.Dense
	svd.VTo(&small)
	vectors.Mul(q, &small)
	return oriented(&vectors, kept), nil
}

func sparse(weights []float64) sparseRow {
	var r sparseRow
	for k, w := range weights {
		if w != 0 {
			r.term, r.weight = append(r.term, int32(k)), append(r.weight, w)
		}
	}
	return r
}

// start is an orthonormal basis of random directions.
func start(rows, columns int, seed uint64) *mat.Dense {
	rng := rand.New(rand.NewPCG(seed, 0x746f70696373)) // "topics"
	values := make([]float64, rows*columns)
	for i := range values {
		values[i] = rng.NormFloat64()
	}
	return orthonormal(mat.NewDense(rows, columns, values))
}

// orthonormal is a basis of the columns, which are no more than the rows. It
// works in the memory of a.
func orthonormal(a *mat.Dense) *mat.Dense {
	_, columns := a.Dims()
	q, tau, ask := a.RawMatrix(), make([]float64, columns), make([]float64, 1)
	lapack64.Geqrf(q, tau, ask, -1)
	work := make([]float64, int(ask[0]))
	lapack64.Geqrf(q, tau, work, len(work))
	lapack64.Orgqr(q, tau, ask, -1)
	if n := int(ask[0]); n > len(work) {
		work = make([]float64, n)
	}
	lapack64.Orgqr(q, tau, work, len(work))
	return a
}

// times is A q.
func times(a []sparseRow, q *mat.Dense) *mat.Dense {
	_, width := q.Dims()
	out := mat.NewDense(len(a), width, nil)
	for i, r := range a {
		to := out.RawRowView(i)
		for k, term := range r.term {
			from, w := q.RawRowView(int(term)), r.weight[k]
			for j, x := range from {
				to[j] += w * x
			}
		}
	}
	return out
}

// transposed is A' b, for A with m columns.
func transposed(a []sparseRow, b *mat.Dense, m int) *mat.Dense {
	_, width := b.Dims()
	out := mat.NewDense(m, width, nil)
	for i, r := range a {
		from := b.RawRowView(i)
		for k, term := range r.term {
			to, w := out.RawRowView(int(term)), r.weight[k]
			for j, x := range from {
				to[j] += w * x
			}
		}
	}
	return out
}

// oriented takes the first columns and settles their signs, which a
// decomposition leaves open: the entry of largest size is positive.
func oriented(vectors *mat.Dense, count int) *Topics {
	rows, _ := vectors.Dims()
	t := &Topics{Count: count, Vectors: make([]float64, rows*count)}
	for j := range count {
		largest := 0.0
		for i := range rows {
			if x := vectors.At(i, j); math.Abs(x) > math.Abs(largest) {
				largest = x
			}
		}
		for i := range rows {
			t.Vectors[i*count+j] = math.Copysign(1, largest) * vectors.At(i, j)
		}
	}
	return t
}

// Check says what is wrong with topics that come from outside, for a vocabulary
// of so many terms.
func (t *Topics) Check(terms int) error {
	if t.Count < 1 || t.Count > terms || terms > MostTerms {
		return fmt.Errorf("%d topics of %d terms, want at least 1 and no more than terms, of which at most %d", t.Count, terms, MostTerms)
	}
	if len(t.Vectors) != t.Count*terms {
		return fmt.Errorf("vectors has %d numbers, want %d", len(t.Vectors), t.Count*terms)
	}
	for _, x := range t.Vectors {
		if !(math.Abs(x) <= mostWeight) {
			return fmt.Errorf("vectors has %v, want numbers of size up to %v", x, float64(mostWeight))
		}
	}
	return nil
}

// Apply writes the text's place along each topic into row. It allocates
// nothing.
func (t *Topics) Apply(v *Vocabulary, text string, row []float64) {
	var memory [MostTerms]float64
	weights := memory[:len(v.Weights)]
	v.Apply(text, weights)
	row = row[:t.Count]
	clear(row)
	for k, w := range weights {
		if w == 0 {
			continue
		}
		for j, x := range t.Vectors[k*t.Count : (k+1)*t.Count] {
			row[j] += w * x
		}
	}
}
