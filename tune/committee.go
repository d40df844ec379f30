package tune

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"

	"bespoke/ensemble"
	"bespoke/model"
	"bespoke/train"

	"gonum.org/v1/gonum/stat"
)

// Committee is the weighted mean of several trials, or a stack of them, which is
// judged like one of them on the same out-of-fold rows.
type Committee struct {
	// Members are the averaged trials: the best single one first, then in the
	// order in which they were added.
	Members []Member `json:"members"`
	Judged
	// Taken is true when the committee is what the scenario takes, instead of the
	// trial Outcome.Scenario.
	Taken bool `json:"taken"`
	// Reason says in a sentence why it is taken, or is not.
	Reason string `json:"reason"`
	// Nested is what a guided search decided by; nil for other searches.
	Nested *Nested `json:"nested,omitempty"`
	// Intercepts are those of a stack, one per raw output; nil for a mean.
	Intercepts []float64 `json:"intercepts,omitempty"`
	// Stack is what a second level was worth; nil where none was fitted.
	Stack *Stacking `json:"stack,omitempty"`
	// Beside is the mean or the stack that was not taken, for studies.
	Beside *Committee `json:"-"`
}

// Kind is "mean" or "stack".
func (c *Committee) Kind() string {
	if c.Intercepts != nil {
		return "stack"
	}
	return "mean"
}

// Label says what the committee is: "mean of 3 candidates".
func (c *Committee) Label() string {
	return fmt.Sprintf("%s of %d candidates", c.Kind(), len(c.Members))
}

// Combined is what the committee makes of predictions of its members, in their
// order: lists of predictions of the same rows with the given number of outputs.
func (c *Committee) Combined(predictions [][]float64, outputs int) []float64 {
	weights := make([]float64, len(c.Members))
	for i, m := range c.Members {
		weights[i] = m.Weight
	}
	return ensemble.Combine(predictions, weights, c.Intercepts, outputs)
}

// Member is one of the trials of a committee.
type Member struct {
	Trial int `json:"trial"`
	// Weight is the trial's share of the mean, above 0; the weights of a
	// committee sum to 1 unless it is a stack.
	Weight float64 `json:"weight"`
}

// Chosen is what the scenario takes: the trial Scenario, or the committee as one
// trial, with the number of its first member, where it is taken, or the student
// of one.
func (o *Outcome) Chosen() *Trial {
	if o.Student != nil && o.Student.Taken {
		return o.StudentTrial()
	}
	c := o.Committee
	if c == nil || !c.Taken {
		return o.Trials[o.Scenario]
	}
	return &Trial{
		Number: c.Members[0].Trial, Judged: c.Judged, Equal: true,
		Candidate: model.Candidate{Label: c.Label(), Model: ensemble.Name, Reason: c.Reason},
	}
}

// Shares lists the labels of the members with their shares of the mean, or
// their weights in the stack.
func (o *Outcome) Shares() []string {
	var out []string
	for _, m := range o.Committee.Members {
		share := fmt.Sprintf("(%.0f %%)", 100*m.Weight)
		if o.Committee.Intercepts != nil {
			share = fmt.Sprintf("(times %.3g)", m.Weight)
		}
		out = append(out, o.Trials[m.Trial].Candidate.Label+" "+share)
	}
	return out
}

// mostBlended is how many trials a committee is chosen from, those with the
// least loss: what is further behind is never drawn.
const mostBlended = 20

