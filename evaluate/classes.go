package evaluate

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"bespoke/model"
)

// auc is the area under the ROC by ranks, ties counting half; for several
// classes the unweighted mean over the classes against the rest.
func auc(h Held) (float64, error) {
	if h.Task == model.Binary {
		return areaUnder(h.is(1), h.chance(1))
	}
	sum := 0.0
	for c := range h.Outcomes {
		a, err := areaUnder(h.is(c), h.chance(c))
		if err != nil {
			return 0, errors.New("every class needs a row that has it and one that has not")
		}
		sum += a
	}
	return sum / float64(len(h.Outcomes)), nil
}

// areaUnder is the Mann-Whitney form: (rank sum of the positives - P(P+1)/2) /
// (P N), with mean ranks for ties.
func areaUnder(label, score []float64) (float64, error) {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	positives, ranks := 0.0, 0.0
	for from := 0; from < len(order); {
		to := from
		hits := 0.0
		for to < len(order) && score[order[to]] == score[order[from]] {
			hits += label[order[to]]
			to++
		}
		ranks += hits * float64(from+to+1) / 2
		positives += hits
		from = to
	}
	negatives := float64(len(label)) - positives
	if positives == 0 || negatives == 0 {
		return 0, errors.New("all rows have the same class")
	}
	return (ranks - positives*(positives+1)/2) / (positives * negatives), nil
}

// logLoss bounds probabilities as scikit-learn does, by the spacing of float64
// at 1.
func logLoss(h Held) (float64, error) {
	const eps = 0x1p-52
	sum := 0.0
	for i, y := range h.Truth {
		row := h.Row(i)
		total := 0.0
		for _, p := range row {
			total += p
		}
		p := row[int(y)] / total
		sum -= math.Log(math.Min(math.Max(p, eps), 1-eps))
	}
	return sum / float64(h.Rows()), nil
}

func brier(h Held) (float64, error) {
	sum := 0.0
	for i, y := range h.Truth {
		for c, p := range h.Row(i) {
			d := p
			if c == int(y) {
				d = 1 - p
			}
			sum += d * d
		}
	}
	if h.Task == model.Binary {
		sum /= 2
	}
	return sum / float64(h.Rows()), nil
}

func accuracy(h Held) (float64, error) {
	right := 0
	for i, y := range h.Truth {
		if h.class(i) == int(y) {
			right++
		}
	}
	return float64(right) / float64(h.Rows()), nil
}

func balancedAccuracy(h Held) (float64, error) {
	m := confusion(h)
	sum, present := 0.0, 0
	for c, row := range m {
		if total := total(row); total > 0 {
			sum += float64(row[c]) / float64(total)
			present++
		}
	}
	return sum / float64(present), nil
}

func f1(h Held) (float64, error) {
	per := perClass(h)
	if h.Task == model.Binary {
		return per[1].F1, nil
	}
	sum, counted := 0.0, 0
	for _, c := range per {
		// As in scikit-learn, a class neither present nor predicted is no class.
		if c.Rows > 0 || c.Predicted > 0 {
			sum += c.F1
			counted++
		}
	}
	return sum / float64(counted), nil
}

// Confusion counts true against most probable classes.
type Confusion struct {
	Outcomes []string `json:"outcomes"`
	// Counts is by true class, then predicted class.
	Counts [][]int `json:"counts"`
	// Classes has one line per class.
	Classes []ClassScore `json:"classes"`
}

// ClassScore is how well one class is recognised.
type ClassScore struct {
	Outcome string `json:"outcome"`
	// Rows have the class, Predicted were said to have it.
	Rows      int `json:"rows"`
	Predicted int `json:"predicted"`
	// Precision, Recall and F1 are 0 where they would divide by zero.
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// Confuse counts the confusions of a classifier.
func Confuse(h Held) (*Confusion, error) {
	if !h.Task.Classes() {
		return nil, errors.New("evaluate: confusion: is not defined for regression")
	}
	if err := h.Check(); err != nil {
		return nil, err
	}
	return &Confusion{Outcomes: h.Outcomes, Counts: confusion(h), Classes: perClass(h)}, nil
}

func confusion(h Held) [][]int {
	m := make([][]int, len(h.Outcomes))
	for c := range m {
		m[c] = make([]int, len(h.Outcomes))
	}
	for i, y := range h.Truth {
		m[int(y)][h.class(i)]++
	}
	return m
}

func perClass(h Held) []ClassScore {
	m := confusion(h)
	out := make([]ClassScore, len(m))
	for c := range m {
		s := ClassScore{Outcome: h.Outcomes[c], Rows: total(m[c])}
		for y := range m {
			s.Predicted += m[y][c]
		}
		hits := float64(m[c][c])
		if s.Predicted > 0 {
			s.Precision = hits / float64(s.Predicted)
		}
		if s.Rows > 0 {
			s.Recall = hits / float64(s.Rows)
		}
		if s.Rows+s.Predicted > 0 {
			s.F1 = 2 * hits / float64(s.Rows+s.Predicted)
		}
		out[c] = s
	}
	return out
}

func total(v []int) int {
	sum := 0
	for _, x := range v {
		sum += x
	}
	return sum
}
