package interchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"

	"bespoke/model"
	"bespoke/trees"
)

// ReadXGBoost reads a model that XGBoost 3 saved as JSON or UBJSON.
//
// XGBoost rounds features to float32 before it compares x < t. The thresholds
// are set so that rows of float64 go the same way without being rounded; see
// below. It also adds leaves up in float32, where this program keeps float64:
// every row reaches the same leaves, and the sums differ by what XGBoost rounds
// away (about 1e-7 of the largest term). Covers are the sums of second
// derivatives that XGBoost keeps.
//
// Refused are linear boosters, several targets, two classes as multiclass, and
// objectives that are not carried over. Bytes that are no model are an error;
// memory is bounded by their number.
func ReadXGBoost(data []byte) (*Import, error) {
	m, err := readXGBoost(data)
	if err != nil {
		return nil, fmt.Errorf("interchange: read XGBoost: %w", err)
	}
	return m, nil
}

// xgbFile is the part of XGBoost's model that is read.
type xgbFile struct {
	Version []int `json:"version"`
	Learner struct {
		Names   []string   `json:"feature_names"`
		Types   []string   `json:"feature_types"`
		Booster xgbBooster `json:"gradient_booster"`
		Params  struct {
			BaseScore string `json:"base_score"`
			Classes   string `json:"num_class"`
			Features  string `json:"num_feature"`
			Targets   string `json:"num_target"`
		} `json:"learner_model_param"`
		Objective struct {
			Name string `json:"name"`
		} `json:"objective"`
	} `json:"learner"`
}

type xgbBooster struct {
	Name  string    `json:"name"`
	Model *xgbModel `json:"model"`
	// GBTree and Weights are those of dart, which wraps the trees and has a
	// weight for each.
	GBTree *struct {
		Model *xgbModel `json:"model"`
	} `json:"gbtree"`
	Weights []float32 `json:"weight_drop"`
}

type xgbModel struct {
	Trees []xgbTree `json:"trees"`
	// Info is the output that each tree belongs to.
	Info []int `json:"tree_info"`
	// Cats names the codes of categories.
	Cats struct {
		Enc []struct {
			Offsets []int           `json:"offsets"`
			Values  json.RawMessage `json:"values"`
		} `json:"enc"`
	} `json:"cats"`
}

type xgbTree struct {
	Left    []int     `json:"left_children"`
	Right   []int     `json:"right_children"`
	Feature []int     `json:"split_indices"`
	Value   []float32 `json:"split_conditions"`
	Type    []int     `json:"split_type"`
	Default []int     `json:"default_left"`
	Gain    []float64 `json:"loss_changes"`
	Cover   []float64 `json:"sum_hessian"`
	// The categories of node SetNode[i], which go right, are Sets[SetFrom[i]]
	// and the SetLen[i]-1 after it.
	Sets    []int `json:"categories"`
	SetNode []int `json:"categories_nodes"`
	SetFrom []int `json:"categories_segments"`
	SetLen  []int `json:"categories_sizes"`
	Param   struct {
		LeafSize string `json:"size_leaf_vector"`
	} `json:"tree_param"`
}

func readXGBoost(data []byte) (*Import, error) {
	if !looksLikeJSON(data) {
		var err error
		if data, err = jsonOf(data); err != nil {
			return nil, fmt.Errorf("as UBJSON: %w", err)
		}
	}
	var f xgbFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	if len(f.Version) == 0 || f.Version[0] != 3 {
		return nil, fmt.Errorf("version is %v; version 3 is read, so load the model with XGBoost 3 and save it again", f.Version)
	}
	m := xgbReader{file: &f, size: len(data), budget: 1<<16 + 4*len(data)}
	return m.read()
}

