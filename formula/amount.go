package formula

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// measured is a number followed by a unit.
var measured = regexp.MustCompile(`^([+-]?(?:[0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*([^\s0-9.].*)$`)

// Scale is the text of an expression multiplied by a factor.
func Scale(source string, factor float64) string {
	if m := measured.FindStringSubmatch(strings.TrimSpace(source)); m != nil {
		if _, err := ParseUnit(m[2]); err == nil {
			if v, err := strconv.ParseFloat(strings.ReplaceAll(m[1], "_", ""), 64); err == nil {
				return fmt.Sprintf("%v %s", factor*v, m[2])
			}
		}
	}
	return fmt.Sprintf("%v * (%s)", factor, source)
}

// amount reads a constant with its unit, such as -60 EUR, which the language of
// expressions has no word for; nil when the source is none. Names that the scope
// knows are no units, so that a forgotten operator stays an error.
func (s *compiler) amount(source string) *node {
	m := measured.FindStringSubmatch(strings.TrimSpace(source))
	if m == nil {
		return nil
	}
	unit, err := ParseUnit(m[2])
	if err != nil || strings.HasPrefix(m[2], "*") || strings.HasPrefix(m[2], "/") || s.names(unit) {
		return nil
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(m[1], "_", ""), 64)
	if err != nil {
		return nil
	}
	n := constantNumber(v)
	n.unit, n.source, n.size, n.at = unit, strings.TrimSpace(source), 1, 1
	if m[2] == "%" {
		n.value, n.unit = v/100, Unit{known: true}
	}
	return n
}

// names says whether a word of the unit is a name of the scope.
func (s *compiler) names(u Unit) bool {
	for _, p := range u.powers {
		for _, name := range s.known() {
			if singular(name) == p.word {
				return true
			}
		}
	}
	return false
}
