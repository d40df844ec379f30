package linear

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"bespoke/internal/strictjson"
	"bespoke/model"
)

// Model is a fitted linear model. It is immutable and safe for concurrent use.
type Model struct {
	name       string
	task       model.Task
	weights    [][]float64
	intercepts []float64
	means      []float64
	deviations []float64
	iterations int
	converged  bool
	// wide are the weights of the sparse part, column by column: all raw outputs
	// of a column side by side.
	wide []float64
	// wideMeans are the weighted means of its columns over the training rows.
	wideMeans []float32
}

var (
	_ model.Linear = (*Model)(nil)
	_ model.Wide   = (*Model)(nil)
)

// Name is the entry that made the model.
func (m *Model) Name() string { return m.name }

// Task is the kind of question the model answers.
func (m *Model) Task() model.Task { return m.task }

// Outputs is the length of a prediction: 1 for regression, else the number of
// classes.
func (m *Model) Outputs() int {
	if m.task == model.Binary {
		return 2
	}
	return len(m.weights)
}

// Inputs is the number of features that a row must have beside its sparse part.
func (m *Model) Inputs() int { return len(m.means) }

// Predict writes the probabilities of the classes, or the number, for one row
// of Inputs features. It does not allocate.
func (m *Model) Predict(row, out []float64) {
	switch m.task {
	case model.Regression:
		out[0] = m.intercepts[0] + dot(m.weights[0], row)
	case model.Binary:
		p := sigmoid(m.intercepts[0] + dot(m.weights[0], row))
		out[0], out[1] = 1-p, p
	default:
		m.Raw(row, out)
		softmax(out)
	}
}

// Raw writes the raw outputs of a row: the number for regression, the log-odds
// of class 1 for binary, one score per class (softmax gives the probabilities)
// for more classes. out has the length of Coefficients' intercepts.
func (m *Model) Raw(row, out []float64) {
	for k, w := range m.weights {
		out[k] = m.intercepts[k] + dot(w, row)
	}
}

// SparseInputs is the number of columns of the sparse part.
func (m *Model) SparseInputs() int { return len(m.wide) / len(m.weights) }

// PredictWide is Predict for a row with a sparse part; columns from SparseInputs
// on are left out. It does not allocate.
func (m *Model) PredictWide(row []float64, sparse model.SparseRow, out []float64) {
	if m.task == model.Binary {
		m.RawWide(row, sparse, out[:1])
		p := sigmoid(out[0])
		out[0], out[1] = 1-p, p
		return
	}
	m.RawWide(row, sparse, out)
	if m.task == model.Multiclass {
		softmax(out)
	}
}

// RawWide is Raw for a row with a sparse part.
func (m *Model) RawWide(row []float64, sparse model.SparseRow, out []float64) {
	m.Raw(row, out)
	addWide(sparse.Below(m.SparseInputs()), m.wide, out[:len(m.weights)])
}

// Wide returns the weights of the sparse part in the units of its values: those
// of column c for all raw outputs begin at c times their number. The slice must
// not be changed.
func (m *Model) Wide() []float64 { return m.wide }

// WideMeans are the weighted means of the columns of the sparse part over the
// training rows, to single precision: they are a point of reference only, as
// Means are. The slice must not be changed.
func (m *Model) WideMeans() []float32 { return m.wideMeans }

// keep takes the weights of the sparse part for one of the raw outputs.
func (m *Model) keep(output, outputs int, w []float64) {
	if m.wide == nil && len(w) > 0 {
		m.wide = make([]float64, len(w)*outputs)
	}
	for c, v := range w {
		m.wide[c*outputs+output] = v
	}
}

// Coefficients returns the weights per raw output and feature, and the
// intercept per raw output, in the units of the features the model was given.
// The slices must not be changed.
func (m *Model) Coefficients() (weights [][]float64, intercepts []float64) {
	return m.weights, m.intercepts
}

// Means are the weighted means of the features over the training rows: the
// reference point from which exact contributions are measured.
func (m *Model) Means() []float64 { return m.means }

// Deviations are the weighted standard deviations of the features over the
// training rows; a weight times its deviation compares across features.
func (m *Model) Deviations() []float64 { return m.deviations }

// Converged tells after how many passes the minimiser stopped, and whether it
// had reached its tolerance there. A model of separable classes under almost no
// penalty has no finite optimum and ends unconverged.
func (m *Model) Converged() (iterations int, ok bool) { return m.iterations, m.converged }

// sigmoid is 1/(1+exp(-x)) without overflow.
func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

// softmax turns scores into probabilities in place and returns the logarithm of
// the sum of their exponentials.
func softmax(z []float64) float64 {
	top := slices.Max(z)
	sum := 0.0
	for i, v := range z {
		z[i] = math.Exp(v - top)
		sum += z[i]
	}
	for i := range z {
		z[i] /= sum
	}
	return top + math.Log(sum)
}

