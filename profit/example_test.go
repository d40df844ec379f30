package profit_test

import (
	"fmt"

	"bespoke/profit"
)

// A retention offer whose acceptance is not known, and a known one.
func Example() {
	churned := []float64{0, 1, 0, 1, 0, 1, 0, 1}
	score := []float64{.1, .2, .3, .4, .5, .7, .8, .9}
	offer := profit.DefaultChurnOffer()
	uncertain, err := offer.Expected(churned, score)
	if err != nil {
		fmt.Println(err)
		return
	}
	known, err := offer.At(churned, score, .3)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("EMPC %.6f, contacting %.1f %%; MPC %.3f\n", uncertain.Profit, 100*uncertain.Share, known.Profit)
	// Output: EMPC 23.875593, contacting 87.4 %; MPC 23.875
}

// Any distribution will do: the share lost of a loan in default may be normal.
func ExampleROC_Expected() {
	r, err := profit.NewROC([]float64{0, 1, 0, 1, 0, 1, 0, 1}, []float64{.1, .2, .3, .4, .5, .7, .8, .9})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := r.Expected(0, 1, .2644, profit.Normal{Mean: .45, Deviation: .1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f of a loan, refusing %.0f %%\n", m.Profit, 100*m.Share)
	// Output: 0.1263 of a loan, refusing 85 %
}
