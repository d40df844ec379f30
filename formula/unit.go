package formula

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Unit is what numbers count: words with whole powers, such as EUR / month. The
// zero Unit is not known and fits anything; a plain number, such as a share,
// is a Unit that is known and has no words. Units are values and compared with
// Equal.
type Unit struct {
	known  bool
	powers []factor // by word
}

type factor struct {
	word string
	of   int // not 0
}

// Bounds of what is taken for a unit. Powers beyond the bound come from
// expressions that no unit can help.
const (
	maxUnitLength = 64
	maxPower      = 9
)

// ParseUnit reads words joined by * and /, from left to right, such as EUR or
// EUR / month. A word begins with a letter or a currency sign and goes on with
// letters, digits and _; 1 is the plain number, and % stands alone for
// hundredths. months and month are one word: a lower-case word of four letters
// or more loses an s at its end. The empty text is the unit that is not known.
func ParseUnit(text string) (Unit, error) {
	if strings.TrimSpace(text) == "" {
		return Unit{}, nil
	}
	if len(text) > maxUnitLength {
		return Unit{}, fmt.Errorf("formula: unit: %d characters, at most %d are allowed", len(text), maxUnitLength)
	}
	u := Unit{known: true}
	sign := 1
	for rest := text; ; {
		end := strings.IndexAny(rest, "*/")
		word := rest
		if end >= 0 {
			word = rest[:end]
		}
		one, err := unitWord(strings.TrimSpace(word))
		if err != nil {
			return Unit{}, fmt.Errorf("formula: unit: %q: %w", text, err)
		}
		if u = u.times(one, sign); !u.known {
			return Unit{}, fmt.Errorf("formula: unit: %q has a power above %d", text, maxPower)
		}
		if end < 0 {
			return u, nil
		}
		sign = 1
		if rest[end] == '/' {
			sign = -1
		}
		rest = rest[end+1:]
	}
}

// ParseParameterUnit is ParseUnit for a parameter, whose value was divided by
// 100 where its unit is % alone: it is a plain number then.
func ParseParameterUnit(text string) (Unit, error) {
	if strings.TrimSpace(text) == "%" {
		return Unit{known: true}, nil
	}
	return ParseUnit(text)
}

// Word is the only word of the unit, to the first power; empty for others.
func (u Unit) Word() string {
	if len(u.powers) == 1 && u.powers[0].of == 1 {
		return u.powers[0].word
	}
	return ""
}

// unitWord reads one word.
func unitWord(word string) (Unit, error) {
	if word == "1" {
		return Unit{known: true}, nil
	}
	if word != "%" {
		for i, r := range word {
			letter := unicode.IsLetter(r) || unicode.Is(unicode.Sc, r)
			if !letter && (i == 0 || r != '_' && !unicode.IsDigit(r)) || r == utf8.RuneError {
				return Unit{}, fmt.Errorf("%q is no word; write words joined by * and /, such as EUR / month", word)
			}
		}
	}
	if word == "" {
		return Unit{}, fmt.Errorf("a word is missing; write words joined by * and /, such as EUR / month")
	}
	return Unit{known: true, powers: []factor{{singular(word), 1}}}, nil
}

// singular takes the s of the plural off: months, days, visits.
func singular(word string) string {
	if len(word) < 4 || strings.ToLower(word) != word || strings.HasSuffix(word, "ss") {
		return word
	}
	return strings.TrimSuffix(word, "s")
}

// Known says whether the unit is known.
func (u Unit) Known() bool { return u.known }

// Plain says whether the unit is known to be that of a plain number.
func (u Unit) Plain() bool { return u.known && len(u.powers) == 0 }

// Equal says whether two units are the same; those that are not known are equal
// to each other only.
func (u Unit) Equal(v Unit) bool { return u.known == v.known && slices.Equal(u.powers, v.powers) }

// fits says whether numbers of both units can be added.
func (u Unit) fits(v Unit) bool { return !u.known || !v.known || u.Equal(v) }

// or is the unit of a sum of both: the one that is known.
func (u Unit) or(v Unit) Unit {
	if u.known {
		return u
	}
	return v
}

// times multiplies with a power of the other unit. What is not known, or beyond
// the bound of powers, makes the result unknown.
func (u Unit) times(v Unit, exponent int) Unit {
	if !u.known || !v.known {
		return Unit{}
	}
	out := Unit{known: true, powers: slices.Clone(u.powers)}
	for _, p := range v.powers {
		at, found := slices.BinarySearchFunc(out.powers, p.word, func(q factor, word string) int { return strings.Compare(q.word, word) })
		if !found {
			out.powers = slices.Insert(out.powers, at, factor{word: p.word})
		}
		out.powers[at].of += exponent * p.of
		switch of := out.powers[at].of; {
		case of == 0:
			out.powers = slices.Delete(out.powers, at, at+1)
		case of > maxPower || of < -maxPower:
			return Unit{}
		}
	}
	if len(out.powers) == 0 {
		out.powers = nil
	}
	return out
}

// String is the form that ParseUnit reads; "a plain number" and "not known" for
// those without words.
func (u Unit) String() string {
	switch {
	case !u.known:
		return "not known"
	case len(u.powers) == 0:
		return "a plain number"
	}
	var b strings.Builder
	for _, p := range u.powers {
		for range p.of {
			if b.Len() > 0 {
				b.WriteString(" * ")
			}
			b.WriteString(p.word)
		}
	}
	if b.Len() == 0 {
		b.WriteString("1")
	}
	for _, p := range u.powers {
		for range -p.of {
			b.WriteString(" / ")
			b.WriteString(p.word)
		}
	}
	return b.String()
}

// Toward says what turns numbers of the unit into those of the wanted one, such
// as "multiply by a number of months"; empty when nothing simple does.
func (u Unit) Toward(want Unit) string {
	factor := want.times(u, -1)
	if !factor.known || len(factor.powers) != 1 {
		return ""
	}
	word, of := factor.powers[0].word, factor.powers[0].of
	if strings.ToLower(word) == word && word != "%" {
		word += "s"
	}
	switch {
	case word == "%" && of == -1:
		return "divide by 100, and give the column no unit"
	case u.Plain() && of == 1:
		return "multiply by an amount in " + word
	case of == 1:
		return "multiply by a number of " + word
	case of == -1:
		return "divide by a number of " + word
	}
	return ""
}
