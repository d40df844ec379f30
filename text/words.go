package text

import (
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

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
