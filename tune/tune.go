// Package tune searches over candidates: it cross-fits each one on the
// development rows, journals what was learnt so that a killed search goes on
// where it stopped, and makes the two choices that Bespoke always shows side by
// side: the most accurate candidate, and the one that earns most.
//
// Beyond the candidates it is given, a search draws further ones by chance
// (sample.go), or, where its budget says guided, proposes them from what its
// finished trials showed and stops poor ones after one fold (guided.go,
// tpe.go). docs/decisions 0010 says what was measured.
//
// With a trial budget the outcome depends on the seed and the data alone, not
// on threads, order or interruptions. With a time budget it depends on the
// clock, and Outcome.Reproducible says so.
package tune

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"bespoke/model"
	"bespoke/runs"
	"bespoke/scenario"
	"bespoke/table"
	"bespoke/train"
)

// Score is what a judge says about a candidate's out-of-fold predictions.
type Score struct {
	// Metric is the value of the scenario's metric, in its own direction.
	Metric float64
	// Loss is a proper score, lower is better: log-loss, root mean squared error,
	// or of a ranking one minus its NDCG.
	Loss float64
	// Money is the profit of each row; nil when the scenario has no payoffs.
	Money []float64
}

// Judge scores calibrated out-of-fold predictions of the given rows.
type Judge func(rows []int, predictions []float64) (Score, error)

// Metric is the scenario's metric of calibrated predictions of some rows.
type Metric func(rows []int, predictions []float64) (float64, error)

// Search is what to search and how.
type Search struct {
	Problem *train.Problem
	Split   table.Split
	// Candidates are tried first, in order: all of them, or as many as the budget
	// of a guided search allows and at least two.
	Candidates []model.Candidate
	// Models are the entries that further trials are drawn from; nil draws
	// none.
	Models []model.Entry
	Budget scenario.Budget
	Judge  Judge
	// HigherIsBetter is the direction of the metric.
	HigherIsBetter bool
	// Metric is asked fold by fold where there is no money to compare trials by;
	// when it is nil the best metric of all rows decides there.
	Metric Metric
	// Committee is of how many trials at most the mean may be taken; below 2
	// single trials are kept.
	Committee int
	// Steps, where positive, lets a guided search end after so many steps, as an
	// earlier one did, instead of by its budget: that is how what the clock decided
	// is repeated.
	Steps int
	// Threads is how many trials run at once.
	Threads int
	// Store keeps finished trials; nil keeps none.
	Store *runs.Run
	// Key is the content key of everything trials depend on beside their
	// candidate: data, target, split, seed.
	Key string
	// Report, when not nil, is told of finished trials.
	Report runs.Reporter
}

// Trial is one candidate and how it did on out-of-fold predictions.
type Trial struct {
	// Number counts from 0 in the order of proposal.
	Number    int             `json:"number"`
	Candidate model.Candidate `json:"candidate"`
	// Failed says why the candidate could not be fitted; empty when it could.
	Failed string `json:"failed,omitempty"`
	// Stopped says why a guided search did not cross-fit the candidate to the
	// end; empty when it did.
	Stopped string `json:"stopped,omitempty"`
	Judged
	// Rounds is the median over the folds of rounds kept; 0 when it has none.
	Rounds int `json:"rounds,omitempty"`
	// Equal is true when the trial's money, without payoffs its metric, cannot be
	// told from the best.
	Equal bool `json:"equal,omitempty"`
	// Cost is what it took where it was tried; nil when that was not kept. It
	// differs from run to run and is therefore kept apart from what does not.
	Cost *train.Cost `json:"-"`

	// rung is what a guided search learnt in the fold that it begins with.
	rung *rung
}

// Out says why a trial cannot be chosen, in words that follow its label; empty
// when it can.
func (t *Trial) Out() string {
	switch {
	case t.Failed != "":
		return "failed: " + t.Failed
	case t.Stopped != "":
		return "stopped " + t.Stopped
	}
	return ""
}

