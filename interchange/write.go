package interchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"bespoke/model"
	"bespoke/trees"
)

// WriteLightGBM writes a model as LightGBM's text (version 4), from which
// LightGBM gives the same raw scores to the bit, and the same predictions but
// for the last bits of its exponential function, for every row whose numbers are
// 0 or larger than 1e-35 in size; it takes smaller ones for 0.
//
// levels names the category codes of each feature of the model, nil for numbers
// and where names are not known; it may be nil as a whole. Where all are known
// they go into the file, so that a data frame with columns of categories can be
// predicted. names are the features as the file calls them: LightGBM allows no
// spaces and none of ",:[]{} in a name, so these become an underscore.
//
// Base scores are added to the leaves of the first trees, as LightGBM does.
func WriteLightGBM(m *trees.Model, levels [][]string) (text []byte, names []string, err error) {
	if text, names, err = writeLightGBM(m, levels); err != nil {
		return nil, nil, fmt.Errorf("interchange: write LightGBM: %w", err)
	}
	return text, names, nil
}

func writeLightGBM(given *trees.Model, levels [][]string) ([]byte, []string, error) {
	m, err := trees.New(*given) // also checks a model that was made by hand
	if err != nil {
		return nil, nil, err
	}
	if levels != nil && len(levels) != len(m.Features) {
		return nil, nil, fmt.Errorf("level names for %d features, the model has %d; it must be as many", len(levels), len(m.Features))
	}
	if len(m.Features) == 0 {
		return nil, nil, errors.New("the model reads no features; LightGBM wants at least 1")
	}
	objective, err := forLightGBM(m.Task, m.Objective, m.Classes)
	if err != nil {
		return nil, nil, err
	}
	folded, err := fold(m)
	if err != nil {
		return nil, nil, err
	}
	var body []byte
	var sizes []string
	for i := range folded {
		start := len(body)
		body = appendTree(body, i, &folded[i])
		sizes = append(sizes, strconv.Itoa(len(body)-start))
	}
	names := fileNames(m.Features)
	classes := 1
	if m.Task == model.Multiclass {
		classes = m.Classes
	}
	b := fmt.Appendf(nil, "tree\nversion=v4\nnum_class=%d\nnum_tree_per_iteration=%d\nlabel_index=0\nmax_feature_idx=%d\n", classes, len(m.Base), len(names)-1)
	b = fmt.Appendf(b, "objective=%s\nfeature_names=%s\nfeature_infos=%s\ntree_sizes=%s\n\n", objective, strings.Join(names, " "), strings.Join(infos(m), " "), strings.Join(sizes, " "))
	b = append(append(b, body...), "end of trees\n\n"...)
	categories, err := categorical(m.Features, levels)
	return fmt.Appendf(b, "pandas_categorical:%s\n", categories), names, err
}

// fold copies the trees with the base scores in the first one of each output.
// LightGBM adds trees up in the same order, from 0 on, so that its sums have the
// same bits as ours, which start from the base score.
func fold(m *trees.Model) ([]trees.Tree, error) {
	out := slices.Clone(m.Trees)
	if len(out) == 0 {
		for range m.Base {
			out = append(out, trees.Tree{Nodes: []trees.Node{{Feature: -1}}})
		}
	}
	for k, base := range m.Base {
		out[k].Nodes = slices.Clone(out[k].Nodes)
		for i := range out[k].Nodes {
			n := &out[k].Nodes[i]
			if n.Value += base; math.IsInf(n.Value, 0) {
				return nil, fmt.Errorf("tree %d: node %d: its value with the base score %v is not finite", k, i, base)
			}
		}
	}
	return out, nil
}

