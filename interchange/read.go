package interchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"bespoke/model"
	"bespoke/trees"
)

// ReadLightGBM reads LightGBM's text model of version 3 or 4. Its raw scores are
// LightGBM's to the bit for rows that were prepared (Import.Prepare). Those of a
// random forest (average_output) are the mean of the trees, from which it makes
// predictions, where its own raw scores are the sum; the mean is taken leaf by
// leaf, so that last bits may differ. Covers are the counts of training rows.
//
// Refused are linear trees, objectives that are not carried over, scores with a
// sigmoid other than 1, two classes as multiclass, and features in which zero is
// missing in some splits only. Bytes that are no model are an error; memory is
// bounded by their number.
func ReadLightGBM(data []byte) (*Import, error) {
	m, err := readLightGBM(string(data))
	if err != nil {
		return nil, fmt.Errorf("interchange: read LightGBM: %w", err)
	}
	return m, nil
}

// document is LightGBM's text cut into its parts.
type document struct {
	head  fields
	trees []fields
	// categories is the JSON after pandas_categorical:, or nothing.
	categories string
}

func readLightGBM(text string) (*Import, error) {
	d, err := parseDocument(text)
	if err != nil {
		return nil, err
	}
	r := reader{doc: d}
	if err := r.header(); err != nil {
		return nil, err
	}
	for i, f := range d.trees {
		t, err := r.tree(f)
		if err != nil {
			return nil, fmt.Errorf("tree %d: %w", i, err)
		}
		r.model.Trees = append(r.model.Trees, t)
	}
	return r.finish()
}

// parseDocument cuts the text into lines.
func parseDocument(text string) (document, error) {
	d := document{head: fields{}}
	text, ok := strings.CutPrefix(text, "tree")
	if !ok || text == "" || text[0] != '\n' && text[0] != '\r' {
		return d, errors.New(`this is not LightGBM's text model, whose first line is "tree"`)
	}
	into, ended := d.head, false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if json, found := strings.CutPrefix(line, "pandas_categorical:"); found && ended {
			d.categories = json
			continue
		}
		switch {
		case ended || line == "":
			continue
		case line == "end of trees":
			ended = true
			continue
		case strings.HasPrefix(line, "Tree="):
			into = fields{}
			d.trees = append(d.trees, into)
		}
		if err := into.add(line); err != nil {
			return d, err
		}
	}
	if !ended {
		return d, errors.New(`the text ends before "end of trees"`)
	}
	return d, nil
}

// reader makes a model of a document.
type reader struct {
	doc     document
	model   trees.Model
	columns []Column
	object  string
	// scale divides leaves, for the mean of a random forest.
	scale float64
	// splits are the splits of numbers by feature, codes one more than the
	// largest category code by feature, 0 where there is none.
	splits [][]decision
	codes  []int
}

// header reads what stands before the trees.
func (r *reader) header() error {
	h := r.doc.head
	if v := h["version"]; v != "v3" && v != "v4" {
		return fmt.Errorf("version is %q; v3 and v4 are read", cut(v))
	}
	features, err := h.number("max_feature_idx", 0, math.MaxInt32-1)
	if err != nil {
		return err
	}
	features++
	names := strings.Fields(h["feature_names"])
	if err := checkNames(names, features); err != nil {
		return err
	}
	r.object = h["objective"]
	o, err := fromLightGBM(r.object)
	if err != nil {
		return err
	}
	if err := r.outputs(o); err != nil {
		return err
	}
	r.columns = make([]Column, features)
	r.splits, r.codes = make([][]decision, features), make([]int, features)
	for j, name := range names {
		r.columns[j] = Column{Name: name, lightGBM: true}
	}
	return r.infos()
}

// outputs settles the task and how many trees a round has.
func (r *reader) outputs(o *objective) error {
	each, err := r.doc.head.number("num_tree_per_iteration", 1, len(r.doc.trees))
	if err != nil {
		return fmt.Errorf("%w: every output needs a tree", err)
	}
	classes, err := r.doc.head.number("num_class", 1, math.MaxInt32)
	if err != nil {
		return err
	}
	r.model = trees.Model{Task: o.task, Objective: o.ours, Base: make([]float64, each)}
	switch o.task {
	case model.Binary:
		r.model.Classes = 2
	case model.Multiclass:
		r.model.Classes = classes
		if classes < 3 {
			return fmt.Errorf("objective %q with %d classes; multiclass needs 3, train two classes as binary", cut(r.object), classes)
		}
	}
	if each != classes {
		return fmt.Errorf("%d trees in a round for %d classes; it must be as many", each, classes)
	}
	if len(r.doc.trees)%each != 0 {
		return fmt.Errorf("%d trees for %d outputs; it must be a multiple", len(r.doc.trees), each)
	}
	r.scale = 1
	if _, mean := r.doc.head["average_output"]; mean {
		r.scale = float64(len(r.doc.trees) / each)
	}
	return nil
}

