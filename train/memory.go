package train

import (
	"fmt"

	"bespoke/internal/spill"
	"bespoke/model"
	"bespoke/table"
	"bespoke/web"
)

// Memory is about how many bytes learning takes, estimated from the table and
// the split before it begins. The parts are those that grow with the rows:
//
//   - Table: 8 bytes for a number or a time, 4 for the code of a category, 16
//     and the letters for a text, and nothing for a column on disk but
//     spill.Resident for all of them; and 24 per row for the split.
//   - Fit: of R rows learnt from and F features, a model that reads views
//     (model.Entry.Views) has two sets of bins, 2RF (or one of 16 bits where
//     max_bins asks for more than 255, and less where features share a
//     histogram, which is known only when they are read); targets, scores, first and
//     second derivatives, the cells made of them and lists of rows, R(60 + 8K)
//     with K raw outputs; in a fold the lists of rows, 16R; the numbers of the
//     rows that edges are found by, 8F of at most 200,000 rows; and, as
//     numbers, the rows that early stopping watches, W(8F + 8K + 16). Any other
//     model has all features as numbers, 8F(R+W), and the same lists. In the
//     dense encoding a category is a feature per level, at most 30.
//   - Trial: of every row with an out-of-fold prediction its number, its fold,
//     two sets of probabilities and its money, D(24 + 16K').
//   - Judge: while a trial is judged, D(92 + 10K') for choosing a calibration of
//     K' classes or D(60 + 16A) for metrics and the money of A actions, whichever
//     is more.
//   - Held: predictions, truth and money of T test rows for two choices,
//     2T(36 + 8K' + 16A), kept to the end.
//   - Explain: the test rows, 8TF, and the losses of S scores as they are, 8ST;
//     and for each thread Each: the shuffled column, its order, predictions,
//     losses and money, T(44 + 8K' + 24S + 16A). A resample of metrics takes less.
//
// Histograms are not counted. They do not grow with the rows: a few MiB with 255
// bins, at most 512 MiB where max_bins is in the thousands.
//
// 96 MiB are for the program itself, and a tenth of the fits for the garbage that
// the collector has not collected yet: it keeps to that where limits.memory is
// set, and may take twice the memory where nothing is.
type Memory struct {
	Table int64 `json:"table"`
	// Fit is of one fold, Refit of all development rows.
	Fit   int64 `json:"fit"`
	Refit int64 `json:"refit"`
	// Trial is kept of every trial.
	Trial int64 `json:"trial"`
	// Judge is of judging a trial.
	Judge int64 `json:"judge"`
	// Held is kept of the test rows, Explain is taken beside it for explaining
	// them, and Each by each thread of evaluating and explaining.
	Held    int64 `json:"held"`
	Explain int64 `json:"explain"`
	Each    int64 `json:"each"`
}

const (
	baseBytes  = 96 << 20
	garbage    = 1.1
	edgeRows   = 200_000
	mostOneHot = 30
)

// Peak is the most that a run of so many trials, some of them at once, takes from
// reading to the end.
func (m Memory) Peak(trials, atOnce int) int64 {
	work := max(int64(atOnce)*max(m.Fit, m.Judge), m.Held+m.Refit, m.Held+m.Explain+m.Each)
	return m.kept(trials) + int64(garbage*float64(work))
}

// kept is what a run of so many trials has in memory whatever it does.
func (m Memory) kept(trials int) int64 { return baseBytes + m.Table + int64(trials)*m.Trial }

// Threads is on how many threads, at least 1 and at most most, the test rows are
// evaluated and explained so that it stays within the limit in bytes.
func (m Memory) Threads(trials, most int, limit int64) int {
	left := float64(limit-m.kept(trials))/garbage - float64(m.Held+m.Explain)
	return max(1, min(most, int(left/float64(max(1, m.Each)))))
}

// AtOnce is how many fits, at most most, may run at once within the limit in
// bytes; 0 when not even one fits.
func (m Memory) AtOnce(trials, most int, limit int64) int {
	for n := max(1, most); n > 0; n-- {
		if m.Peak(trials, n) <= limit {
			return n
		}
	}
	return 0
}

