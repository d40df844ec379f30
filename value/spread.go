package value

import (
	"fmt"
	"math"
	"slices"
)

// The forms of a Spread.
const (
	// Additive is truth = prediction + point: errors of the same size
	// everywhere.
	Additive = "additive"
	// Ratio is truth = prediction * point: errors that grow with the
	// prediction, such as those of prices.
	Ratio = "ratio"
)

// spreadPoints is how many equally likely points stand for the distribution of
// errors.
const spreadPoints = 32

// Spread is the distribution of the true number given the predicted one, as
// equally likely points. It is learnt from rows that the model did not train
// on.
type Spread struct {
	// Form is Additive or Ratio.
	Form string `json:"form"`
	// Points are errors or ratios, ascending. Each is the mean of an equal share
	// of the sorted ones, so that a payoff linear in truth keeps its mean.
	Points []float64 `json:"points"`
	// Loss is the mean pinball loss of each form on rows left out of the fit,
	// by which the form was chosen; 0 where the form was not possible.
	Loss map[string]float64 `json:"loss,omitempty"`
}

// FitSpread learns the spread from predictions and true numbers of held-out
// rows, at least 10. It fits both forms on half of the rows and keeps the one
// whose quantiles lie better (pinball loss) on the other half, both ways round;
// Ratio is possible only where every prediction is above 0.
func FitSpread(prediction, truth []float64) (*Spread, error) {
	if len(prediction) != len(truth) {
		return nil, fmt.Errorf("value: fit spread: %d predictions and %d true numbers, they must be equal", len(prediction), len(truth))
	}
	if len(truth) < 10 {
		return nil, fmt.Errorf("value: fit spread: %d rows, at least 10 are needed", len(truth))
	}
	ratio := true
	for i, p := range prediction {
		if !finite(p) || !finite(truth[i]) {
			return nil, fmt.Errorf("value: fit spread: row %d has the prediction %v and the truth %v, both must be finite", i+1, p, truth[i])
		}
		ratio = ratio && p > 0
	}
	s := &Spread{Form: Additive, Loss: map[string]float64{Additive: crossLoss(Additive, prediction, truth)}}
	if ratio {
		s.Loss[Ratio] = crossLoss(Ratio, prediction, truth)
		if s.Loss[Ratio] < s.Loss[Additive] {
			s.Form = Ratio
		}
	}
	s.Points = points(errorsOf(s.Form, prediction, truth), spreadPoints)
	return s, nil
}

// errorsOf are the sorted errors or ratios.
func errorsOf(form string, prediction, truth []float64) []float64 {
	out := make([]float64, len(truth))
	for i, t := range truth {
		out[i] = t - prediction[i]
		if form == Ratio {
			out[i] = t / prediction[i]
		}
	}
	slices.Sort(out)
	return out
}

// points splits sorted values into equal shares and takes the mean of each.
func points(sorted []float64, n int) []float64 {
	n = min(n, len(sorted))
	out := make([]float64, n)
	for k := range n {
		from, to := k*len(sorted)/n, (k+1)*len(sorted)/n
		sum := 0.0
		for _, v := range sorted[from:to] {
			sum += v
		}
		out[k] = sum / float64(to-from)
	}
	return out
}

// crossLoss fits on the even rows and scores the odd ones, and the other way
// round.
func crossLoss(form string, prediction, truth []float64) float64 {
	var p, t [2][]float64
	for i := range truth {
		p[i%2] = append(p[i%2], prediction[i])
		t[i%2] = append(t[i%2], truth[i])
	}
	total := 0.0
	for h := range 2 {
		s := &Spread{Form: form, Points: points(errorsOf(form, p[h], t[h]), spreadPoints)}
		total += s.pinball(p[1-h], t[1-h])
	}
	return total / float64(len(truth))
}

// pinball is the sum over rows of the mean pinball loss of the points taken as
// quantiles, a proper score of the distribution (half the CRPS).
func (s *Spread) pinball(prediction, truth []float64) float64 {
	total := 0.0
	n := float64(len(s.Points))
	for k, q := range s.Points {
		level := (float64(k) + 0.5) / n
		for i, t := range truth {
			at := prediction[i] + q
			if s.Form == Ratio {
				at = prediction[i] * q
			}
			total += math.Max(level*(t-at), (level-1)*(t-at)) / n
		}
	}
	return total
}

// shift turns predictions into the true numbers of a state.
func (s *Spread) shift(v []float64, state int) {
	q := s.Points[state]
	for i := range v {
		if s.Form == Ratio {
			v[i] *= q
		} else {
			v[i] += q
		}
	}
}

// Quantile is the number below which the truth lies with the chance level (0 to
// 1), given the prediction.
func (s *Spread) Quantile(prediction, level float64) float64 {
	n := len(s.Points)
	at := math.Min(math.Max(level*float64(n)-0.5, 0), float64(n-1))
	low := int(at)
	q := s.Points[low]
	if low+1 < n {
		q += (at - float64(low)) * (s.Points[low+1] - q)
	}
	if s.Form == Ratio {
		return prediction * q
	}
	return prediction + q
}

func (s *Spread) check() error {
	if s.Form != Additive && s.Form != Ratio {
		return fail("spread", "", "form %q is none of %s, %s", s.Form, Additive, Ratio)
	}
	if len(s.Points) == 0 || len(s.Points) > 1000 {
		return fail("spread", "", "has %d points, 1 to 1000 are allowed", len(s.Points))
	}
	for _, q := range s.Points {
		if !finite(q) {
			return fail("spread", "", "the point %v is not finite", q)
		}
	}
	return nil
}
