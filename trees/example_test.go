package trees_test

import (
	"context"
	"fmt"
	"math"

	"bespoke/model"
	"bespoke/trees"
)

// Two numbers, of which the first matters; where it is missing the target is
// high.
func ExampleFit() {
	features := []model.Feature{{Name: "age"}, {Name: "shoe size"}}
	in := model.Training{Task: model.Regression, X: model.NewMatrix(features, 200), Y: make([]float64, 200), Threads: 2}
	for i := range 200 {
		age := float64(i % 50)
		in.X.Row(i)[0], in.X.Row(i)[1] = age, float64(i%7)
		switch {
		case i%10 == 0:
			in.X.Row(i)[0], in.Y[i] = math.NaN(), 100
		case age > 30:
			in.Y[i] = 50
		}
	}
	m, err := trees.Fit(context.Background(), model.Params{"rounds": 200, "min_child_samples": 5}, in)
	if err != nil {
		fmt.Println(err)
		return
	}
	out := make([]float64, m.Outputs())
	for _, age := range []float64{20, 40, math.NaN()} {
		m.Predict([]float64{age, 3}, out)
		fmt.Printf("age %v: %.2f\n", age, out[0])
	}
	fmt.Println("most important:", m.GainImportance()[0].Name)
	// Output:
	// age 20: 0.00
	// age 40: 50.00
	// age NaN: 100.00
	// most important: age
}