// MemoryOf estimates what learning a model from the problem's table takes.
func (p *Problem) MemoryOf(e model.Entry, split table.Split) Memory {
	m := Memory{Table: 24 * int64(p.Table.Rows())}
	width, onDisk := int64(0), int64(0) // width is in features
	for _, c := range p.Table.Columns() {
		if c.OnDisk {
			onDisk = spill.Resident
		} else {
			m.Table += columnBytes(c)
		}
		if c.Role != table.Feature {
			continue
		}
		width++
		if c.Kind == table.Category && e.Encoding == model.Dense {
			width += min(mostOneHot, int64(len(c.Levels))) - 1
		}
	}
	m.Table += onDisk
	most, judged := 0, 0
	for k := range split.Folds {
		judged += len(split.Folds[k])
		most = max(most, len(split.Development)-len(split.Folds[k]))
	}
	watched := 0
	if e.Stopping != nil {
		watched = int(watchShare * float64(most))
	}
	m.Fit = p.fitBytes(e, int64(most-watched), int64(watched), width) + 16*int64(most)
	m.Refit = p.fitBytes(e, int64(len(split.Development)), 0, width)
	m.Trial = int64(judged) * int64(24+16*p.Outputs())
	p.judgedBytes(&m, int64(judged), int64(len(split.Test)), width)
	return m
}

// judgedBytes fills what judging trials and the test rows take.
func (p *Problem) judgedBytes(m *Memory, judged, test, features int64) {
	outputs, actions := int64(p.Outputs()), int64(p.Actions)
	m.Judge = judged * (60 + 16*actions)
	if p.Task != model.Regression {
		m.Judge = max(m.Judge, judged*(92+10*outputs))
	}
	scores := min(2, 1+actions)
	m.Held = 2 * test * (36 + 8*outputs + 16*actions)
	m.Explain = test * 8 * (features + scores)
	m.Each = test * (44 + 8*outputs + 24*scores + 16*actions)
}

func columnBytes(c *table.Column) int64 {
	n := int64(c.Len())
	switch c.Kind {
	case table.Category:
		return 4 * n
	case table.Text:
		n *= 16
		for _, s := range c.Texts {
			n += int64(len(s))
		}
		return n
	case table.Number, table.Time:
	}
	return 8 * n
}

// fitBytes is Memory.Fit of so many rows to learn from and to watch.
func (p *Problem) fitBytes(e model.Entry, rows, watched, features int64) int64 {
	raw := int64(1)
	if p.Task == model.Multiclass {
		raw = int64(p.Outputs())
	}
	lists := rows * (60 + 8*raw)
	if !e.Views {
		return lists + 8*features*(rows+watched)
	}
	return lists + 2*rows*features + 8*features*min(rows, edgeRows) + watched*(8*features+8*raw+16)
}

// Bound makes fits wait for one another: at most so many run at once, and those
// share the threads. It is to be called before the first fit.
func (p *Problem) Bound(atOnce, threads int) {
	p.slots = make(chan struct{}, max(1, atOnce))
	p.each = max(1, threads/max(1, atOnce))
}

// enter waits until a fit may begin; it gives the threads for it, at least those
// that were meant, and what ends it.
func (p *Problem) enter(threads int) (int, func()) {
	if p.slots == nil {
		return threads, func() {}
	}
	p.slots <- struct{}{}
	return max(threads, p.each), func() { <-p.slots }
}

// TooLargeError says that a model cannot be learnt within limits.memory.
type TooLargeError struct {
	// Needed and Allowed are bytes.
	Needed, Allowed int64
}

// Error says how much is needed and what would help.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("train: memory: it needs about %s, limits.memory allows %s; fewer rows or columns, a text column left out or a higher limit would help", web.Bytes(e.Needed), web.Bytes(e.Allowed))
}

// within refuses a model that needs more than the limit on its own.
func (p *Problem) within(e model.Entry, split table.Split) error {
	if p.Limit <= 0 {
		return nil
	}
	m := p.MemoryOf(e, split)
	if p.said != nil { // a row per class
		m.Fit, m.Refit = m.Fit*int64(p.Outputs()), m.Refit*int64(p.Outputs())
	}
	if need := m.Peak(1, 1); need > p.Limit {
		return &TooLargeError{Needed: need, Allowed: p.Limit}
	}
	return nil
}
