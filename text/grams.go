package text

import (
	"unicode"
	"unicode/utf8"
)

// grams iterates over the runs of low to high characters of a text, in lower
// case and with every stretch of white space as one blank. It allocates
// nothing.
type grams struct {
	text      string
	at        int
	low, high int
	// window holds the last characters, the newest last; filled is how many.
	window [Longest]rune
	filled int
	blank  bool // the newest character is a blank
	// length of the current gram, which ends with the newest character.
	length int
	hash   uint64
}

// gramsOf starts before the first gram.
func gramsOf(text string, low, high int) grams {
	return grams{text: text, low: low, high: high, length: high}
}

// next moves to the next gram: for each character the runs that end with it,
// the shortest first.
func (g *grams) next() bool {
	g.length++
	for g.length > min(g.high, g.filled) {
		if !g.read() {
			return false
		}
		g.length = g.low
	}
	const prime = 1099511628211 // of FNV-1a, as for words
	g.hash = 14695981039346656037 ^ uint64(g.length)
	for _, r := range g.window[Longest-g.length:] {
		g.hash = (g.hash ^ uint64(r)) * prime
	}
	return true
}

// read takes the next character into the window.
func (g *grams) read() bool {
	for g.at < len(g.text) {
		r, size := utf8.DecodeRuneInString(g.text[g.at:])
		g.at += size
		if unicode.IsSpace(r) {
			if g.blank {
				continue
			}
			r = ' '
		}
		g.blank = r == ' '
		copy(g.window[:], g.window[1:])
		g.window[Longest-1] = unicode.ToLower(r)
		g.filled = min(g.filled+1, Longest)
		return true
	}
	return false
}

// term is the current gram's text.
func (g *grams) term() string { return string(g.window[Longest-g.length:]) }
