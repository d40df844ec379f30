package trees

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"bespoke/model"
	"bespoke/objective"
)

// The saved form, little-endian; n is an unsigned varint, f a float64, s a
// varint length and that many bytes:
//
//	"BTRE" version(1 byte) task(1 byte) objective(s) classes(n)
//	features(n) { name(s) levels(n) }
//	outputs(n) { base(f) }
//	trees(n) { nodes(n) words(n) { node } { word(8 bytes) } }
//	node: kind(1 byte) value(f) cover(f), and for a split:
//	      feature(n) left(n) gain(f), then threshold(f) or set(n) length(n)
//
// The right child always follows the left one.
const (
	saveMagic   = "BTRE"
	saveVersion = 1

	kindLeaf      = 0
	kindNumber    = 1 // missing goes right
	kindMissLeft  = 2
	kindCategory  = 3
	nodeMin       = 17 // bytes of the smallest node
	maxSaveLevels = 1 << 24
)

// MarshalBinary writes the model as data for Load.
func (m *Model) MarshalBinary() ([]byte, error) {
	b := append([]byte(saveMagic), saveVersion, byte(m.Task))
	b = appendString(b, m.Objective)
	b = binary.AppendUvarint(b, uint64(m.Classes))
	b = binary.AppendUvarint(b, uint64(len(m.Features)))
	for _, f := range m.Features {
		b = appendString(b, f.Name)
		b = binary.AppendUvarint(b, uint64(f.Levels))
	}
	b = binary.AppendUvarint(b, uint64(len(m.Base)))
	for _, x := range m.Base {
		b = appendFloat(b, x)
	}
	b = binary.AppendUvarint(b, uint64(len(m.Trees)))
	for i := range m.Trees {
		b = m.Trees[i].append(b)
	}
	return b, nil
}

func (t *Tree) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(t.Nodes)))
	b = binary.AppendUvarint(b, uint64(len(t.Sets)))
	for i := range t.Nodes {
		n := &t.Nodes[i]
		kind := byte(kindNumber)
		switch {
		case n.Leaf():
			kind = kindLeaf
		case n.SetLen > 0:
			kind = kindCategory
		case n.MissingLeft:
			kind = kindMissLeft
		}
		b = append(b, kind)
		b = appendFloat(appendFloat(b, n.Value), n.Cover)
		if kind == kindLeaf {
			continue
		}
		b = binary.AppendUvarint(b, uint64(n.Feature))
		b = binary.AppendUvarint(b, uint64(n.Left))
		b = appendFloat(b, n.Gain)
		if kind != kindCategory {
			b = appendFloat(b, n.Threshold)
			continue
		}
		b = binary.AppendUvarint(b, uint64(n.Set))
		b = binary.AppendUvarint(b, uint64(n.SetLen))
	}
	for _, w := range t.Sets {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendFloat(b []byte, x float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
}

// Load reads what MarshalBinary wrote. Bytes that are cut off, damaged or not
// a model give an error; memory is bounded by the length of data.
func Load(data []byte) (*Model, error) {
	d := decoder{rest: data}
	m := d.model()
	if d.err == nil && len(d.rest) > 0 {
		d.fail("%d bytes too many at the end", len(d.rest))
	}
	if d.err != nil {
		return nil, fmt.Errorf("trees: load: %w", d.err)
	}
	obj, err := objective.Find(m.Objective, m.Task)
	if err != nil {
		return nil, fmt.Errorf("trees: load: %w", err)
	}
	if !fitsTask(m.Task, m.Classes) || len(m.Base) != obj.Raw(m.Classes) {
		return nil, fmt.Errorf("trees: load: %d classes and %d base scores do not fit the task %s", m.Classes, len(m.Base), m.Task)
	}
	m.countGain()
	m.prepare(obj)
	return m, nil
}

// New checks a model that was made by hand or read from another program and
// readies a copy of it for prediction. Task, Objective, Classes, Features (Name
// and Levels), Base and Trees must be set. The right child of a split stands
// right after the left one, after their parent; every number is finite. What
// Load would refuse is an error.
func New(m Model) (*Model, error) {
	for i := range m.Trees {
		for j := range m.Trees[i].Nodes {
			if n := &m.Trees[i].Nodes[j]; !n.Leaf() && n.Right != n.Left+1 {
				return nil, fmt.Errorf("trees: new: tree %d: node %d: right child %d; it must be %d, after the left one", i, j, n.Right, n.Left+1)
			}
		}
	}
	data, err := m.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("trees: new: %w", err)
	}
	out, err := Load(data)
	if err != nil {
		return nil, fmt.Errorf("trees: new: %w", err)
	}
	return out, nil
}

func fitsTask(task model.Task, classes int) bool {
	switch task {
	case model.Regression:
		return classes == 0
	case model.Binary:
		return classes == 2
	}
	return classes > 2
}

// decoder reads values from bytes that nobody vouches for. After the first
// error it keeps that error and every read gives zero.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
		d.rest = nil
	}
}

