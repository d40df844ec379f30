package evaluate

import (
	"fmt"
	"slices"
	"strings"

	"bespoke/model"
	"bespoke/objective"
)

// Metric is one line of the table of metrics.
type Metric struct {
	// Name is the word of scenario files, such as "auc".
	Name string
	// Title is the name for people.
	Title string
	// Doc says in a sentence what it measures and in which unit.
	Doc string
	// Higher says that larger values are better.
	Higher bool
	// Tasks are those it is defined for.
	Tasks []model.Task

	of func(Held) (float64, error)
	// each, for rankings, is the metric of each query, NaN where it has none, and
	// of nil: the metric is the mean.
	each func(r *objective.Ranked, h Held) []float64
}

var (
	classes = []model.Task{model.Binary, model.Multiclass}
	numbers = []model.Task{model.Regression}
	ranked  = []model.Task{model.Ranking}
)

// Metrics is the table of all metrics. The first one of a task is its default.
// All agree with scikit-learn 1.9 where that has them.
var Metrics = []Metric{
	{Name: "auc", Title: "AUC", Higher: true, Tasks: classes, of: auc, Doc: "The chance that a positive row scores above a negative one, ties counting half; for several classes the mean over the classes, each against the rest."},
	{Name: "log_loss", Title: "log-loss", Tasks: classes, of: logLoss, Doc: "The mean of -log of the probability given to the true class, in nats."},
	{Name: "brier", Title: "Brier score", Tasks: classes, of: brier, Doc: "The mean squared error of the probability of the positive class; for several classes summed over the classes, so from 0 to 2."},
	{Name: "accuracy", Title: "accuracy", Higher: true, Tasks: classes, of: accuracy, Doc: "The share of rows whose most probable class is the true one."},
	{Name: "balanced_accuracy", Title: "balanced accuracy", Higher: true, Tasks: classes, of: balancedAccuracy, Doc: "The mean over the classes present of the share of their rows that is recognised."},
	{Name: "f1", Title: "F1", Higher: true, Tasks: classes, of: f1, Doc: "The harmonic mean of precision and recall of the positive class; for several classes the mean over the classes."},
	{Name: "rmse", Title: "RMSE", Tasks: numbers, of: rmse, Doc: "The root of the mean squared error, in the target's unit."},
	{Name: "mae", Title: "MAE", Tasks: numbers, of: mae, Doc: "The mean absolute error, in the target's unit."},
	{Name: "r2", Title: "R²", Higher: true, Tasks: numbers, of: r2, Doc: "The share of the target's variance that the predictions explain; negative when worse than the mean."},
	{Name: "mape", Title: "MAPE", Tasks: numbers, of: mape, Doc: "The mean absolute error as a share of the true number; huge where that is 0."},
	{Name: "ndcg", Title: "NDCG", Higher: true, Tasks: ranked, each: ndcg, Doc: "The gain of the first rows of a query, 2^relevance - 1 each, discounted by the logarithm of the place, as a share of the most there could be; the mean over the queries with a relevant row."},
	{Name: "map", Title: "MAP", Higher: true, Tasks: ranked, each: averagePrecision, Doc: "The mean over the relevant rows of a query, those above 0, of the share of relevant rows down to each; the mean over the queries with one."},
	{Name: "mrr", Title: "MRR", Higher: true, Tasks: ranked, each: reciprocalRank, Doc: "One over the place of the first relevant row of a query, the mean over the queries with one."},
}

// Handles says whether the metric is defined for the task.
func (m Metric) Handles(t model.Task) bool { return slices.Contains(m.Tasks, t) }

// Better says whether a is better than b.
func (m Metric) Better(a, b float64) bool { return a != b && a > b == m.Higher }

// Of computes the metric. It fails when the rows are broken or do not define
// it, such as AUC with one class only.
func (m Metric) Of(h Held) (float64, error) {
	if !m.Handles(h.Task) {
		return 0, fmt.Errorf("evaluate: %s: is not defined for %v", m.Name, h.Task)
	}
	if err := h.Check(); err != nil {
		return 0, err
	}
	v, err := m.value(h)
	if err != nil {
		return 0, fmt.Errorf("evaluate: %s: %w", m.Name, err)
	}
	return v, nil
}

