// Package text turns free text into numbers: tf-idf weights of words or of
// character n-grams, and the few directions in which these vary most.
//
// A Vocabulary is what was learnt from the training texts: the terms that the
// most of them have, found by hashing, each with its weight. Terms are words
// with pairs of neighbouring words (Words) or runs of characters (Characters).
// Topics multiplies the weights by the leading singular vectors of the training
// texts (latent semantic analysis), which gives trees a few dense numbers in
// the place of many that are mostly 0.
//
// Nothing depends on the order of a map or on the number of threads, and Apply
// allocates nothing. Package features makes steps of these; it also keeps them
// on disk, so that the exported fields are all there is to know.
//
//	v, err := text.Learn(texts, text.Options{Of: text.Characters})
//	row := make([]float64, len(v.Weights))
//	v.Apply("good service", row)
package text

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Kind says what the terms of a text are.
type Kind string

const (
	// Words are words and pairs of neighbouring words.
	Words Kind = "words"
	// Characters are runs of Low to High characters, in lower case, white space
	// as one blank; they begin and end anywhere, also inside of words.
	Characters Kind = "characters"
)

// MostBits bounds the hash table of terms to 2^MostBits places.
const MostBits = 18

// The bounds of the lengths of character n-grams.
const (
	Shortest = 1
	Longest  = 8
)

// ErrNoTerm says that no term is in as many texts as were asked for.
var ErrNoTerm = errors.New("text: no term is in enough texts")

// Options control Learn.
type Options struct {
	Of Kind
	// Low and High are the lengths of character n-grams, from Shortest to
	// Longest; both 0 means 2 to 4. Words ignore them.
	Low, High int
	// Features is how many terms are kept at most; at least 1.
	Features int
	// Texts is in how many texts a term must be; at least 1.
	Texts int
	// Bits is the size of the hash table as a power of 2; 0 chooses by the
	// number of terms, from 8 to MostBits.
	Bits int
}

// Vocabulary is a learnt tf-idf weighting. Make it by Learn, or fill the
// exported fields and call Ready. It is then immutable.
type Vocabulary struct {
	// Of, Low and High are those of Options. Of is empty for words.
	Of   Kind `json:"of,omitempty"`
	Low  int  `json:"low,omitempty"`
	High int  `json:"high,omitempty"`
	// Bits is the size of the hash table as a power of 2.
	Bits int `json:"bits"`
	// Buckets are the places that have a feature, Terms the commonest term in
	// each and Weights ln((1+texts)/(1+texts with it)) + 1, the smoothed inverse
	// document frequency of scikit-learn's TfidfVectorizer.
	Buckets []uint32  `json:"buckets"`
	Terms   []string  `json:"terms"`
	Weights []float64 `json:"weights"`

	feature map[uint32]int32
}

// Learn finds the terms that the most texts have; those that tie are kept by
// their place in the hash table. It gives ErrNoTerm when none is left.
func Learn(texts []string, opt Options) (*Vocabulary, error) {
	v := &Vocabulary{Bits: opt.Bits}
	if opt.Of == Characters {
		v.Of, v.Low, v.High = Characters, opt.Low, opt.High
		if v.Low == 0 && v.High == 0 {
			v.Low, v.High = 2, 4
		}
	}
	if err := v.checkLengths(); err != nil {
		return nil, fmt.Errorf("text: learn: %w", err)
	}
	if v.Bits == 0 {
		v.Bits = v.chooseBits(texts)
	}
	rows := v.textsPerBucket(texts)
	var kept []uint32
	for bucket, n := range rows {
		if n >= max(opt.Texts, 1) {
			kept = append(kept, uint32(bucket))
		}
	}
	slices.SortStableFunc(kept, func(x, y uint32) int { return cmp.Compare(rows[y], rows[x]) })
	v.Buckets = kept[:min(len(kept), max(opt.Features, 1))]
	if len(v.Buckets) == 0 {
		return nil, ErrNoTerm
	}
	v.index()
	v.Terms = v.nameTerms(texts)
	for _, bucket := range v.Buckets {
		v.Weights = append(v.Weights, math.Log(float64(1+len(texts))/float64(1+rows[bucket]))+1)
	}
	return v, nil
}

// iterator goes through the terms of a text.
type iterator struct {
	words terms
	grams grams
	chars bool
}

func (v *Vocabulary) termsOf(text string) iterator {
	if v.Of == Characters {
		return iterator{grams: gramsOf(text, v.Low, v.High), chars: true}
	}
	return iterator{words: termsOf(text)}
}

func (t *iterator) next() (hash uint64, ok bool) {
	if t.chars {
		ok = t.grams.next()
		return t.grams.hash, ok
	}
	ok = t.words.next()
	return t.words.hash, ok
}

func (t *iterator) term() string {
	if t.chars {
		return t.grams.term()
	}
	return t.words.term()
}