func (d *decoder) take(n int) []byte {
	if len(d.rest) < n {
		if d.err == nil {
			d.err = errors.New("the data ends too early")
		}
		d.rest = nil
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) word() uint64 {
	if b := d.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// float reads a number that must be finite.
func (d *decoder) float(what string) float64 {
	x := math.Float64frombits(d.word())
	if math.IsNaN(x) || math.IsInf(x, 0) {
		d.fail("%s is %v; it must be finite", what, x)
		return 0
	}
	return x
}

// number reads a whole number from 0 to most.
func (d *decoder) number(what string, most int) int {
	x, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.take(len(d.rest) + 1)
		return 0
	}
	d.rest = d.rest[n:]
	if x > uint64(max(most, 0)) {
		d.fail("%s is %d; at most %d is possible", what, x, most)
		return 0
	}
	return int(x)
}

// count reads how many items follow, each of which takes at least size bytes.
func (d *decoder) count(what string, size int) int {
	n := d.number(what, len(d.rest)/size)
	if n*size > len(d.rest) {
		d.fail("%s is %d but only %d bytes follow", what, n, len(d.rest))
		return 0
	}
	return n
}

func (d *decoder) string(what string) string {
	return string(d.take(d.count(what, 1)))
}

func (d *decoder) model() *Model {
	if magic := d.take(len(saveMagic)); string(magic) != saveMagic {
		d.fail("the data is not a model of boosted trees")
	}
	if v := d.byte(); v != saveVersion {
		d.fail("version %d; this program reads version %d", v, saveVersion)
	}
	m := &Model{Task: model.Task(d.byte()), Objective: d.string("length of the objective")}
	m.Classes = d.number("number of classes", math.MaxInt32)
	m.Features = make([]Feature, d.count("number of features", 2))
	for i := range m.Features {
		m.Features[i].Name = d.string("length of a feature's name")
		m.Features[i].Levels = d.number("number of levels", maxSaveLevels)
	}
	m.Base = make([]float64, d.count("number of outputs", 8))
	for i := range m.Base {
		m.Base[i] = d.float("a base score")
	}
	if len(m.Base) == 0 {
		d.fail("there is no base score")
	}
	trees := d.count("number of trees", 2+nodeMin)
	if d.err != nil {
		return m
	}
	if trees%len(m.Base) != 0 {
		d.fail("%d trees for %d outputs; it must be a multiple", trees, len(m.Base))
		return m
	}
	m.Trees = make([]Tree, trees)
	for i := range m.Trees {
		m.Trees[i] = d.tree(m.Features)
		if d.err != nil {
			d.err = fmt.Errorf("tree %d: %w", i, d.err)
			return m
		}
	}
	return m
}

func (d *decoder) tree(features []Feature) Tree {
	t := Tree{Nodes: make([]Node, d.count("number of nodes", nodeMin))}
	words := d.count("number of words of sets", 8)
	if len(t.Nodes) == 0 {
		d.fail("there are 0 nodes; at least 1 is needed")
	}
	// Every node but the root is the child of exactly one earlier node; node
	// checks that it is earlier, used that it is one.
	used := make([]bool, len(t.Nodes))
	splits := 0
	for i := range t.Nodes {
		n := d.node(i, len(t.Nodes), words, features)
		if d.err != nil {
			return t
		}
		t.Nodes[i] = n
		if n.Leaf() {
			continue
		}
		if used[n.Left] || used[n.Right] {
			d.fail("node %d: child %d has two parents", i, n.Left)
			return t
		}
		used[n.Left], used[n.Right] = true, true
		splits++
	}
	if 2*splits+1 != len(t.Nodes) {
		d.fail("%d splits have %d nodes; it must be %d", splits, len(t.Nodes), 2*splits+1)
	}
	if words*8 > len(d.rest) {
		d.fail("%d words of sets but only %d bytes follow", words, len(d.rest))
		return t
	}
	if words > 0 {
		t.Sets = make([]uint64, words)
		for i := range t.Sets {
			t.Sets[i] = d.word()
		}
	}
	return t
}

func (d *decoder) node(at, nodes, words int, features []Feature) Node {
	kind := d.byte()
	n := Node{Feature: -1, Value: d.float("a value"), Cover: d.float("a cover")}
	if kind == kindLeaf || d.err != nil {
		return n
	}
	if len(features) == 0 {
		d.fail("node %d: a split but no features", at)
		return n
	}
	n.Feature = int32(d.number("feature of a split", min(len(features)-1, mostFeatures)))
	n.Left = int32(d.number("left child", nodes-2))
	n.Right = n.Left + 1
	n.Gain = d.float("a gain")
	if d.err == nil && int(n.Left) <= at {
		d.fail("node %d: child %d; children must come after their parent", at, n.Left)
	}
	if d.err != nil {
		return n
	}
	category := features[n.Feature].Levels > 0
	switch {
	case kind == kindCategory && category:
		n.Set = int32(d.number("position of a set", words))
		n.SetLen = int32(d.number("length of a set", words-int(n.Set)))
		if n.SetLen == 0 {
			d.fail("node %d: the set of levels is empty", at)
		}
	case (kind == kindNumber || kind == kindMissLeft) && !category:
		n.MissingLeft = kind == kindMissLeft
		n.Threshold = d.float("a threshold")
	default:
		d.fail("node %d: kind %d does not fit feature %q", at, kind, features[n.Feature].Name)
	}
	return n
}

// The saved form, with the conventions of Model.MarshalBinary:
//
//	"BFOR" version(1 byte) extra(1 byte) task(1 byte) classes(n)
//	bagRows(n) bagError(f)
//	features(n) { name(s) levels(n) }
//	trees(n) { nodes(n) words(n) { node } { word(8 bytes) } }
//	then for three classes or more, per leaf and class: share(f)
const forestMagic = "BFOR"

// MarshalBinary writes the forest as data for LoadForest.
func (f *Forest) MarshalBinary() ([]byte, error) {
	extra := byte(0)
	if f.name == extraName {
		extra = 1
	}
	b := append([]byte(forestMagic), saveVersion, extra, byte(f.task))
	b = binary.AppendUvarint(b, uint64(f.classes))
	b = binary.AppendUvarint(b, uint64(f.bagRows))
	b = appendFloat(b, f.bagError)
	b = binary.AppendUvarint(b, uint64(len(f.features)))
	for _, x := range f.features {
		b = appendString(b, x.Name)
		b = binary.AppendUvarint(b, uint64(x.Levels))
	}
	b = binary.AppendUvarint(b, uint64(len(f.trees)))
	for i := range f.trees {
		b = f.trees[i].append(b)
	}
	for _, s := range f.shares {
		b = appendFloat(b, s)
	}
	return b, nil
}

// LoadForest reads what Forest.MarshalBinary wrote. Bytes that are cut off,
// damaged or not a forest give an error; memory is bounded by the length of
// data.
func LoadForest(data []byte) (*Forest, error) {
	d := decoder{rest: data}
	f := d.forest()
	if d.err == nil && len(d.rest) > 0 {
		d.fail("%d bytes too many at the end", len(d.rest))
	}
	if d.err != nil {
		return nil, fmt.Errorf("trees: load: %w", d.err)
	}
	f.prepare()
	return f, nil
}

func (d *decoder) forest() *Forest {
	if magic := d.take(len(forestMagic)); string(magic) != forestMagic {
		d.fail("the data is not a forest")
	}
	if v := d.byte(); v != saveVersion {
		d.fail("version %d; this program reads version %d", v, saveVersion)
	}
	f := &Forest{name: forestName}
	switch extra := d.byte(); extra {
	case 0:
	case 1:
		f.name = extraName
	default:
		d.fail("kind of forest %d; it must be 0 or 1", extra)
	}
	f.task = model.Task(d.byte())
	f.classes = d.number("number of classes", math.MaxInt32)
	if d.err == nil && (f.task > model.Multiclass || !fitsTask(f.task, f.classes)) {
		d.fail("%d classes do not fit the task %s", f.classes, f.task)
	}
	f.bagRows = d.number("number of rows out of the bag", math.MaxInt32)
	f.bagError = d.float("an error")
	f.features = make([]Feature, d.count("number of features", 2))
	for i := range f.features {
		f.features[i].Name = d.string("length of a feature's name")
		f.features[i].Levels = d.number("number of levels", maxSaveLevels)
	}
	f.trees = make([]Tree, d.count("number of trees", 2+nodeMin))
	if len(f.trees) == 0 && d.err == nil {
		d.err = errors.New("there are no trees; at least 1 is needed")
	}
	leaves := 0
	for i := range f.trees {
		f.trees[i] = d.tree(f.features)
		if d.err != nil {
			d.err = fmt.Errorf("tree %d: %w", i, d.err)
			return f
		}
		leaves += (len(f.trees[i].Nodes) + 1) / 2
	}
	d.leaves(f, leaves)
	return f
}

// leaves reads the shares of classes and checks that leaves hold what their
// task can have.
func (d *decoder) leaves(f *Forest, count int) {
	if f.multi() {
		if d.err == nil && count > len(d.rest)/8/f.classes {
			d.fail("%d leaves of %d classes but only %d bytes follow", count, f.classes, len(d.rest))
			return
		}
		f.shares = make([]float64, count*f.classes)
		for i := range f.shares {
			f.shares[i] = d.share()
		}
		for at := 0; at < len(f.shares) && d.err == nil; at += f.classes {
			sum := 0.0
			for _, s := range f.shares[at : at+f.classes] {
				sum += s
			}
			if !(math.Abs(sum-1) <= 1e-9) {
				d.fail("the shares of leaf %d sum to %v, not 1", at/f.classes, sum)
			}
		}
	}
	if f.classes == 2 {
		for _, t := range f.trees {
			for i := range t.Nodes {
				if v := t.Nodes[i].Value; t.Nodes[i].Leaf() && !(v >= 0 && v <= 1) {
					d.fail("a leaf has the share %v; it must be from 0 to 1", v)
				}
			}
		}
	}
}

func (d *decoder) share() float64 {
	x := d.float("a share")
	if d.err == nil && !(x >= 0 && x <= 1) {
		d.fail("a share is %v; it must be from 0 to 1", x)
	}
	return x
}
