package features

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"bespoke/model"
)

// tfidfStep counts words and pairs of words.
var tfidfStep = Step{
	Name: "tf-idf",
	Summary: "The commonest words and pairs of neighbouring words of the training rows are counted, weighted by how few rows have them, " +
		"and scaled to length 1; words are hashed, so nothing depends on a vocabulary's order.",
	Params: []model.Param{
		{
			Name: "features", Doc: "At most this many words and pairs are kept, those that the most rows have; 0 chooses one per 8 training rows, from 16 to 256, fewer where rows are very many.",
			Default: 0.0, Min: 0, Max: 1 << 14, Integer: true,
		},
		{Name: "rows", Doc: "A word or pair must be in this many training rows.", Default: 2.0, Min: 1, Max: 1e9, Integer: true},
		{
			Name: "bits", Doc: "The hash table has 2^bits places; 0 chooses by the number of words, from 8 to 18.",
			Default: 0.0, Min: 0, Max: mostHashBits, Integer: true,
		},
	},
	accepts: []form{words},
	fit:     fitTFIDF,
	empty:   func() step { return new(tfidf) },
}

const mostHashBits = 18

// mostTextValues bounds the values that one text column makes of the training
// rows, to 400 MB.
const mostTextValues = 50_000_000

// tfidf is a fitted tf-idf step.
type tfidf struct {
	// Bits is the size of the hash table as a power of 2.
	Bits int `json:"bits"`
	// Buckets are the places that have a feature, Terms the commonest word or
	// pair in each and Weights ln((1+rows)/(1+rows with it)) + 1.
	Buckets []uint32  `json:"buckets"`
	Terms   []string  `json:"terms"`
	Weights []float64 `json:"weights"`

	feature map[uint32]int32
}

func fitTFIDF(b *block, p model.Params, _ *training) (step, error) {
	s := &tfidf{Bits: p.Int("bits")}
	if s.Bits == 0 {
		s.Bits = hashBits(b.texts)
	}
	rows := s.rowsPerBucket(b.texts)
	var kept []uint32
	for bucket, n := range rows {
		if n >= p.Int("rows") {
			kept = append(kept, uint32(bucket))
		}
	}
	// The order is total: buckets that tie stay in the order of their number.
	slices.SortStableFunc(kept, func(x, y uint32) int { return cmp.Compare(rows[y], rows[x]) })
	most := p.Int("features")
	if most == 0 {
		most = max(16, min(256, len(b.texts)/8, mostTextValues/len(b.texts)))
	}
	s.Buckets = kept[:min(len(kept), most)]
	if len(s.Buckets) == 0 {
		return nil, noInformationError(fmt.Sprintf("no word is in %d training rows", p.Int("rows")))
	}
	s.index()
	s.Terms = s.nameTerms(b.texts)
	for _, bucket := range s.Buckets {
		s.Weights = append(s.Weights, math.Log(float64(1+len(b.texts))/float64(1+rows[bucket]))+1)
	}
	return s, nil
}

// hashBits chooses a table so large that few of the corpus's words share a
// place.
func hashBits(texts []string) int {
	terms := 0
	for _, text := range texts {
		t := termsOf(text)
		for t.next() {
			terms++
		}
	}
	return min(max(bits.Len(uint(terms)), 8), mostHashBits)
}

// rowsPerBucket counts in how many texts each bucket occurs.
func (s *tfidf) rowsPerBucket(texts []string) []int {
	rows, last := make([]int, 1<<s.Bits), make([]int, 1<<s.Bits)
	for i, text := range texts {
		t := termsOf(text)
		for t.next() {
			if at := s.bucket(t.hash); last[at] != i+1 {
				last[at] = i + 1
				rows[at]++
			}
		}
	}
	return rows
}