// infos reads which features are categories, and their codes.
func (r *reader) infos() error {
	text, ok := r.doc.head["feature_infos"]
	if !ok {
		return nil
	}
	words := strings.Fields(text)
	if len(words) != len(r.columns) {
		return fmt.Errorf("feature_infos has %d values; it must have %d", len(words), len(r.columns))
	}
	for j, w := range words {
		if w == "none" || strings.HasPrefix(w, "[") {
			continue
		}
		for code := range strings.SplitSeq(w, ":") {
			c, err := strconv.Atoi(code)
			if err != nil || c < -1 || c > math.MaxInt32-1 {
				return fmt.Errorf("feature_infos: feature %d: code %q; it must be a whole number from -1", j, cut(code))
			}
			r.codes[j] = max(r.codes[j], c+1)
		}
	}
	return nil
}

// rawTree is the splits and leaves of one tree, as the text has them.
type rawTree struct {
	feature, kind, left, right []int
	threshold, leaf            []float64
	gain, value                []float64
	count, leafCount           []float64
	// start and words are the sets of categories, placed where those that were
	// met stand in Tree.Sets.
	start  []int
	words  []int
	placed map[int][2]int32
}

// tree reads one tree.
func (r *reader) tree(f fields) (trees.Tree, error) {
	raw, err := r.raw(f)
	if err != nil {
		return trees.Tree{}, err
	}
	var t trees.Tree
	root := 0
	if len(raw.leaf) == 1 {
		root = -1
	}
	t.Nodes, err = layout(root, 2*len(raw.leaf)-1, func(id int, n *trees.Node) (left, right int, err error) {
		if id < 0 {
			n.Value, n.Cover = raw.leaf[-1-id]/r.scale, raw.leafCount[-1-id]
			return 0, 0, nil
		}
		n.Feature, n.Value, n.Cover, n.Gain = int32(raw.feature[id]), raw.value[id]/r.scale, raw.count[id], raw.gain[id]
		if raw.kind[id]&bitCategory != 0 {
			err = r.set(&t, n, raw, id)
		} else {
			err = r.threshold(n, raw, id)
		}
		return raw.left[id], raw.right[id], err
	})
	if err == nil && len(t.Nodes) != 2*len(raw.leaf)-1 {
		err = fmt.Errorf("%d of its %d nodes are reached from the root", len(t.Nodes), 2*len(raw.leaf)-1)
	}
	return t, err
}

// threshold makes n a split of a number.
func (r *reader) threshold(n *trees.Node, raw *rawTree, id int) error {
	d := decision{missing: raw.kind[id] >> 2, left: raw.kind[id]&bitLeft != 0, at: raw.threshold[id]}
	if d.missing > missingNaN {
		return fmt.Errorf("split %d: decision_type %d is not known", id, raw.kind[id])
	}
	r.splits[n.Feature] = append(r.splits[n.Feature], d)
	n.Threshold, n.MissingLeft = d.at, d.missingLeft()
	return nil
}

// set makes n a split of a category.
func (r *reader) set(t *trees.Tree, n *trees.Node, raw *rawTree, id int) error {
	at := raw.threshold[id]
	if at < 0 || at != math.Trunc(at) || at >= float64(len(raw.start)-1) {
		return fmt.Errorf("split %d: set %v of %d", id, at, len(raw.start)-1)
	}
	defer func() { r.codes[n.Feature] = max(r.codes[n.Feature], 1, largest(t.Sets[n.Set:n.Set+n.SetLen])) }()
	if where, ok := raw.placed[int(at)]; ok {
		n.Set, n.SetLen = where[0], where[1]
		return nil
	}
	from, to := raw.start[int(at)], raw.start[int(at)+1]
	if from >= to || to > len(raw.words) {
		return fmt.Errorf("split %d: its set is words %d to %d of %d", id, from, to, len(raw.words))
	}
	n.Set = int32(len(t.Sets))
	for i, w := range raw.words[from:to] {
		if i%2 == 0 {
			t.Sets = append(t.Sets, uint64(w))
		} else {
			t.Sets[len(t.Sets)-1] |= uint64(w) << 32
		}
	}
	n.SetLen = int32(len(t.Sets)) - n.Set
	raw.placed[int(at)] = [2]int32{n.Set, n.SetLen}
	return nil
}