// saved is the form of a model on disk.
type saved struct {
	Model      string      `json:"model"`
	Task       model.Task  `json:"task"`
	Weights    [][]float64 `json:"weights"`
	Intercepts []float64   `json:"intercepts"`
	Means      []float64   `json:"means"`
	Deviations []float64   `json:"deviations"`
	Iterations int         `json:"iterations"`
	Converged  bool        `json:"converged"`
	// Wide are the weights of the sparse part as 8 bytes each, the lowest first.
	Wide []byte `json:"wide,omitempty"`
	// WideMeans are the means of its columns as 4 bytes each.
	WideMeans []byte `json:"wide_means,omitempty"`
}

// MarshalBinary writes the model as JSON; numbers keep every bit.
func (m *Model) MarshalBinary() ([]byte, error) {
	out, err := json.Marshal(saved{
		m.name, m.task, m.weights, m.intercepts, m.means, m.deviations, m.iterations, m.converged, packed(m.wide), packedSingles(m.wideMeans),
	})
	if err != nil {
		return nil, fmt.Errorf("linear: saving %s: %w", m.name, err)
	}
	return out, nil
}

func loadLogistic(data []byte) (model.Fitted, error)   { return load(logisticName, data) }
func loadRidge(data []byte) (model.Fitted, error)      { return load(ridgeName, data) }
func loadElasticNet(data []byte) (model.Fitted, error) { return load(elasticNetName, data) }

func load(name string, data []byte) (model.Fitted, error) {
	var s saved
	if err := strictjson.Decode(data, &s); err != nil {
		return nil, fmt.Errorf("linear: loading %s: %w", name, err)
	}
	if s.Model != name {
		return nil, fmt.Errorf("linear: loading %s: %q is another model", name, s.Model)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("linear: loading %s: %w", name, err)
	}
	return &Model{s.Model, s.Task, s.Weights, s.Intercepts, s.Means, s.Deviations, s.Iterations, s.Converged, unpacked(s.Wide), unpackedSingles(s.WideMeans)}, nil
}

// packed writes numbers as 8 bytes each.
func packed(x []float64) []byte {
	var out []byte
	for _, v := range x {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
	}
	return out
}

// packedSingles writes numbers as 4 bytes each.
func packedSingles(x []float32) []byte {
	var out []byte
	for _, v := range x {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

// unpackedSingles reads what packedSingles wrote.
func unpackedSingles(data []byte) []float32 {
	if len(data) == 0 {
		return nil
	}
	out := make([]float32, len(data)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return out
}

// unpacked reads what packed wrote.
func unpacked(data []byte) []float64 {
	if len(data) == 0 {
		return nil
	}
	out := make([]float64, len(data)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
	}
	return out
}

// check verifies that the sizes agree with each other and with the task.
func (s saved) check() error {
	if !slices.Contains(tasks[s.Model], s.Task) {
		return fmt.Errorf("task %s is none of %v", s.Task, tasks[s.Model])
	}
	raw := len(s.Intercepts)
	if s.Task == model.Multiclass && raw < 3 || s.Task != model.Multiclass && raw != 1 {
		return fmt.Errorf("%d intercepts do not fit task %s", raw, s.Task)
	}
	if len(s.Weights) != raw {
		return fmt.Errorf("%d rows of weights for %d intercepts; they must be equal", len(s.Weights), raw)
	}
	for k, w := range s.Weights {
		if len(w) != len(s.Means) || len(s.Deviations) != len(s.Means) {
			return fmt.Errorf("output %d: %d weights, %d means, %d deviations; they must be equal", k, len(w), len(s.Means), len(s.Deviations))
		}
	}
	for _, d := range s.Deviations {
		if d < 0 {
			return fmt.Errorf("deviation %v must not be negative", d)
		}
	}
	if len(s.Wide)%(8*raw) != 0 {
		return fmt.Errorf("%d bytes of weights of a sparse part for %d outputs; they must be 8 for each of them and column", len(s.Wide), raw)
	}
	if len(s.WideMeans)%4 != 0 || len(s.WideMeans)/4 != len(s.Wide)/8/raw {
		return fmt.Errorf("%d bytes of means for %d columns of a sparse part; they must be 4 for each", len(s.WideMeans), len(s.Wide)/8/raw)
	}
	for at, v := range unpackedSingles(s.WideMeans) {
		if !finite(float64(v)) {
			return fmt.Errorf("mean of column %d of the sparse part is %v; it must be finite", at, v)
		}
	}
	for at, v := range unpacked(s.Wide) {
		if !finite(v) {
			return fmt.Errorf("weight %d of the sparse part is %v; it must be finite", at, v)
		}
	}
	if s.Iterations < 0 {
		return fmt.Errorf("%d iterations must not be negative", s.Iterations)
	}
	return nil
}