func (m Metric) value(h Held) (float64, error) {
	if m.each == nil {
		return m.of(h)
	}
	r, err := objective.NewRanked(h.Truth, h.Queries)
	if err != nil {
		return 0, err
	}
	return meanOver(m.each(r, h))
}

// At is the metric with the title it has where the first top rows of a query
// count, such as NDCG@10; others stay as they are.
func (m Metric) At(top int) Metric {
	if m.Name == "ndcg" {
		m.Title = fmt.Sprintf("%s@%d", m.Title, top)
	}
	return m
}

// MetricFor finds the metric of a name, or the default one of the task for an
// empty name. It fails when there is none or it is not defined for the task.
func MetricFor(name string, task model.Task) (Metric, error) {
	var known []string
	for _, m := range Metrics {
		if !m.Handles(task) {
			continue
		}
		if m.Name == name || name == "" {
			return m, nil
		}
		known = append(known, m.Name)
	}
	return Metric{}, fmt.Errorf("evaluate: metric: %q is none of %s, those for %v", name, strings.Join(known, ", "), task)
}

// Score is one metric's value.
type Score struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Higher bool   `json:"higher_is_better"`
	// Value is nil when the rows do not define the metric; Note then says why.
	Value    *float64  `json:"value"`
	Interval *Interval `json:"interval,omitempty"`
	Note     string    `json:"note,omitempty"`
}

// scoreWork bounds rows times resamples behind the intervals of Scores, which
// recompute each metric in each resample.
const scoreWork = 1_000_000

// Scores computes every metric of the task with its interval. Those of a ranking
// are resampled by query. For more than
// 500 rows at 2,000 resamples the number of resamples is reduced, to 200 at
// the least.
func Scores(h Held, o Options) ([]Score, error) {
	if err := h.Check(); err != nil {
		return nil, err
	}
	if err := o.Validate(h.Rows()); err != nil {
		return nil, err
	}
	var wanted []Metric
	for _, m := range Metrics {
		if m.Handles(h.Task) {
			wanted = append(wanted, m)
		}
	}
	resampled, err := resample(h, wanted, o)
	if err != nil {
		return nil, err
	}
	var out []Score
	for k, m := range wanted {
		s := Score{Name: m.Name, Title: m.At(h.Top).Title, Higher: m.Higher}
		v, err := m.value(h)
		if err != nil {
			s.Note = err.Error()
		} else {
			s.Value = &v
			if values := resampled[k]; len(values) > 0 {
				i := percentile(values, o.Level)
				s.Interval = &i
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// resample computes the metrics on resampled rows or queries, by metric.
func resample(h Held, metrics []Metric, o Options) ([][]float64, error) {
	if h.Task == model.Ranking {
		return resampleQueries(h, metrics, o)
	}
	return resampleScores(h, metrics, o), nil
}

// resampleScores computes the metrics on resampled rows, by metric; resamples
// that do not define a metric are left out of it.
func resampleScores(h Held, metrics []Metric, o Options) [][]float64 {
	n := h.Rows()
	resamples := min(o.Resamples, max(200, scoreWork/n))
	of, m := unitOf(n, maxUnits, o)
	members := make([][]int, m)
	for i, k := range of {
		members[k] = append(members[k], i)
	}
	all := make([][]*float64, resamples)
	forEach(resamples, o.Threads, func(b int) {
		pick := draws(o.Seed, b, m)
		rows := make([]int, 0, n)
		for range m {
			rows = append(rows, members[pick()]...)
		}
		part := h.take(rows)
		all[b] = make([]*float64, len(metrics))
		for k, metric := range metrics {
			if v, err := metric.of(part); err == nil {
				all[b][k] = &v
			}
		}
	})
	out := make([][]float64, len(metrics))
	for k := range metrics {
		for b := range all {
			if v := all[b][k]; v != nil {
				out[k] = append(out[k], *v)
			}
		}
	}
	return out
}
