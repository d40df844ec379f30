package model

// Raw is a Fitted that shows the raw outputs behind its predictions. They lie
// on a scale on which contributions add up and several models can be averaged:
// the number itself for regression, or its logarithm where IsLogarithmic says so,
// the log-odds of class 1 for binary, and one score per class, whose softmax gives
// the probabilities, for more classes.
type Raw interface {
	Fitted
	// Inputs is the number of features that the model reads of a row.
	Inputs() int
	// Raw writes the raw outputs of one row into out, which has length
	// RawOutputs(Outputs()). They are finite for every row of finite or missing
	// features. It does not allocate.
	Raw(row, out []float64)
}

// Logarithmic is a Raw for numbers of which the raw output may be the logarithm
// of the number, as with models of counts.
type Logarithmic interface {
	Raw
	// Logarithmic says whether it is; the prediction is then e to the raw output.
	Logarithmic() bool
}

// IsLogarithmic says whether a model's raw output is the logarithm of the number
// that it predicts. Such a model's contributions add up to that logarithm, and
// it can not be averaged with models whose raw output is the number.
func IsLogarithmic(m Fitted) bool {
	l, ok := m.(Logarithmic)
	return ok && l.Logarithmic()
}

// RawOutputs is the number of raw outputs of a model whose predictions have the
// given length: one for regression and two classes, else one per class.
func RawOutputs(outputs int) int {
	if outputs <= 2 {
		return 1
	}
	return outputs
}
