package calibrate

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Score is how one method did in Choose.
type Score struct {
	Name string `json:"name"`
	// LogLoss is the cross-validated mean log-loss, in nats per row.
	LogLoss float64 `json:"log_loss"`
	// Gain is the log-loss of "none" minus LogLoss; GainError is its standard
	// error over the rows.
	Gain      float64 `json:"gain"`
	GainError float64 `json:"gain_error"`
	// Chosen marks the method that Choose returned.
	Chosen bool `json:"chosen"`
	// Note says why the method was chosen.
	Note string `json:"note,omitempty"`
}

const (
	// foldCount is how many parts cross-validation uses.
	foldCount = 5
	// fewestRows is how many rows it takes to compare methods.
	fewestRows = 20
)

// Choose compares all methods by log-loss on rows they were not fitted on (five
// parts, each with about the same outcomes), and fits the chosen one on all
// rows. Chosen is the simplest method that is not worse than the best by more
// than one standard error of the difference; so "none" stays unless something
// is better by more than noise. The scores are in the order of Names. With
// classes 1 (regression) or too few rows the choice is "none".
func Choose(p, y []float64, classes int, seed uint64) (Map, []Score, error) {
	if classes == 1 {
		return noneMethod.empty(1), []Score{{Name: noneMethod.name, Chosen: true, Note: "A number has no probabilities to calibrate."}}, nil
	}
	if err := checkRows(p, y, classes); err != nil {
		return nil, nil, fmt.Errorf("calibrate: choose: %w", err)
	}
	folds := assignFolds(y, seed)
	losses := make([][]float64, len(methods))
	scores := make([]Score, len(methods))
	for k, m := range methods {
		losses[k] = heldOut(m, p, y, classes, folds)
		scores[k] = Score{Name: m.name}
		scores[k].LogLoss, _ = meanAndError(losses[k], nil)
		scores[k].Gain, scores[k].GainError = meanAndError(losses[0], losses[k])
	}
	chosen, note := pick(scores, losses)
	scores[chosen].Chosen, scores[chosen].Note = true, note
	m, err := Fit(methods[chosen].name, p, y, classes)
	return m, scores, err
}

// pick is the simplest method that is as good as the best, and why.
func pick(scores []Score, losses [][]float64) (chosen int, note string) {
	if n := len(losses[0]); n < fewestRows {
		return 0, fmt.Sprintf("%d rows are too few to compare methods, which takes %d.", n, fewestRows)
	}
	best := 0
	for k := range scores {
		if scores[k].LogLoss < scores[best].LogLoss {
			best = k
		}
	}
	for chosen < best {
		if worse, noise := meanAndError(losses[chosen], losses[best]); worse <= noise {
			return chosen, fmt.Sprintf("It is simpler than %s, whose log-loss is less by no more than noise.", scores[best].Name)
		}
		chosen++
	}
	if best == 0 {
		return best, "No method has less log-loss."
	}
	return best, "It has the least log-loss, and what is simpler is worse by more than noise."
}

// assignFolds deals the rows of each class in random order to the parts.
func assignFolds(y []float64, seed uint64) []int {
	rng := rand.New(rand.NewPCG(seed, 0x63616c)) // "cal"
	order := rng.Perm(len(y))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(y[a], y[b]) })
	folds := make([]int, len(y))
	for at, row := range order {
		folds[row] = at % foldCount
	}
	return folds
}

// heldOut is the log-loss of each row under the method fitted on the other
// parts.
func heldOut(m method, p, y []float64, classes int, folds []int) []float64 {
	losses := make([]float64, len(y))
	row := make([]float64, classes)
	for fold := range foldCount {
		var q, z []float64
		for i := range y {
			if folds[i] != fold {
				q = append(q, p[i*classes:(i+1)*classes]...)
				z = append(z, y[i])
			}
		}
		if len(z) == 0 { // a single row: nothing to fit on
			q, z = p, y
		}
		f := m.fit(q, z, classes)
		for i := range y {
			if folds[i] == fold {
				copy(row, p[i*classes:(i+1)*classes])
				f.Apply(row)
				losses[i] = -math.Log(row[int(y[i])])
			}
		}
	}
	return losses
}

// meanAndError is the mean of a - b (b nil means 0) and its standard error.
func meanAndError(a, b []float64) (mean, stderr float64) {
	n := float64(len(a))
	at := func(i int) float64 {
		if b == nil {
			return a[i]
		}
		return a[i] - b[i]
	}
	for i := range a {
		mean += at(i)
	}
	mean /= n
	if n < 2 {
		return mean, 0
	}
	square := 0.0
	for i := range a {
		square += (at(i) - mean) * (at(i) - mean)
	}
	return mean, math.Sqrt(square / (n - 1) / n)
}