// fileNames are names that LightGBM can hold, no two the same.
func fileNames(features []trees.Feature) []string {
	taken := make(map[string]bool, len(features))
	names := make([]string, len(features))
	for i, f := range features {
		base := strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`",:[]{}\`, r) {
				return '_'
			}
			return r
		}, strings.ToValidUTF8(f.Name, "_"))
		if base == "" {
			base = fmt.Sprint("Column_", i)
		}
		names[i] = base
		for n := 2; taken[names[i]]; n++ {
			names[i] = fmt.Sprint(base, "_", n)
		}
		taken[names[i]] = true
	}
	return names
}

// manyLevels is up to how many levels of a feature are listed.
const manyLevels = 4096

// infos tells the range of every feature. The model does not keep that of the
// training rows, so a number has that of its thresholds.
func infos(m *trees.Model) []string {
	low, high := make([]float64, len(m.Features)), make([]float64, len(m.Features))
	for j := range low {
		low[j], high[j] = math.Inf(1), math.Inf(-1)
	}
	for i := range m.Trees {
		for _, n := range m.Trees[i].Nodes {
			if !n.Leaf() && n.SetLen == 0 {
				low[n.Feature], high[n.Feature] = min(low[n.Feature], n.Threshold), max(high[n.Feature], n.Threshold)
			}
		}
	}
	out := make([]string, len(m.Features))
	for j, f := range m.Features {
		switch {
		case f.Levels == 1 || f.Levels > manyLevels: // -1 stands for others
			out[j] = fmt.Sprintf("-1:%d", f.Levels-1)
		case f.Levels > 0:
			codes := make([]string, f.Levels)
			for c := range codes {
				codes[c] = strconv.Itoa(c)
			}
			out[j] = strings.Join(codes, ":")
		case low[j] <= high[j]:
			out[j] = "[" + string(appendFloat(nil, low[j])) + ":" + string(appendFloat(nil, high[j])) + "]"
		default:
			out[j] = "none"
		}
	}
	return out
}

// categorical is the list of level names by category feature, as JSON; null
// when some are not known.
func categorical(features []trees.Feature, levels [][]string) ([]byte, error) {
	lists := [][]string{}
	for j, f := range features {
		if f.Levels == 0 {
			continue
		}
		if levels == nil || len(levels[j]) != f.Levels || repeats(levels[j]) {
			return []byte("null"), nil
		}
		lists = append(lists, levels[j])
	}
	return json.Marshal(lists)
}

func repeats(names []string) bool {
	sorted := slices.Sorted(slices.Values(names))
	return len(slices.Compact(sorted)) < len(names)
}

// parts are the nodes of a tree as LightGBM counts them: splits and leaves
// apart, each in the order of Tree.Nodes.
type parts struct {
	tree   *trees.Tree
	splits []int
	leaves []int
	// number is a node's number among its kind; a leaf's is -1-number.
	number []int
}

func split(t *trees.Tree) parts {
	p := parts{tree: t, number: make([]int, len(t.Nodes))}
	for i := range t.Nodes {
		if t.Nodes[i].Leaf() {
			p.number[i] = -1 - len(p.leaves)
			p.leaves = append(p.leaves, i)
			continue
		}
		p.number[i] = len(p.splits)
		p.splits = append(p.splits, i)
	}
	return p
}

// appendTree writes one tree.
func appendTree(b []byte, number int, t *trees.Tree) []byte {
	p := split(t)
	sets := newBitsets(t, p.splits)
	b = fmt.Appendf(b, "Tree=%d\nnum_leaves=%d\nnum_cat=%d\n", number, len(p.leaves), len(sets.start)-1)
	integer := func(key string, at []int, of func(i int, n *trees.Node) int) {
		b = appendLine(b, key, at, func(b []byte, i int) []byte {
			return strconv.AppendInt(b, int64(of(i, &t.Nodes[i])), 10)
		})
	}
	float := func(key string, at []int, of func(i int, n *trees.Node) float64) {
		b = appendLine(b, key, at, func(b []byte, i int) []byte { return appendFloat(b, of(i, &t.Nodes[i])) })
	}
	value := func(_ int, n *trees.Node) float64 { return n.Value }
	cover := func(_ int, n *trees.Node) float64 { return n.Cover }
	integer("split_feature", p.splits, func(_ int, n *trees.Node) int { return int(n.Feature) })
	float("split_gain", p.splits, func(_ int, n *trees.Node) float64 { return n.Gain })
	float("threshold", p.splits, func(i int, n *trees.Node) float64 {
		if n.SetLen > 0 {
			return float64(sets.index[i])
		}
		return n.Threshold
	})
	integer("decision_type", p.splits, func(_ int, n *trees.Node) int { return decisionType(n) })
	integer("left_child", p.splits, func(_ int, n *trees.Node) int { return p.number[n.Left] })
	integer("right_child", p.splits, func(_ int, n *trees.Node) int { return p.number[n.Right] })
	float("leaf_value", p.leaves, value)
	float("leaf_weight", p.leaves, cover)
	integer("leaf_count", p.leaves, func(_ int, n *trees.Node) int { return count(n) })
	float("internal_value", p.splits, value)
	float("internal_weight", p.splits, cover)
	integer("internal_count", p.splits, func(_ int, n *trees.Node) int { return count(n) })
	if len(sets.start) > 1 {
		b = appendInts(b, "cat_boundaries", sets.start)
		b = appendInts(b, "cat_threshold", sets.words)
	}
	return append(b, "is_linear=0\nshrinkage=1\n\n\n"...)
}

func decisionType(n *trees.Node) int {
	switch {
	case n.SetLen > 0:
		return bitCategory + 4*missingNaN
	case n.MissingLeft:
		return bitLeft + 4*missingNaN
	}
	return 4 * missingNaN
}

// count is the number of training rows of a node, which LightGBM keeps as a
// whole number.
func count(n *trees.Node) int {
	return int(math.Round(min(max(n.Cover, 0), math.MaxInt32)))
}

// bitsets are a tree's sets of categories in LightGBM's form: words of 32 bits.
type bitsets struct {
	index map[int]int // by node
	start []int       // in words, one more than there are sets
	words []uint32
}

func newBitsets(t *trees.Tree, splits []int) bitsets {
	s := bitsets{index: map[int]int{}, start: []int{0}}
	for _, i := range splits {
		n := &t.Nodes[i]
		if n.SetLen == 0 {
			continue
		}
		s.index[i] = len(s.start) - 1
		first := len(s.words)
		for _, w := range t.Sets[n.Set : n.Set+n.SetLen] {
			s.words = append(s.words, uint32(w), uint32(w>>32))
		}
		for len(s.words) > first+1 && s.words[len(s.words)-1] == 0 {
			s.words = s.words[:len(s.words)-1]
		}
		s.start = append(s.start, len(s.words))
	}
	return s
}

func appendLine(b []byte, key string, at []int, item func(b []byte, i int) []byte) []byte {
	b = append(append(b, key...), '=')
	for j, i := range at {
		if j > 0 {
			b = append(b, ' ')
		}
		b = item(b, i)
	}
	return append(b, '\n')
}

func appendInts[T int | uint32](b []byte, key string, list []T) []byte {
	at := make([]int, len(list))
	for i := range at {
		at[i] = i
	}
	return appendLine(b, key, at, func(b []byte, i int) []byte { return strconv.AppendInt(b, int64(list[i]), 10) })
}

// appendFloat writes the shortest digits that give x again.
func appendFloat(b []byte, x float64) []byte { return strconv.AppendFloat(b, x, 'g', -1, 64) }