// Judged is what out-of-fold predictions are worth.
type Judged struct {
	Metric float64 `json:"metric"`
	Loss   float64 `json:"loss"`
	// Money is the mean profit per decision; MoneyError is its standard error.
	Money      float64 `json:"money"`
	MoneyError float64 `json:"money_error"`
	// Calibration is the chosen method; empty for regression.
	Calibration string `json:"calibration,omitempty"`
	// Dropped says which limit was broken when it was about to be chosen.
	Dropped string `json:"dropped,omitempty"`

	money []float64
	// folds is the metric of each fold, without payoffs; NaN where it is undefined.
	folds       []float64
	outOfFold   *train.OutOfFold
	calibration *train.Calibration
}

// OutOfFold returns the out-of-fold predictions, before calibration.
func (j *Judged) OutOfFold() *train.OutOfFold { return j.outOfFold }

// Calibrated returns the calibration and the calibrated predictions.
func (j *Judged) Calibrated() *train.Calibration { return j.calibration }

// Outcome is a finished search.
type Outcome struct {
	Trials []*Trial `json:"trials"`
	// Technology is the index of the trial with the best metric.
	Technology int `json:"technology"`
	// Scenario is the index of the trial that earns most, without payoffs of the
	// one with the best metric, and of those that cannot be told from it the one
	// with the least loss; see docs/decisions 0002 and 0012.
	Scenario int `json:"scenario"`
	// Committee is the mean of several trials; where it is taken, it stands in
	// the place of Scenario. It is nil when no mean is better than its best
	// member on the rows that the members were drawn by.
	Committee *Committee `json:"committee,omitempty"`
	// Student is what a committee that breaks a limit was distilled into; where it
	// is taken, it stands in the place of Scenario. It is nil where none was made.
	Student *Student `json:"student,omitempty"`
	// Equals is how many trials' money, without payoffs metric, could not be told
	// from the best.
	Equals int `json:"equals"`
	// Reused is how many trials came from the journal.
	Reused int `json:"-"`
	// Steps is how many pieces of work a guided search made of its trials; 0 for
	// others. See Search.Steps.
	Steps int `json:"steps,omitempty"`
	// Reproducible is false when the clock decided how many trials ran.
	Reproducible bool `json:"reproducible"`

	search *Search
}

// Run searches.
func (s *Search) Run(ctx context.Context) (*Outcome, error) {
	deadline := time.Time{}
	if s.Budget.Time > 0 && s.Steps == 0 {
		deadline = time.Now().Add(time.Duration(s.Budget.Time))
	}
	out := &Outcome{Reproducible: deadline.IsZero(), search: s}
	var err error
	if s.Budget.Guided() {
		out.Trials, out.Steps, out.Reused, err = s.guided(ctx, deadline)
	} else {
		out.Trials, out.Reused, err = s.drawn(ctx, deadline)
	}
	if err != nil {
		return nil, err
	}
	if err := s.choose(out); err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Search) tell(t *Trial, done, total int) {
	if total == math.MaxInt32 {
		total = 0
	}
	message := t.Candidate.Label
	if out := t.Out(); out != "" {
		message += " " + out
	}
	s.Report.Tell(runs.Event{Stage: "train", Message: message, Done: done, Total: total})
}

// trial cross-fits and judges candidate number i of a drawn search.
func (s *Search) trial(ctx context.Context, i, threads int) (*Trial, bool, error) {
	t := &Trial{Number: i, Candidate: s.candidate(i)}
	reused, err := s.finish(ctx, t, nil, threads)
	return t, reused, err
}

