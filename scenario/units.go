package scenario

import "time"

// Rate is an amount per period, such as "2000 / month". The zero Rate means
// not given.
type Rate struct {
	Amount float64 `json:"amount"`
	// Per is day, week, month or year.
	Per string `json:"per"`
}

// PerMonth converts the amount to a month (a year is 12 months, 52.1775 weeks
// or 365.2425 days).
func (r Rate) PerMonth() float64 {
	switch r.Per {
	case "day":
		return r.Amount * 365.2425 / 12
	case "week":
		return r.Amount * 365.2425 / 7 / 12
	case "year":
		return r.Amount / 12
	default:
		return r.Amount
	}
}

// Percent is a share from 0 to 1, written as "20%" or 0.2.
type Percent float64

// Duration is a length of time, written as "5ms" or "10m".
type Duration time.Duration

// Size is a number of bytes, written as "20MB" (powers of 1000) or "20MiB"
// (powers of 1024).
type Size int64
