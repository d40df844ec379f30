package model

// Raw is a Fitted that shows the raw outputs behind its predictions. They lie
// on a scale on which contributions add up and several models can be averaged:
// the number itself for regression, the log-odds of class 1 for binary, and one
// score per class, whose softmax gives the probabilities, for more classes.
type Raw interface {
	Fitted
	// Inputs is the number of features that the model reads of a row.
	Inputs() int
	// Raw writes the raw outputs of one row into out, which has length
	// RawOutputs(Outputs()). They are finite for every row of finite or missing
	// features. It does not allocate.
	Raw(row, out []float64)
}

// RawOutputs is the number of raw outputs of a model whose predictions have the
// given length: one for regression and two classes, else one per class.
func RawOutputs(outputs int) int {
	if outputs <= 2 {
		return 1
	}
	return outputs
}