// nameTerms finds the commonest term of each kept bucket, for people to read.
func (s *tfidf) nameTerms(texts []string) []string {
	counts := make([]map[string]int, len(s.Buckets))
	for k := range counts {
		counts[k] = make(map[string]int)
	}
	for _, text := range texts {
		t := termsOf(text)
		for t.next() {
			if k, ok := s.feature[s.bucket(t.hash)]; ok {
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
func (s *tfidf) index() {
	s.feature = make(map[uint32]int32, len(s.Buckets))
	for k, bucket := range s.Buckets {
		s.feature[bucket] = int32(k)
	}
}

// bucket is a hash's place in the table.
func (s *tfidf) bucket(hash uint64) uint32 {
	// The finaliser of MurmurHash3 (A. Appleby, public domain): every bit of the
	// hash moves the upper bits, which choose the place.
	hash ^= hash >> 33
	hash *= 0xff51afd7ed558ccd
	hash ^= hash >> 33
	hash *= 0xc4ceb9fe1a85ec53
	hash ^= hash >> 33
	return uint32(hash >> (64 - s.Bits))
}

func (s *tfidf) bind(in shape) (shape, error) {
	if s.Bits < 1 || s.Bits > mostHashBits {
		return shape{}, fmt.Errorf("bits is %d, want 1 to %d", s.Bits, mostHashBits)
	}
	if len(s.Buckets) == 0 || len(s.Terms) != len(s.Buckets) {
		return shape{}, fmt.Errorf("%d buckets and %d terms, want at least 1 and as many", len(s.Buckets), len(s.Terms))
	}
	if err := checkScale("weights", s.Weights, len(s.Buckets)); err != nil {
		return shape{}, err
	}
	if heavy := slices.Max(s.Weights); heavy > limit {
		return shape{}, fmt.Errorf("weights have %v, want at most %v", heavy, float64(limit))
	}
	s.index()
	if len(s.feature) != len(s.Buckets) {
		return shape{}, fmt.Errorf("buckets repeat, want %d different ones", len(s.Buckets))
	}
	out := shape{form: number}
	for k, bucket := range s.Buckets {
		if bucket >= 1<<s.Bits {
			return shape{}, fmt.Errorf("bucket %d, want one below %d", bucket, 1<<s.Bits)
		}
		out.features = append(out.features, in.made("~"+s.Terms[k]))
	}
	return out, nil
}

// apply is never reached: a chain gives the first step the text.
func (s *tfidf) apply(v []float64) { clear(v[:len(s.Weights)]) }

func (s *tfidf) applyText(text string, v []float64) {
	v = v[:len(s.Weights)]
	clear(v)
	t := termsOf(text)
	for t.next() {
		if k, ok := s.feature[s.bucket(t.hash)]; ok {
			v[k]++
		}
	}
	length := 0.0
	for k, weight := range s.Weights {
		v[k] *= weight
		length += v[k] * v[k]
	}
	if length == 0 {
		return
	}
	length = math.Sqrt(length)
	for k := range v {
		v[k] /= length
	}
}

func (s *tfidf) describe() string {
	return fmt.Sprintf("the weight of %d words and pairs of words: %s", len(s.Terms), strings.Join(s.Terms[:min(len(s.Terms), 5)], ", "))
}

// terms iterates over the words and pairs of neighbouring words of a text. A
// word is a run of letters, marks and digits, in lower case; a Han, Hiragana
// or Katakana character is a word of its own, because those scripts do not
// write spaces between words. It allocates nothing.
type terms struct {
	text string
	at   int
	// hash is that of the current term.
	hash uint64

	word, before word
	pair         bool // the current term is a pair
	pairNext     bool // the next term is the pair that ends with word
}

// word is a part of a text and its hash; a word without length is none.
type word struct {
	start, end int
	hash       uint64
}

// termsOf starts before the first term.
func termsOf(text string) terms { return terms{text: text} }

// next moves to the next term: each word, followed by the pair it ends.
func (t *terms) next() bool {
	if t.pairNext {
		t.pairNext, t.pair = false, true
		t.hash = bits.RotateLeft64(t.before.hash*0x9e3779b97f4a7c15, 31) ^ t.word.hash
		return true
	}
	t.before, t.pair = t.word, false
	if !t.scan() {
		return false
	}
	t.hash = t.word.hash
	t.pairNext = t.before.end > t.before.start
	return true
}

// term is the current term's text, words separated by one space.
func (t *terms) term() string {
	text := strings.ToLower(t.text[t.word.start:t.word.end])
	if t.pair {
		text = strings.ToLower(t.text[t.before.start:t.before.end]) + " " + text
	}
	return text
}

// scan finds the next word and hashes its lower-case letters by FNV-1a (G.
// Fowler, L. C. Noll and K.-P. Vo), whose constants these are.
func (t *terms) scan() bool {
	hash := uint64(14695981039346656037)
	start := -1
	for t.at < len(t.text) {
		r, size := utf8.DecodeRuneInString(t.text[t.at:])
		alone := isIdeograph(r)
		if start >= 0 && (alone || !isWordRune(r)) {
			break
		}
		if alone || isWordRune(r) {
			if start < 0 {
				start = t.at
			}
			var buffer [utf8.UTFMax]byte
			n := utf8.EncodeRune(buffer[:], unicode.ToLower(r))
			for _, b := range buffer[:n] {
				hash = (hash ^ uint64(b)) * 1099511628211
			}
		}
		t.at += size
		if alone {
			break
		}
	}
	if start < 0 {
		return false
	}
	t.word = word{start: start, end: t.at, hash: hash}
	return true
}

// isWordRune says whether a rune is part of a word.
func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)
}

// isIdeograph says whether a rune is a word of its own.
func isIdeograph(r rune) bool {
	return r >= 0x2e80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}