// committee averages trials where that is better than the best one alone. The
// members are drawn from the trials whose money cannot be told from the most
// (without payoffs from all), by greedy selection with replacement (Caruana,
// Niculescu-Mizil, Crew and Ksikes 2004, section 2.1): beginning with the best
// single trial, s.Committee draws add the trial with which the mean of raw
// outputs has the least loss; the draws up to the least loss count, and a trial
// drawn twice weighs double. The mean is then calibrated and judged as every
// trial was. What was measured against other rules stands in docs/decisions
// 0009. A guided search draws as bagged does.
func (s *Search) committee(o *Outcome, most int) error {
	pool := blended(o)
	if s.Committee < 2 || len(pool) < 2 {
		return nil
	}
	if s.Budget.Guided() {
		weights, nested, bags, err := s.bagged(o, pool)
		if err != nil {
			return err
		}
		c, err := s.join(o, pool, weights)
		if err != nil || c == nil {
			return err
		}
		c.Nested = nested
		o.Committee = c
		s.settleNested(o, most)
		return s.stack(o, pool, bags, most)
	}
	b, err := s.blend(o, pool)
	if err != nil {
		return err
	}
	counts := b.growFrom(0, s.Committee)
	c := &Committee{}
	var predictions [][]float64
	var weights []float64
	for _, at := range b.drawn {
		if counts[at] == 0 || slices.ContainsFunc(c.Members, func(m Member) bool { return m.Trial == pool[at] }) {
			continue
		}
		m := Member{Trial: pool[at], Weight: float64(counts[at]) / float64(sum(counts))}
		c.Members = append(c.Members, m)
		predictions, weights = append(predictions, o.Trials[m.Trial].outOfFold.Predictions), append(weights, m.Weight)
	}
	if len(c.Members) < 2 {
		return nil
	}
	mean := *o.Trials[o.Scenario].outOfFold
	mean.Predictions, mean.Rounds = ensemble.Average(predictions, weights, s.Problem.Outputs()), 0
	if c.Judged, err = s.judge(&mean); err != nil {
		return fmt.Errorf("tune: mean of %d candidates: %w", len(c.Members), err)
	}
	o.Committee = c
	s.settle(o, most)
	return nil
}

// settle decides whether the committee is taken.
func (s *Search) settle(o *Outcome, most int) {
	c, single := o.Committee, o.Trials[o.Scenario]
	switch {
	case c.Loss >= single.Loss:
		c.Reason = fmt.Sprintf("the mean's loss of %.4g is not below the %.4g of the best single candidate", c.Loss, single.Loss)
	case c.money == nil && s.better(single.Metric, c.Metric) && !s.alikeMetric(&single.Judged, &c.Judged):
		c.Reason = fmt.Sprintf("the mean's metric of %.4g is worse than the %.4g of the best single candidate, by more than noise", c.Metric, single.Metric)
	case c.money != nil && !alike(o.Trials[most].money, c.money):
		c.Reason = "the mean earns less than the candidate that earns most, by more than noise"
	default:
		c.Taken = true
		c.Reason = fmt.Sprintf("the mean's loss of %.4g is below the %.4g of the best single candidate", c.Loss, single.Loss)
	}
}

// blended lists the trials that a committee may be drawn from, the scenario's
// choice first, then by rising loss.
func blended(o *Outcome) []int {
	var pool []int
	for i, t := range o.Trials {
		if t.Out() == "" && (t.Equal || t.money == nil) {
			pool = append(pool, i)
		}
	}
	slices.SortStableFunc(pool, func(i, j int) int {
		return cmp.Or(cmp.Compare(btoi(j == o.Scenario), btoi(i == o.Scenario)), cmp.Compare(o.Trials[i].Loss, o.Trials[j].Loss))
	})
	return pool[:min(len(pool), mostBlended)]
}

// blend is a greedy selection.
type blend struct {
	task    model.Task
	y       []float64   // per row
	raw     [][]float64 // per trial of the pool, row after row
	width   int         // raw outputs of a row
	rows    []int       // those that count, indices into y
	threads int
	sum     []float64 // of the raw outputs drawn so far
	// whole measures orders of all rows, orders of those that count; both are of
	// a ranking alone.
	whole, orders *train.Orders
	drawn         []int // in order, indices into raw
}