// largest is one more than the largest member of a set, 0 when it is empty.
func largest(set []uint64) int {
	for i := len(set) - 1; i >= 0; i-- {
		if set[i] != 0 {
			return 64*i + bits.Len64(set[i])
		}
	}
	return 0
}

// raw reads the numbers of a tree.
func (r *reader) raw(f fields) (*rawTree, error) {
	if linear, ok := f["is_linear"]; ok && linear != "0" {
		return nil, errors.New("its leaves are linear models, which cannot be carried over")
	}
	leaves, err := f.number("num_leaves", 1, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	raw := &rawTree{placed: map[int][2]int32{}}
	if raw.leaf, err = f.floats("leaf_value", leaves); err != nil {
		return nil, err
	}
	splits := leaves - 1
	raw.leafCount, raw.count = f.told("leaf_count", leaves), f.told("internal_count", splits)
	raw.gain, raw.value = f.told("split_gain", splits), f.told("internal_value", splits)
	if splits == 0 {
		return raw, nil
	}
	var errs [7]error
	raw.feature, errs[0] = f.ints("split_feature", splits, 0, len(r.columns)-1)
	raw.threshold, errs[1] = f.thresholds(splits)
	raw.kind, errs[2] = f.ints("decision_type", splits, 0, 15)
	raw.left, errs[3] = f.ints("left_child", splits, -leaves, splits-1)
	raw.right, errs[4] = f.ints("right_child", splits, -leaves, splits-1)
	sets, err := f.number("num_cat", 0, splits)
	if errs[5] = err; err == nil && sets > 0 {
		raw.start, errs[5] = f.ints("cat_boundaries", sets+1, 0, math.MaxInt32)
		raw.words, errs[6] = f.ints("cat_threshold", len(strings.Fields(f["cat_threshold"])), 0, math.MaxUint32)
	}
	if !slices.IsSorted(raw.start) {
		return nil, errors.New("cat_boundaries do not rise")
	}
	return raw, errors.Join(errs[:]...)
}

// finish puts features and trees together.
func (r *reader) finish() (*Import, error) {
	r.model.Features = make([]trees.Feature, len(r.columns))
	for j := range r.columns {
		c := &r.columns[j]
		if r.codes[j] > 0 && len(r.splits[j]) > 0 {
			return nil, fmt.Errorf("feature %q is split both as a number and as a category", c.Name)
		}
		var err error
		if c.zeroMissing, err = zeros(r.splits[j]); err != nil {
			return nil, fmt.Errorf("feature %q: %w", c.Name, err)
		}
		c.category = r.codes[j] > 0
	}
	if err := r.names(); err != nil {
		return nil, err
	}
	for j, c := range r.columns {
		r.model.Features[j] = trees.Feature{Name: c.Name, Levels: max(r.codes[j], len(c.Levels))}
	}
	m, err := trees.New(r.model)
	if err != nil {
		return nil, err
	}
	return &Import{Model: m, Format: "LightGBM " + r.doc.head["version"], Objective: r.object, Columns: r.columns}, nil
}

// names gives categories the names of their levels, if the file has a list for
// each of them.
func (r *reader) names() error {
	if strings.TrimSpace(r.doc.categories) == "" {
		return nil
	}
	var lists [][]json.RawMessage
	if err := json.Unmarshal([]byte(r.doc.categories), &lists); err != nil {
		return fmt.Errorf("pandas_categorical: %w", err)
	}
	at := slices.DeleteFunc(indexes(len(r.columns)), func(j int) bool { return !r.columns[j].category })
	if len(at) != len(lists) {
		return nil
	}
	for i, j := range at {
		for _, raw := range lists[i] {
			name := string(raw)
			var s string
			if json.Unmarshal(raw, &s) == nil {
				name = s
			}
			r.columns[j].Levels = append(r.columns[j].Levels, name)
		}
	}
	return nil
}

func indexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