// looksLikeJSON tells JSON from UBJSON: both begin with {, and the key that
// follows is quoted only in JSON.
func looksLikeJSON(data []byte) bool {
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{"))
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return !ok || len(rest) == 0 || rest[0] == '"' || rest[0] == '}'
}

// xgbReader makes a model of a file.
type xgbReader struct {
	file    *xgbFile
	model   trees.Model
	columns []Column
	// size is that of the file, and budget bounds the words of all sets by it.
	size, budget int
}

func (r *xgbReader) read() (*Import, error) {
	l := &r.file.Learner
	source := l.Booster.Model
	switch l.Booster.Name {
	case "gbtree":
	case "dart":
		if l.Booster.GBTree != nil {
			source = l.Booster.GBTree.Model
		}
	default:
		return nil, fmt.Errorf("booster %q has no trees that can be read; gbtree and dart have", cut(l.Booster.Name))
	}
	if source == nil {
		return nil, errors.New("there is no model in the booster")
	}
	if err := r.features(source); err != nil {
		return nil, err
	}
	if err := r.outputs(len(source.Trees)); err != nil {
		return nil, err
	}
	if err := r.trees(source, l.Booster.Weights); err != nil {
		return nil, err
	}
	m, err := trees.New(r.model)
	if err != nil {
		return nil, err
	}
	version := strings.ReplaceAll(strings.Trim(fmt.Sprint(r.file.Version), "[]"), " ", ".")
	return &Import{Model: m, Format: "XGBoost " + version, Objective: l.Objective.Name, Columns: r.columns}, nil
}

// features names the columns and finds the categories among them.
func (r *xgbReader) features(source *xgbModel) error {
	l := &r.file.Learner
	n, err := strconv.Atoi(l.Params.Features)
	if err != nil || n < 0 || n > math.MaxInt32 {
		return fmt.Errorf("num_feature is %q; it must be a whole number from 0", cut(l.Params.Features))
	}
	if len(l.Names) > 0 {
		if err := checkNames(l.Names, n); err != nil {
			return err
		}
	} else if n > max(mostUnnamed, r.size) {
		return fmt.Errorf("num_feature is %d with no feature names in %d bytes; up to %d are read", n, r.size, max(mostUnnamed, r.size))
	}
	codes, err := codesOf(source, n)
	if err != nil {
		return err
	}
	for j := range n {
		c := Column{Name: fmt.Sprint("f", j)}
		if len(l.Names) > 0 {
			c.Name = l.Names[j]
		}
		f := trees.Feature{Name: c.Name}
		if codes[j] > 0 {
			c.category, c.unseen = true, float64(codes[j])
			f.Levels = codes[j] + 1
			if j < len(source.Cats.Enc) {
				c.Levels = levelNames(source.Cats.Enc[j].Offsets, source.Cats.Enc[j].Values)
			}
		}
		r.columns, r.model.Features = append(r.columns, c), append(r.model.Features, f)
	}
	return nil
}

// mostCode is one more than the largest category code: XGBoost keeps codes in
// float32, which holds whole numbers exactly up to here.
const mostCode = 1 << 24

// mostUnnamed is how many features a small file may have without naming them.
const mostUnnamed = 1 << 16

// codesOf is, by feature, one more than the largest code in its sets; 0 for
// numbers.
func codesOf(source *xgbModel, features int) ([]int, error) {
	codes, numbers := make([]int, features), make([]bool, features)
	for i := range source.Trees {
		t := &source.Trees[i]
		if err := t.check(features); err != nil {
			return nil, fmt.Errorf("tree %d: %w", i, err)
		}
		for id, left := range t.Left {
			if left >= 0 && t.Type[id] == 0 {
				numbers[t.Feature[id]] = true
			}
		}
		for k, id := range t.SetNode {
			j := t.Feature[id]
			for _, c := range t.Sets[t.SetFrom[k]:][:t.SetLen[k]] {
				codes[j] = max(codes[j], c+1)
			}
		}
	}
	for j, n := range codes {
		if n > 0 && numbers[j] {
			return nil, fmt.Errorf("feature %d is split both as a number and as a category", j)
		}
	}
	return codes, nil
}

// check says whether the lists of a tree fit together, so that they can be read
// without looking again.
func (t *xgbTree) check(features int) error {
	n := len(t.Left)
	if s := t.Param.LeafSize; s != "1" && s != "0" && s != "" {
		return fmt.Errorf("its leaves have %q values; 1 is read", cut(s))
	}
	if n == 0 || len(t.Right) != n || len(t.Feature) != n || len(t.Value) != n || len(t.Type) != n || len(t.Default) != n {
		return fmt.Errorf("its lists have %d, %d, %d, %d, %d and %d nodes; they must be equal, and at least 1", n, len(t.Right), len(t.Feature), len(t.Value), len(t.Type), len(t.Default))
	}
	for id := range n {
		l, r := t.Left[id], t.Right[id]
		if l < 0 {
			continue
		}
		if l >= n || r < 0 || r >= n || t.Feature[id] < 0 || t.Feature[id] >= features || t.Type[id] < 0 || t.Type[id] > 1 {
			return fmt.Errorf("node %d: children %d and %d, feature %d, split type %d; there are %d nodes and %d features", id, l, r, t.Feature[id], t.Type[id], n, features)
		}
	}
	if len(t.SetFrom) != len(t.SetNode) || len(t.SetLen) != len(t.SetNode) {
		return errors.New("its lists of categories differ in length")
	}
	at := 0
	for k, id := range t.SetNode {
		if id < 0 || id >= n || t.Left[id] < 0 || t.Type[id] != 1 || t.SetFrom[k] != at || t.SetLen[k] < 0 || t.SetLen[k] > len(t.Sets)-at {
			return fmt.Errorf("categories %d: node %d, %d from %d of %d", k, id, t.SetLen[k], t.SetFrom[k], len(t.Sets))
		}
		at += t.SetLen[k]
	}
	for _, c := range t.Sets {
		if c < 0 || c >= mostCode {
			return fmt.Errorf("category code %d; it must be from 0 to %d", c, mostCode-1)
		}
	}
	return nil
}

// levelNames are the names of the codes: strings are given as bytes with the
// places where they begin, numbers as they are. It is nil when there are none,
// and when there are letters beyond ASCII: XGBoost 3.2 counts letters for the
// places, not bytes, so that it is not known where such names end.
func levelNames(offsets []int, values json.RawMessage) []string {
	var numbers []json.Number
	if json.Unmarshal(values, &numbers) != nil {
		return nil
	}
	var out []string
	if len(offsets) == 0 {
		for _, x := range numbers {
			out = append(out, x.String())
		}
		return out
	}
	text := make([]byte, len(numbers))
	for i, x := range numbers {
		b, err := strconv.Atoi(x.String())
		if err != nil || b < 0 || b > unicode.MaxASCII {
			return nil
		}
		text[i] = byte(b)
	}
	for i := 1; i < len(offsets); i++ {
		if offsets[i-1] < 0 || offsets[i] < offsets[i-1] || offsets[i] > len(text) {
			return nil
		}
		out = append(out, string(text[offsets[i-1]:offsets[i]]))
	}
	return out
}

// outputs settles the task and the base scores.
func (r *xgbReader) outputs(trees int) error {
	l := &r.file.Learner
	o, err := search(l.Objective.Name, func(o *objective) []string { return o.xgboost })
	if err != nil {
		return err
	}
	if t := l.Params.Targets; t != "" && t != "0" && t != "1" {
		return fmt.Errorf("the model has %q targets; 1 is read", cut(t))
	}
	r.model.Task, r.model.Objective = o.task, o.ours
	outputs := 1
	switch o.task {
	case model.Binary:
		r.model.Classes = 2
	case model.Multiclass:
		outputs, err = strconv.Atoi(l.Params.Classes)
		if err != nil || outputs < 3 || outputs > trees {
			return fmt.Errorf("num_class is %q with %d trees; there must be at least 3 classes (train two as binary) and a tree for each", cut(l.Params.Classes), trees)
		}
		r.model.Classes = outputs
	}
	words := strings.Split(strings.Trim(strings.TrimSpace(l.Params.BaseScore), "[]"), ",")
	if len(words) != 1 && len(words) != outputs {
		return fmt.Errorf("base_score has %d numbers for %d outputs", len(words), outputs)
	}
	for k := range outputs {
		word := words[min(k, len(words)-1)]
		x, err := strconv.ParseFloat(strings.TrimSpace(word), 32)
		if err != nil {
			return fmt.Errorf("base_score: %q is no number", cut(word))
		}
		base := float32(x)
		if o.margin != nil {
			base = o.margin(base)
		}
		r.model.Base = append(r.model.Base, float64(base))
	}
	return nil
}

// logit and logarithm are computed in float32, as XGBoost does.
func logit(p float32) float32 { return -float32(math.Log(float64(1/p - 1))) }

func logarithm(x float32) float32 { return float32(math.Log(float64(x))) }

// trees puts the trees into the order of rounds: one for each output.
func (r *xgbReader) trees(source *xgbModel, weights []float32) error {
	n, outputs := len(source.Trees), len(r.model.Base)
	if len(source.Info) != n || weights != nil && len(weights) != n {
		return fmt.Errorf("%d trees with %d outputs named and %d weights", n, len(source.Info), len(weights))
	}
	by := make([][]trees.Tree, outputs)
	for i := range source.Trees {
		k := source.Info[i]
		if k < 0 || k >= outputs {
			return fmt.Errorf("tree %d: it is of output %d of %d", i, k, outputs)
		}
		weight := 1.0
		if weights != nil {
			weight = float64(weights[i])
		}
		t, err := r.tree(&source.Trees[i], weight)
		if err != nil {
			return fmt.Errorf("tree %d: %w", i, err)
		}
		by[k] = append(by[k], t)
	}
	for k := range by {
		if len(by[k]) != len(by[0]) {
			return fmt.Errorf("output %d has %d trees, the first %d; it must be as many", k, len(by[k]), len(by[0]))
		}
	}
	for round := range by[0] {
		for k := range by {
			r.model.Trees = append(r.model.Trees, by[k][round])
		}
	}
	return nil
}

// tree converts one tree whose lists were checked. The value of a split is the
// mean of what is below it.
func (r *xgbReader) tree(x *xgbTree, weight float64) (trees.Tree, error) {
	sets := make(map[int][]int, len(x.SetNode))
	for k, id := range x.SetNode {
		sets[id] = x.Sets[x.SetFrom[k]:][:x.SetLen[k]]
	}
	told := func(list []float64, id int) float64 {
		if id < len(list) {
			return finite(list[id])
		}
		return 0
	}
	var t trees.Tree
	var err error
	t.Nodes, err = layout(0, len(x.Left), func(id int, n *trees.Node) (left, right int, err error) {
		n.Cover = told(x.Cover, id)
		if x.Left[id] < 0 {
			n.Value = float64(x.Value[id]) * weight
			return 0, 0, nil
		}
		n.Feature, n.Gain = int32(x.Feature[id]), told(x.Gain, id)
		if x.Type[id] == 1 {
			swapped, err := r.set(&t, n, sets[id], x.Default[id] != 0)
			if swapped {
				return x.Right[id], x.Left[id], err
			}
			return x.Left[id], x.Right[id], err
		}
		n.Threshold, n.MissingLeft = below(x.Value[id]), x.Default[id] != 0
		return x.Left[id], x.Right[id], nil
	})
	means(t.Nodes)
	return t, err
}

// set makes n a split of a category. XGBoost sends the codes of the set to the
// right, codes that it does not know to the left, and missing wherever the
// split says. Ours sends the set to the left and all else to the right. So the
// sides are swapped when missing goes left; else the set is turned into its
// complement, with the code for what is unseen in it.
func (r *xgbReader) set(t *trees.Tree, n *trees.Node, codes []int, missingLeft bool) (swapped bool, err error) {
	words := (r.model.Features[n.Feature].Levels + 63) / 64
	if words == 0 {
		return false, errors.New("a split of a category has no codes")
	}
	if r.budget -= words; r.budget < 0 {
		return false, errors.New("the category codes are too large for so few of them")
	}
	set := make([]uint64, words)
	for _, c := range codes {
		set[c/64] |= 1 << (c % 64)
	}
	if !missingLeft {
		for i := range set {
			set[i] = ^set[i]
		}
		if rest := r.model.Features[n.Feature].Levels % 64; rest > 0 {
			set[words-1] &= 1<<rest - 1
		}
	}
	n.Set, n.SetLen = int32(len(t.Sets)), int32(words)
	t.Sets = append(t.Sets, set...)
	return missingLeft, nil
}

// means gives every split the mean of its children by cover.
func means(nodes []trees.Node) {
	for i := len(nodes) - 1; i >= 0; i-- {
		n := &nodes[i]
		if n.Leaf() {
			continue
		}
		l, r := &nodes[n.Left], &nodes[n.Right]
		if n.Value = (l.Value + r.Value) / 2; l.Cover+r.Cover > 0 {
			n.Value = finite((l.Value*l.Cover + r.Value*r.Cover) / (l.Cover + r.Cover))
		}
	}
}

// below is the largest float64 that, rounded to float32 (to nearest, ties to
// even), is less than t: a number x is at most below(t) exactly when XGBoost,
// which rounds x first, finds that it is less than t. It lies half way between
// t and the float32 before it, and belongs to the left side when the tie is
// rounded down. Numbers that a float32 cannot hold count as infinite; below is
// kept finite.
func below(t float32) float64 {
	before := math.Nextafter32(t, float32(math.Inf(-1)))
	low, high := float64(before), float64(t)
	if math.IsInf(low, -1) { // the next float32, if there were one
		low = -0x1p128
	}
	middle := low + (high-low)/2
	if math.Float32bits(before)&1 == 0 {
		return middle
	}
	return math.Nextafter(middle, math.Inf(-1))
}