// finish cross-fits a trial, with what was predicted of some folds before, and
// judges it. Only the end of the search itself is an error; a candidate that
// cannot be fitted is a failed trial.
func (s *Search) finish(ctx context.Context, t *Trial, before map[int]*train.FoldOut, threads int) (bool, error) {
	key := s.key(t.Candidate)
	o, reused, err := s.crossFit(ctx, key, t.Candidate, before, threads)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	var calibration *train.Calibration
	if err == nil {
		t.Rounds = o.Rounds
		calibration, err = s.calibrated(ctx, key, o)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err == nil {
		t.Judged, err = s.score(o, calibration)
	}
	cost := train.Cost{}
	if o != nil {
		cost = o.Cost
	}
	if err != nil {
		t.Failed = err.Error()
	}
	return reused, s.note(ctx, t, key, cost)
}

// key is the content key of what a candidate learns. The label and the reason do
// not change it; payoffs do where it is learnt for money.
func (s *Search) key(c model.Candidate) string {
	key := runs.KeyOf(s.Key, c.Model, c.Params)
	if c.Params.WantsStakes() {
		key = runs.KeyOf(key, s.Problem.Stakes)
	}
	return key
}

// crossFit gets the out-of-fold predictions from the journal or makes them.
func (s *Search) crossFit(ctx context.Context, key string, c model.Candidate, before map[int]*train.FoldOut, threads int) (*train.OutOfFold, bool, error) {
	var cost train.Cost
	work := func() ([]byte, error) {
		o, err := s.Problem.Complete(ctx, c, s.Split, before, threads)
		if err != nil {
			return nil, err
		}
		cost = o.Cost
		return encode(o), nil
	}
	if s.Store == nil {
		o, err := s.Problem.Complete(ctx, c, s.Split, before, threads)
		return o, false, err
	}
	data, reused, err := runs.OnceFile(ctx, s.Store, "trials/"+key[:16]+".f64", key, work)
	if err != nil {
		return nil, false, err
	}
	o := train.NewOutOfFold(s.Split, s.Problem.Outputs())
	o.Cost = cost
	if err := decode(data, o); err != nil {
		return nil, false, err
	}
	return o, reused, nil
}

// encode writes what CrossFit learnt: the rounds and the predictions, as
// little-endian numbers of 8 bytes.
func encode(o *train.OutOfFold) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(o.Rounds))
	for _, p := range o.Predictions {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(p))
	}
	return out
}

func decode(data []byte, o *train.OutOfFold) error {
	if want := 8 * (1 + len(o.Predictions)); len(data) != want {
		return fmt.Errorf("tune: trial: %d bytes of predictions, want %d", len(data), want)
	}
	o.Rounds = int(binary.LittleEndian.Uint64(data))
	for i := range o.Predictions {
		o.Predictions[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*(i+1):]))
	}
	return nil
}

// judge calibrates out-of-fold predictions and scores them.
func (s *Search) judge(o *train.OutOfFold) (Judged, error) {
	calibration, err := s.calibration(o)
	if err != nil {
		return Judged{}, err
	}
	return s.score(o, calibration)
}

// score asks the judge about calibrated predictions.
func (s *Search) score(o *train.OutOfFold, c *train.Calibration) (Judged, error) {
	score, err := s.Judge(o.Rows, c.Predictions)
	if err != nil {
		return Judged{}, err
	}
	j := Judged{Metric: score.Metric, Loss: score.Loss, money: score.Money, outOfFold: o, calibration: c}
	if c.Map != nil {
		j.Calibration = c.Map.Name()
	}
	if j.money != nil {
		j.Money, j.MoneyError = meanError(j.money)
		return j, nil
	}
	j.folds = s.byFold(o, c.Predictions)
	return j, nil
}

// byFold is the metric of the rows of each fold.
func (s *Search) byFold(o *train.OutOfFold, predictions []float64) []float64 {
	if s.Metric == nil {
		return nil
	}
	k := s.Problem.Outputs()
	out := make([]float64, len(s.Split.Folds))
	for f := range out {
		var rows []int
		var some []float64
		for i, g := range o.Fold {
			if g == f {
				rows, some = append(rows, o.Rows[i]), append(some, predictions[i*k:(i+1)*k]...)
			}
		}
		var err error
		if out[f], err = s.Metric(rows, some); err != nil {
			out[f] = math.NaN()
		}
	}
	return out
}
