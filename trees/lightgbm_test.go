package trees

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"bespoke/model"
)

// peerNode is a node of a tree of LightGBM.
type peerNode struct {
	Feature     int       `json:"feature"`
	Threshold   float64   `json:"threshold"`
	Set         []int     `json:"set"`
	MissingLeft bool      `json:"missing_left"`
	Gain        float64   `json:"gain"`
	Count       float64   `json:"count"`
	Value       float64   `json:"value"`
	Left        *peerNode `json:"left"`
	Right       *peerNode `json:"right"`
}

type peerFile struct {
	X      [][]*float64 `json:"x"`
	Y      []float64    `json:"y"`
	Median float64      `json:"median"`
	Levels []int        `json:"levels"`
	Cases  []struct {
		Name   string       `json:"name"`
		Params model.Params `json:"params"`
		Binary bool         `json:"binary"`
		Tree   *peerNode    `json:"tree"`
	} `json:"cases"`
}

func (f *peerFile) training(binary bool) model.Training {
	features := make([]model.Feature, len(f.Levels))
	for j, l := range f.Levels {
		features[j] = model.Feature{Name: fmt.Sprint("x", j), Levels: l}
	}
	in := model.Training{X: model.NewMatrix(features, len(f.Y)), Y: append([]float64(nil), f.Y...), Threads: 2}
	for i, row := range f.X {
		for j, v := range row {
			in.X.Row(i)[j] = math.NaN()
			if v != nil {
				in.X.Row(i)[j] = *v
			}
		}
	}
	if binary {
		in.Task, in.Classes = model.Binary, []string{"below", "above"}
		for i, y := range f.Y {
			in.Y[i] = 0
			if y > f.Median {
				in.Y[i] = 1
			}
		}
	}
	return in
}

// TestFirstTreeIsLightGBMs compares whole trees. Gains and values may differ
// by 1e-5 of their size: LightGBM keeps gradients as float32 (relative error
// 6e-8) and a gain is a difference of larger numbers. Where no missing value
// reached a node the two programs choose its side by different rules, so the
// side is compared only for the feature that has any.
func TestFirstTreeIsLightGBMs(t *testing.T) {
	data, err := os.ReadFile("testdata/lightgbm.json")
	if err != nil {
		t.Fatal(err)
	}
	var file peerFile
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			in := file.training(c.Binary)
			m, err := Fit(context.Background(), c.Params, in)
			if err != nil {
				t.Fatal(err)
			}
			rows := make([]int, in.X.Rows)
			for i := range rows {
				rows[i] = i
			}
			samePeer(t, m, in, 0, c.Tree, rows, "root")
		})
	}
}

func samePeer(t *testing.T, m *Model, in model.Training, at int32, want *peerNode, rows []int, path string) {
	t.Helper()
	tree := &m.Trees[0]
	got := &tree.Nodes[at]
	if got.Cover != want.Count || len(rows) != int(want.Count) {
		t.Fatalf("%s: cover %v with %d rows, want %v", path, got.Cover, len(rows), want.Count)
	}
	if want.Left == nil {
		if !got.Leaf() {
			t.Fatalf("%s: split on %d, want a leaf", path, got.Feature)
		}
		// LightGBM adds the base score to the leaves of the first tree.
		if d := math.Abs(got.Value + m.Base[0] - want.Value); d > 1e-5*(1+math.Abs(want.Value)) {
			t.Errorf("%s: value %v, want %v", path, got.Value+m.Base[0], want.Value)
		}
		return
	}
	if got.Leaf() || int(got.Feature) != want.Feature {
		t.Fatalf("%s: feature %d, want %d", path, got.Feature, want.Feature)
	}
	if math.Abs(got.Gain-want.Gain) > 1e-5*(1+want.Gain) {
		t.Errorf("%s: gain %v, want %v", path, got.Gain, want.Gain)
	}
	if want.Set == nil && math.Abs(got.Threshold-want.Threshold) > 1e-12*math.Abs(want.Threshold) {
		t.Errorf("%s: threshold %v, want %v", path, got.Threshold, want.Threshold)
	}
	var left, right []int
	missing := false
	for _, r := range rows {
		missing = missing || math.IsNaN(in.X.Row(r)[got.Feature])
		if tree.GoesLeft(got, in.X.Row(r)) {
			left = append(left, r)
		} else {
			right = append(right, r)
		}
	}
	if missing && got.MissingLeft != want.MissingLeft {
		t.Errorf("%s: missing goes left: %v, want %v", path, got.MissingLeft, want.MissingLeft)
	}
	if want.Set != nil {
		sameSet(t, tree, got, want.Set, path)
	}
	samePeer(t, m, in, got.Left, want.Left, left, path+"/left")
	samePeer(t, m, in, got.Right, want.Right, right, path+"/right")
}

func sameSet(t *testing.T, tree *Tree, n *Node, want []int, path string) {
	t.Helper()
	in := map[int]bool{}
	for _, c := range want {
		in[c] = true
	}
	for c := range 64 {
		if got := inSet(tree.Sets[n.Set:n.Set+n.SetLen], float64(c)); got != in[c] {
			t.Errorf("%s: code %d left: %v, want %v", path, c, got, in[c])
		}
	}
}
