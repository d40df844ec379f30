// Package near finds the known name that a mistyped name most likely meant, so
// that every error about an unknown name can offer it.
package near

import (
	"fmt"
	"strings"
)

// Name returns the known name closest to the written one by edit distance,
// letter case left out of account; ok is false when none is within a third of
// the written name's length (at least one change).
func Name(written string, known []string) (name string, ok bool) {
	w := []rune(strings.ToLower(written))
	best := max(1, len(w)/3) + 1
	for _, k := range known {
		if d := distance(w, []rune(strings.ToLower(k)), best); d < best {
			best, name, ok = d, k, true
		}
	}
	return name, ok
}

// Hint is `; did you mean "name"?`, or nothing when no known name is close.
func Hint(written string, known []string) string {
	if n, ok := Name(written, known); ok {
		return `; did you mean "` + n + `"?`
	}
	return ""
}

// Offer is `did you mean "name"?` when a known name is close, else the list of
// the known names, cut when they are many; empty when none are known.
func Offer(written string, known []string) string {
	best, ok := Name(written, known)
	switch {
	case ok:
		return fmt.Sprintf("did you mean %q?", best)
	case len(known) == 0:
		return ""
	case len(known) <= 12:
		return "there are " + strings.Join(known, ", ")
	}
	return fmt.Sprintf("there are %s and %d more", strings.Join(known[:10], ", "), len(known)-10)
}

// distance is the number of insertions, deletions, replacements and swaps of
// neighbours that turn a into b; counting stops at most.
func distance(a, b []rune, most int) int {
	if len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], most)
}