func (s *Search) blend(o *Outcome, pool []int) (*blend, error) {
	rows, outputs := o.Trials[o.Scenario].outOfFold.Rows, s.Problem.Outputs()
	b := &blend{task: s.Problem.Task, y: make([]float64, len(rows)), width: model.RawOutputs(outputs), threads: max(1, s.Threads)}
	for i, r := range rows {
		b.y[i] = s.Problem.Y[r]
		b.rows = append(b.rows, i)
	}
	for _, i := range pool {
		b.raw = append(b.raw, rawOf(o.Trials[i].outOfFold, outputs, b.width))
	}
	b.sum = make([]float64, len(b.raw[0]))
	if b.task != model.Ranking {
		return b, nil
	}
	var err error
	b.whole, err = s.Problem.Orders(rows)
	b.orders = b.whole
	return b, err
}

// rawOf gives the raw outputs behind out-of-fold predictions.
func rawOf(o *train.OutOfFold, outputs, width int) []float64 {
	out := make([]float64, len(o.Rows)*width)
	for i := range o.Rows {
		ensemble.LogOdds(o.Predictions[i*outputs:(i+1)*outputs], out[i*width:(i+1)*width])
	}
	return out
}

// growFrom draws the given number of trials, the given one first, and returns how
// often each was drawn up to the mean with the least loss.
func (b *blend) growFrom(first, draws int) []int {
	var best []int
	least := math.Inf(1)
	counts := make([]int, len(b.raw))
	next, loss := first, b.loss(b.raw[first], 1)
	for {
		for i, v := range b.raw[next] {
			b.sum[i] += v
		}
		b.drawn = append(b.drawn, next)
		counts[next]++
		if loss < least {
			least, best = loss, slices.Clone(counts)
		}
		if len(b.drawn) == draws {
			return best
		}
		next, loss = b.next()
	}
}

// next is the trial that makes the best mean with those drawn so far, the first
// of equals, and the loss of that mean.
func (b *blend) next() (trial int, loss float64) {
	losses := make([]float64, len(b.raw))
	slots := make(chan struct{}, b.threads)
	var wg sync.WaitGroup
	for i, raw := range b.raw {
		slots <- struct{}{}
		wg.Go(func() {
			losses[i] = b.loss(raw, float64(len(b.drawn)+1))
			<-slots
		})
	}
	wg.Wait()
	for i, l := range losses {
		if l < losses[trial] {
			trial = i
		}
	}
	return trial, losses[trial]
}

// scores are the scores of the rows that count.
func (b *blend) scores(of func(i int) float64) []float64 {
	out := make([]float64, len(b.rows))
	for n, i := range b.rows {
		out[n] = of(i)
	}
	return out
}

// loss is the proper loss of the mean of what was drawn and one more, count in
// all: log-loss in nats per row, the mean squared error, or what a query lacks of
// the best order.
func (b *blend) loss(raw []float64, count float64) float64 {
	if b.orders != nil {
		return stat.Mean(b.orders.Losses(b.scores(func(i int) float64 { return (b.sum[i] + raw[i]) / count })), nil)
	}
	total := 0.0
	z := make([]float64, b.width)
	for _, i := range b.rows {
		for k := range z {
			z[k] = (b.sum[i*b.width+k] + raw[i*b.width+k]) / count
		}
		total += b.lossAt(z, b.y[i])
	}
	return total / float64(len(b.rows))
}

// lossAt is the proper loss of raw outputs z where the truth is y.
func (b *blend) lossAt(z []float64, y float64) float64 {
	switch b.task {
	case model.Regression:
		return (z[0] - y) * (z[0] - y)
	case model.Binary:
		return max(z[0], 0) - y*z[0] + math.Log1p(math.Exp(-math.Abs(z[0])))
	}
	return logSum(z) - z[int(y)]
}

// logSum is the logarithm of the sum of exponentials.
func logSum(z []float64) float64 {
	top, sum := slices.Max(z), 0.0
	for _, v := range z {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

func sum(counts []int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}
