package features_test

import (
	"fmt"
	"strings"

	"bespoke/features"
	"bespoke/model"
	"bespoke/table"
)

// Fit on the training rows, then serve one row with the same code.
func ExampleFit() {
	train, err := table.New(
		table.NewNumber("age", []float64{20, 30, 40, 50}),
		table.NewCategory("job", []int32{0, 1, 2, 0}, []string{"clerk", "smith", "nurse"}),
	)
	if err != nil {
		panic(err)
	}
	fitted, _, err := features.Fit(train, []float64{0, 1, 1, 0}, features.Options{
		Encoding: model.Dense, Task: model.Binary, Classes: 2,
	})
	if err != nil {
		panic(err)
	}
	for _, info := range fitted.Describe() {
		fmt.Printf("%s: %s\n    %q\n", info.Column, strings.Join(info.Steps, "; "), info.Features)
	}
	row := fitted.Inputs().Scratch()
	row.Columns()[0].Numbers[0] = 35 // job stays missing
	out := model.NewMatrix(fitted.Features(), 1)
	if err := fitted.Apply(row, out); err != nil {
		panic(err)
	}
	fmt.Println(out.Row(0))
	// Output:
	// age: impute: missing becomes 35; standardise: mean 35 becomes 0, standard deviation 11.18 becomes 1
	//     ["age"]
	// job: one-hot: 3 features of 0 or 1
	//     ["job=clerk" "job=smith" "job=nurse"]
	// [0 0 0 0]
}
