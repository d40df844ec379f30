// Package tabletest makes tables whose truth is known, for tests: what a model
// can learn from them, and what it cannot, is decided here and not by chance.
package tabletest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"bespoke/table"
)

// Loans is a table of loan applications: number columns "amount" and "income"
// (every tenth income missing), a category "purpose" of three levels, and the
// target "class" with outcomes good (0) and bad (1). Bad is likelier for large
// amounts, small incomes and the purpose "trip"; about a third is bad.
func Loans(rows int, seed uint64) *table.Table {
	rng := rand.New(rand.NewPCG(seed, 1))
	amount, income := make([]float64, rows), make([]float64, rows)
	purpose, class := make([]int32, rows), make([]int32, rows)
	for i := range rows {
		amount[i] = math.Round(100 * math.Exp(rng.NormFloat64()+2))
		income[i] = math.Round(1000 * math.Exp(rng.NormFloat64()/2+1))
		purpose[i] = int32(rng.IntN(3))
		z := -0.8 + 0.7*math.Log(amount[i]/700) - 1.2*math.Log(income[i]/2700)
		if purpose[i] == 2 {
			z++
		}
		if rng.Float64() < 1/(1+math.Exp(-z)) {
			class[i] = 1
		}
		if i%10 == 9 {
			income[i] = math.NaN()
		}
	}
	return must(table.New(
		table.NewNumber("amount", amount),
		table.NewNumber("income", income),
		table.NewCategory("purpose", purpose, []string{"car", "house", "trip"}),
		table.NewCategory("class", class, []string{"good", "bad"}).As(table.Target),
	))
}

// Prices is a table of houses: number columns "area" and "age", a category
// "town" of two levels and the number target "price", which is linear in them
// with noise of a tenth.
func Prices(rows int, seed uint64) *table.Table {
	rng := rand.New(rand.NewPCG(seed, 2))
	area, age, price := make([]float64, rows), make([]float64, rows), make([]float64, rows)
	town := make([]int32, rows)
	for i := range rows {
		area[i] = 50 + 150*rng.Float64()
		age[i] = math.Floor(80 * rng.Float64())
		town[i] = int32(rng.IntN(2))
		base := 20000 + 1500*area[i] - 400*age[i] + 30000*float64(town[i])
		price[i] = base * (1 + 0.1*rng.NormFloat64())
	}
	return must(table.New(
		table.NewNumber("area", area),
		table.NewNumber("age", age),
		table.NewCategory("town", town, []string{"left", "right"}),
		table.NewNumber("price", price).As(table.Target),
	))
}

// Split holds out the last fifth of the rows and cuts the others into folds by
// turns.
func Split(rows, folds int) table.Split {
	s := table.Split{By: "last fifth", Folds: make([][]int, folds)}
	for i := range rows {
		if i >= rows*4/5 {
			s.Test = append(s.Test, i)
			continue
		}
		s.Development = append(s.Development, i)
		s.Folds[i%folds] = append(s.Folds[i%folds], i)
	}
	return s
}

// CSV writes a table as the text of a csv file, missing values as empty cells.
// Its values must need no quotes.
func CSV(t *table.Table) string {
	var csv strings.Builder
	csv.WriteString(strings.Join(t.Names(), ",") + "\n")
	for i := range t.Rows() {
		for j, c := range t.Columns() {
			if j > 0 {
				csv.WriteByte(',')
			}
			if v := c.Value(i); v != nil {
				fmt.Fprint(&csv, v)
			}
		}
		csv.WriteByte('\n')
	}
	return csv.String()
}

func must(t *table.Table, err error) *table.Table {
	if err != nil {
		panic(err)
	}
	return t
}