// chooseBits chooses a table so large that few of the corpus's terms share a
// place.
func (v *Vocabulary) chooseBits(texts []string) int {
	n := 0
	for _, text := range texts {
		t := v.termsOf(text)
		for _, ok := t.next(); ok; _, ok = t.next() {
			n++
		}
	}
	return min(max(bits.Len(uint(n)), 8), MostBits)
}

// textsPerBucket counts in how many texts each bucket occurs.
func (v *Vocabulary) textsPerBucket(texts []string) []int {
	rows, last := make([]int, 1<<v.Bits), make([]int, 1<<v.Bits)
	for i, text := range texts {
		t := v.termsOf(text)
		for hash, ok := t.next(); ok; hash, ok = t.next() {
			if at := v.bucket(hash); last[at] != i+1 {
				last[at] = i + 1
				rows[at]++
			}
		}
	}
	return rows
}

// nameTerms finds the commonest term of each kept bucket, for people to read.
func (v *Vocabulary) nameTerms(texts []string) []string {
	counts := make([]map[string]int, len(v.Buckets))
	for k := range counts {
		counts[k] = make(map[string]int)
	}
	for _, text := range texts {
		t := v.termsOf(text)
		for hash, ok := t.next(); ok; hash, ok = t.next() {
			if k, ok := v.feature[v.bucket(hash)]; ok {
				counts[k][t.term()]++
			}
		}
	}
	names := make([]string, len(counts))
	for k, count := range counts {
		for term, n := range count {
			best := count[names[k]]
			if n > best || n == best && term < names[k] {
				names[k] = term
			}
		}
	}
	return names
}

// index readies the lookup of features by bucket.
func (v *Vocabulary) index() {
	v.feature = make(map[uint32]int32, len(v.Buckets))
	for k, bucket := range v.Buckets {
		v.feature[bucket] = int32(k)
	}
}

// bucket is a hash's place in the table.
func (v *Vocabulary) bucket(hash uint64) uint32 {
	// The finaliser of MurmurHash3 (A. Appleby, public domain): every bit of the
	// hash moves the upper bits, which choose the place.
	hash ^= hash >> 33
	hash *= 0xff51afd7ed558ccd
	hash ^= hash >> 33
	hash *= 0xc4ceb9fe1a85ec53
	hash ^= hash >> 33
	return uint32(hash >> (64 - v.Bits))
}

// mostWeight bounds weights, so that no product of loaded ones overflows.
const mostWeight = 1e12

// Ready checks exported fields that come from outside and prepares the lookup.
// It must be called once after they were filled by hand or from disk.
func (v *Vocabulary) Ready() error {
	if err := v.checkLengths(); err != nil {
		return err
	}
	if v.Bits < 1 || v.Bits > MostBits {
		return fmt.Errorf("bits is %d, want 1 to %d", v.Bits, MostBits)
	}
	if len(v.Buckets) == 0 || len(v.Terms) != len(v.Buckets) {
		return fmt.Errorf("%d buckets and %d terms, want at least 1 and as many", len(v.Buckets), len(v.Terms))
	}
	if len(v.Weights) != len(v.Buckets) {
		return fmt.Errorf("weights has %d numbers, want %d", len(v.Weights), len(v.Buckets))
	}
	for k, w := range v.Weights {
		if !(w > 0 && w <= mostWeight) {
			return fmt.Errorf("weights has %v, want positive numbers up to %v", w, float64(mostWeight))
		}
		if v.Buckets[k] >= 1<<v.Bits {
			return fmt.Errorf("bucket %d, want one below %d", v.Buckets[k], 1<<v.Bits)
		}
	}
	v.index()
	if len(v.feature) != len(v.Buckets) {
		return errors.New("buckets repeat, want different ones")
	}
	return nil
}

func (v *Vocabulary) checkLengths() error {
	switch {
	case v.Of != Characters && v.Of != "":
		return fmt.Errorf("terms are of %q, want %q or nothing for words", v.Of, Characters)
	case v.Of == Characters && !(Shortest <= v.Low && v.Low <= v.High && v.High <= Longest):
		return fmt.Errorf("n-grams of %d to %d characters, want lengths from %d to %d", v.Low, v.High, Shortest, Longest)
	case v.Of == "" && (v.Low != 0 || v.High != 0):
		return fmt.Errorf("words of %d to %d characters, want no lengths", v.Low, v.High)
	}
	return nil
}

// Apply writes the weights of the text's terms into row, one number from 0 to 1
// per term of the vocabulary, scaled to length 1; all are 0 where the text has
// none of them. It allocates nothing.
func (v *Vocabulary) Apply(text string, row []float64) {
	row = row[:len(v.Weights)]
	clear(row)
	t := v.termsOf(text)
	for hash, ok := t.next(); ok; hash, ok = t.next() {
		if k, ok := v.feature[v.bucket(hash)]; ok {
			row[k]++
		}
	}
	length := 0.0
	for k, weight := range v.Weights {
		row[k] *= weight
		length += row[k] * row[k]
	}
	if length == 0 {
		return
	}
	length = math.Sqrt(length)
	for k := range row {
		row[k] /= length
	}
}
