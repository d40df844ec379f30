package calibrate_test

import (
	"fmt"

	"bespoke/calibrate"
)

// A model that is too sure of itself: it says 90 % where 70 % is right.
func ExampleFit() {
	var p, y []float64
	for i := range 200 {
		sure, outcome := 0.9, 1.0
		if i%2 == 0 {
			sure, outcome = 0.1, 0.0
		}
		if i%10 < 3 {
			outcome = 1 - outcome
		}
		p, y = append(p, 1-sure, sure), append(y, outcome)
	}
	m, err := calibrate.Fit("temperature", p, y, 2)
	if err != nil {
		panic(err)
	}
	row := []float64{0.1, 0.9}
	m.Apply(row)
	fmt.Printf("%.2f %.2f\n", row[0], row[1])
	fmt.Println(calibrate.Describe(m))
	// Output:
	// 0.30 0.70
	// All predictions are made more modest: their log-odds are multiplied by 0.386.
}
