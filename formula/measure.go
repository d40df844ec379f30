package formula

import (
	"math"
)

// The rules of units. Checking is gradual: a literal, and a column or parameter
// without a unit, fits anything, and so does every product with it.

// measure finds the unit of a node from those of its parts, or says which part
// does not fit.
func (s *compiler) measure(made *node) error {
	args := made.args
	switch {
	case len(args) == 0: // it came with its unit
		return nil
	case made.measure != nil:
		return made.measure(s, made)
	}
	switch made.name {
	case "-", "+", "??", opChoice:
		return s.measureSum(made)
	case "*":
		made.unit = args[0].unit.times(args[1].unit, 1)
	case "/":
		made.unit = args[0].unit.times(args[1].unit, -1)
	case "%":
		made.unit = args[0].unit
		return s.same(made, args)
	case "**", "^":
		return s.measurePower(made)
	case "==", "!=", "<", "<=", ">", ">=":
		return s.same(made, args)
	}
	return nil
}

// measureSum is for parts that are added, or stand in for each other.
func (s *compiler) measureSum(made *node) error {
	parts := made.args
	switch {
	case made.name == opChoice:
		parts = parts[1:]
	case made.name == "??": // its column is not among the arguments
		if !made.unit.fits(parts[0].unit) {
			return s.unfit(made, parts[0], made.unit, "the column")
		}
		made.unit = made.unit.or(parts[0].unit)
		return nil
	case made.kind == Time || len(parts) == 2 && parts[0].kind == Time:
		return nil
	}
	if err := s.same(made, parts); err != nil {
		return err
	}
	for _, p := range parts {
		made.unit = made.unit.or(p.unit)
	}
	return nil
}

// same checks that all parts are of one unit.
func (s *compiler) same(made *node, parts []*node) error {
	first := parts[0]
	for _, p := range parts[1:] {
		if !first.unit.fits(p.unit) {
			return s.unfit(made, p, first.unit, "`"+first.source+"`")
		}
		if !first.unit.known {
			first = p
		}
	}
	return nil
}

// unfit explains a part whose unit differs from that of another one.
func (s *compiler) unfit(made, part *node, other Unit, which string) error {
	op := made.name
	if op == opChoice {
		op = "? :"
	}
	return fail(s.path, part.unit.Toward(other), "%#q: column %d: %#q is %s and %s is %s; %s needs both in one unit",
		s.source, part.at, part.source, part.unit, which, other, op)
}

// measurePower is for x ** y: a plain number to any power, or any unit to a
// whole power that is written out.
func (s *compiler) measurePower(made *node) error {
	base, exponent := made.args[0], made.args[1]
	if err := s.plain(made, exponent); err != nil {
		return err
	}
	if base.unit.Plain() || !base.unit.known {
		made.unit = base.unit
		return nil
	}
	if n := exponent.value; exponent.constant && n == math.Trunc(n) && math.Abs(n) <= maxPower {
		made.unit = Unit{known: true}.times(base.unit, int(n))
		return nil
	}
	return s.plain(made, base)
}

// powerUnit is for pow.
func powerUnit(s *compiler, made *node) error { return s.measurePower(made) }

// plain wants a part that counts nothing.
func (s *compiler) plain(made, part *node) error {
	if part.unit.known && !part.unit.Plain() {
		return fail(s.path, part.unit.Toward(Unit{known: true}), "%#q: column %d: %#q is %s, %s needs a plain number",
			s.source, part.at, part.source, part.unit, made.name)
	}
	return nil
}

// keepUnit is for functions whose arguments are alike: min, max, clamp, abs.
func keepUnit(s *compiler, made *node) error { return s.measureSum(made) }

// roundUnit is for functions whose first argument keeps its unit and whose
// others are plain numbers.
func roundUnit(s *compiler, made *node) error {
	made.unit = made.args[0].unit
	for _, a := range made.args[1:] {
		if err := s.plain(made, a); err != nil {
			return err
		}
	}
	return nil
}

// plainUnit is for functions of plain numbers.
func plainUnit(s *compiler, made *node) error {
	for _, a := range made.args {
		if err := s.plain(made, a); err != nil {
			return err
		}
		made.unit = a.unit
	}
	return nil
}

// annuityUnit is for pmt and pv: the rate is plain or per period, and the
// payment is money per period.
func annuityUnit(power int) func(s *compiler, made *node) error {
	return func(s *compiler, made *node) error {
		rate, periods, money := made.args[0], made.args[1], made.args[2]
		perPeriod := Unit{known: true}.times(periods.unit, -1)
		if rate.unit.known && !rate.unit.Plain() && !rate.unit.Equal(perPeriod) {
			return fail(s.path, rate.unit.Toward(Unit{known: true}), "%#q: column %d: %#q is %s, the rate of %s must be a plain number or per period",
				s.source, rate.at, rate.source, rate.unit, made.name)
		}
		made.unit = money.unit.times(periods.unit, power)
		return nil
	}
}
