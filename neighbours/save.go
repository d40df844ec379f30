package neighbours

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"bespoke/model"
)

// The saved form, little-endian; n is a uint32, f a float64:
//
//	"BKNN" version(1 byte) task(1 byte) distance(1 byte)
//	classes(n) inputs(n) used(n) points(n) count(f) smoothing(f)
//	used { feature(n) }
//	points { coordinates { f } weight(f) said { f } }
//
// Features are listed in rising order and points by their coordinates. What a
// point says is the mean target, or the weight of each class, which then are its
// weight together.
const (
	saveMagic   = "BKNN"
	saveVersion = 1
	headLength  = len(saveMagic) + 3 + 4*4 + 2*8
)

// MarshalBinary writes the model as data for Load.
func (m *Model) MarshalBinary() ([]byte, error) {
	width := m.Outputs()
	b := make([]byte, 0, headLength+4*len(m.used)+8*len(m.points)*(len(m.used)+1+width))
	b = append(b, saveMagic...)
	b = append(b, saveVersion, byte(m.task), 0)
	if m.distance {
		b[len(b)-1] = 1
	}
	for _, n := range []int{m.classes, m.inputs, len(m.used), len(m.points)} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	b = appendFloats(b, m.count, m.smoothing)
	for _, j := range m.used {
		b = binary.LittleEndian.AppendUint32(b, uint32(j))
	}
	for i, p := range m.points {
		b = appendFloats(b, p...)
		b = appendFloats(b, m.weight[i])
		b = appendFloats(b, m.said[i*width:(i+1)*width]...)
	}
	return b, nil
}

func appendFloats(b []byte, values ...float64) []byte {
	for _, x := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	return b
}

// Load reads what MarshalBinary wrote. Bytes that are cut off, damaged or not
// such a model give an error; memory is bounded by the length of data.
func Load(data []byte) (*Model, error) {
	m, err := load(data)
	if err != nil {
		return nil, fmt.Errorf("neighbours: load: %w", err)
	}
	return m, nil
}

func load(data []byte) (*Model, error) {
	if len(data) < headLength || string(data[:len(saveMagic)]) != saveMagic {
		return nil, errors.New("the data is not a model of nearest neighbours")
	}
	if v := data[4]; v != saveVersion {
		return nil, fmt.Errorf("version %d; this program reads version %d", v, saveVersion)
	}
	if data[6] > 1 {
		return nil, fmt.Errorf("weighting %d; it must be 0 or 1", data[6])
	}
	m := &Model{task: model.Task(data[5]), distance: data[6] == 1}
	var head [4]int
	for i := range head {
		head[i] = int(binary.LittleEndian.Uint32(data[7+4*i:]))
	}
	m.classes, m.inputs = head[0], head[1]
	used, points := head[2], head[3]
	m.count, m.smoothing = float(data[23:]), float(data[31:])
	if err := m.checkHead(used, points); err != nil {
		return nil, err
	}
	rest := data[headLength:]
	width := m.Outputs()
	// All are below 2^32, and the product is compared by division.
	per := 8 * (used + 1 + width)
	if len(rest) < 4*used || (len(rest)-4*used)%per != 0 || (len(rest)-4*used)/per != points {
		return nil, fmt.Errorf("%d bytes follow; %d features and %d points of %d bytes need others", len(rest), used, points, per)
	}
	if err := m.readUsed(rest[:4*used]); err != nil {
		return nil, err
	}
	if err := m.readPoints(rest[4*used:], points); err != nil {
		return nil, err
	}
	m.prepare()
	return m, nil
}

func float(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }

func (m *Model) checkHead(used, points int) error {
	fits := false
	switch m.task {
	case model.Regression:
		fits = m.classes == 0
	case model.Binary:
		fits = m.classes == 2
	case model.Multiclass:
		fits = m.classes > 2
	}
	switch {
	case !fits:
		return fmt.Errorf("%d classes do not fit the task %s", m.classes, m.task)
	case used > m.inputs || m.inputs > math.MaxInt32 || m.classes > math.MaxInt32:
		return fmt.Errorf("%d of %d features are used; at most all", used, m.inputs)
	case points == 0 || points > math.MaxInt32:
		return fmt.Errorf("there are %d points; it must be from 1 to %d", points, math.MaxInt32)
	case !(m.count >= 1 && m.count <= 10000) || m.count != math.Trunc(m.count):
		return fmt.Errorf("%v neighbours; it must be a whole number from 1 to 10000", m.count)
	case !(m.smoothing >= 0 && m.smoothing <= 10000):
		return fmt.Errorf("smoothing %v; it must be from 0 to 10000", m.smoothing)
	}
	return nil
}

func (m *Model) readUsed(data []byte) error {
	last := -1
	for ; len(data) > 0; data = data[4:] {
		j := int(binary.LittleEndian.Uint32(data))
		if j <= last || j >= m.inputs {
			return fmt.Errorf("feature %d after %d; they must rise and be below %d", j, last, m.inputs)
		}
		m.used = append(m.used, int32(j))
		last = j
	}
	return nil
}

func (m *Model) readPoints(data []byte, points int) error {
	dims, width := len(m.used), m.Outputs()
	places := make([]float64, points*dims)
	m.points, m.weight, m.said = make([]point, points), make([]float64, points), make([]float64, points*width)
	total := 0.0
	for i := range m.points {
		p := point(places[i*dims : (i+1)*dims])
		said := m.said[i*width : (i+1)*width]
		for d := range p {
			p[d] = float(data[8*d:])
		}
		m.weight[i] = float(data[8*dims:])
		for k := range said {
			said[k] = float(data[8*(dims+1+k):])
		}
		data = data[8*(dims+1+width):]
		if err := m.checkPoint(p, m.weight[i], said); err != nil {
			return fmt.Errorf("point %d: %w", i, err)
		}
		if i > 0 && slices.Compare(m.points[i-1], p) >= 0 {
			return fmt.Errorf("point %d does not come after the one before it", i)
		}
		m.points[i] = p
		total += m.weight[i]
	}
	if math.IsInf(total, 0) {
		return fmt.Errorf("the weights add up to %v", total)
	}
	return nil
}

func (m *Model) checkPoint(p point, weight float64, said []float64) error {
	for _, x := range p {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("a coordinate is %v; it must be finite", x)
		}
	}
	if !(weight > 0) || math.IsInf(weight, 0) {
		return fmt.Errorf("the weight is %v; it must be positive and finite", weight)
	}
	sum := 0.0
	for _, s := range said {
		if math.IsNaN(s) || math.IsInf(s, 0) || (m.classes > 0 && s < 0) {
			return fmt.Errorf("it says %v; that must be finite, and of a class not negative", s)
		}
		sum += s
	}
	if m.classes > 0 && !(math.Abs(sum-weight) <= 1e-9*weight) {
		return fmt.Errorf("the weights of classes are %v together and not %v", sum, weight)
	}
	return nil
}
