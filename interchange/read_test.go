package interchange

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"bespoke/model"
	"bespoke/trees"

	"pgregory.net/rapid"
)

// stump is LightGBM's text of one split, which cases change.
const stump = `tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=a b
feature_infos=[0:1] 0:1:2
tree_sizes=1

Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
threshold=0.5 0
decision_type=8 9
left_child=1 -1
right_child=-2 -3
leaf_value=1 2 3
cat_boundaries=0 1
cat_threshold=5
is_linear=0
shrinkage=1


end of trees
`

func TestReadLightGBMRefuses(t *testing.T) {
	if _, err := ReadLightGBM([]byte(stump)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"tree\nversion", "forest\nversion", `first line is "tree"`},
		{"version=v4", "version=v2", `version is "v2"`},
		{"end of trees", "", "ends before"},
		{"objective=binary sigmoid:1", "objective=binary sigmoid:2", `"sigmoid:2" changes what scores mean`},
		{"objective=binary sigmoid:1", "objective=lambdarank", `objective "lambdarank" is not one that can be carried over`},
		{"objective=binary sigmoid:1", "objective=regression sqrt", `"sqrt" changes`},
		{"objective=binary sigmoid:1\n", "", "there is no objective"},
		{"objective=binary sigmoid:1", "objective=multiclass num_class:1", "multiclass needs 3"},
		{"num_class=1", "num_class=3", "1 trees in a round for 3 classes"},
		{"num_tree_per_iteration=1", "num_tree_per_iteration=2", "every output needs a tree"},
		{"max_feature_idx=1", "max_feature_idx=2", "2 feature names for 3 features"},
		{"0:1:2", "0:x:2", `code "x"`},
		{"0:1:2", "0:16777217", "levels"},
		{"[0:1] 0:1:2", "0:1 0:1:2", "both as a number and as a category"},
		{"num_leaves=3", "num_leaves=2000000000", "leaf_value has 3 values"},
		{"is_linear=0", "is_linear=1", "linear models"},
		{"split_feature=0 1", "split_feature=0 2", "from 0 to 1"},
		{"threshold=0.5 0", "threshold=nan 0", "it must be a number"},
		{"threshold=0.5 0", "threshold=0.5 1", "set 1 of 1"},
		{"decision_type=8 9", "decision_type=12 9", "decision_type 12 is not known"},
		{"left_child=1 -1", "left_child=0 -1", "its own ancestor"},
		{"left_child=1 -1", "left_child=-1 -1", "3 of its 5 nodes"},
		{"right_child=-2 -3", "right_child=-2 -4", "from -3 to 1"},
		{"leaf_value=1 2 3", "leaf_value=1 2 inf", "finite"},
		{"cat_boundaries=0 1", "cat_boundaries=1 0", "do not rise"},
		{"cat_boundaries=0 1", "cat_boundaries=0 2", "words 0 to 2 of 1"},
		{"cat_threshold=5", "cat_threshold=4294967296", "4294967295"},
		{"shrinkage=1", "shrinkage=1\nshrinkage=1", "stands there twice"},
		{"end of trees\n", "end of trees\npandas_categorical:{", "pandas_categorical"},
	} {
		text := strings.Replace(stump, c.old, c.new, 1)
		if text == stump {
			t.Fatalf("%q is not in the text", c.old)
		}
		if _, err := ReadLightGBM([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "interchange: read LightGBM: ") {
			t.Errorf("%q for %q: %v, want an error with %q", c.new, c.old, err, c.want)
		}
	}
}

func TestReadXGBoostRefuses(t *testing.T) {
	data, err := os.ReadFile("testdata/xgboost-categories.json")
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	if _, err := ReadXGBoost(data); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{good, "", "unexpected end"},
		{good, "[]", "cannot unmarshal"},
		{good, "{i\x02ab", "as UBJSON"},
		{good, "{}", "version is []"},
		{`"version":[3,`, `"version":[2,`, "version is [2"},
		{`"name":"gbtree"`, `"name":"gblinear"`, `booster "gblinear" has no trees`},
		{`"name":"binary:logistic"`, `"name":"survival:cox"`, `objective "survival:cox" is not one`},
		{`"name":"binary:logistic"`, `"name":"multi:softprob"`, "at least 3 classes"},
		{`"num_target":"1"`, `"num_target":"2"`, `"2" targets`},
		{`"num_feature":"5"`, `"num_feature":"3"`, "3 features"},
		{`"num_feature":"5"`, `"num_feature":"2000000000"`, "no feature names"},
		{`"base_score":"[`, `"base_score":"[x`, "is no number"},
		{`"size_leaf_vector":"1"`, `"size_leaf_vector":"3"`, "leaves have"},
		{`"left_children":[1,`, `"left_children":[0,`, "its own ancestor"},
		{`"left_children":[1,`, `"left_children":[99,`, "children 99"},
		{`"split_type":[0,`, `"split_type":[2,`, "split type 2"},
		{`"categories_segments":[0,`, `"categories_segments":[1,`, "categories 0"},
		{`"categories":[`, `"categories":[99999999,`, "category code"},
		{`"tree_info":[0,`, `"tree_info":[1,`, "output 1 of 1"},
		{`"default_left":[0,`, `"default_left":[`, "must be equal"},
	} {
		text := strings.ReplaceAll(good, c.old, c.new)
		if text == good {
			t.Errorf("%q is not in the text", c.old)
			continue
		}
		if _, err := ReadXGBoost([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "interchange: read XGBoost: ") {
			t.Errorf("%q for %.40q: %v, want an error with %q", c.new, c.old, err, c.want)
		}
	}
}

// TestXGBoostOutputs: every output must have its trees.
func TestXGBoostOutputs(t *testing.T) {
	data, err := os.ReadFile("testdata/xgboost-multiclass.json")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), `"tree_info":[0,1,2,0,1,2,0,1,2,0,1,2]`, `"tree_info":[1,1,2,1,1,2,1,1,2,1,1,2]`, 1)
	if _, err := ReadXGBoost([]byte(text)); err == nil || !strings.Contains(err.Error(), "output 1 has 8 trees, the first 0") {
		t.Errorf("%v", err)
	}
}

// TestBelow: a number is at most below(t) exactly when its float32 is below t.
func TestBelow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Float32().Draw(t, "threshold")
		edge := below(at)
		if math.IsInf(edge, 0) || math.IsNaN(edge) {
			t.Fatalf("below(%v) is %v", at, edge)
		}
		near := float64(at) * (1 + 1e-7*rapid.Float64Range(-2, 2).Draw(t, "near"))
		for _, x := range []float64{
			edge, math.Nextafter(edge, math.Inf(1)), math.Nextafter(edge, math.Inf(-1)), float64(at), -float64(at), 0, near,
			rapid.Float64Range(-1e38, 1e38).Draw(t, "x"),
		} {
			if got, want := x <= edge, float32(x) < at; got != want {
				t.Fatalf("%v <= below(%v) = %v is %v, in float32 %v", x, at, edge, got, want)
			}
		}
	})
}

// TestZeros: what is decided for all splits of a feature is what each of them
// does in LightGBM, or an error.
func TestZeros(t *testing.T) {
	asked := [3]int{}
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 9))
		splits := make([]decision, 1+r.IntN(3))
		for i := range splits {
			splits[i] = decision{missing: r.IntN(3), left: r.IntN(2) == 0, at: []float64{-1, 0, 1, 1e-36, -1e-36, nearZero}[r.IntN(6)]}
		}
		gone, err := zeros(splits)
		if err != nil {
			asked[0]++
			return
		}
		asked[1]++
		c := Column{lightGBM: true, zeroMissing: gone}
		for _, x := range []float64{math.NaN(), 0, 1e-36, -1e-36, nearZero, -nearZero, 2e-35, -2e-35, 1, -1, 2, math.Inf(1)} {
			for _, d := range splits {
				y := c.prepare(x)
				left := y <= d.at
				if math.IsNaN(y) {
					left = d.missingLeft()
				}
				if want := d.goesLeft(x); left != want {
					t.Fatalf("%v goes left at %+v of %+v: %v, want %v", x, d, splits, left, want)
				}
			}
		}
	})
	if asked[0] == 0 || asked[1] == 0 {
		t.Errorf("%v cases", asked)
	}
}

// goesLeft is LightGBM's rule, step by step: a row is read (numbers near zero
// are left out, which makes them 0), then compared.
func (d decision) goesLeft(x float64) bool {
	if math.Abs(x) <= nearZero {
		x = 0
	}
	if math.IsNaN(x) && d.missing != missingNaN {
		x = 0
	}
	if d.missing == missingZero && x == 0 || d.missing == missingNaN && math.IsNaN(x) {
		return d.left
	}
	return x <= d.at
}

func TestWriteRefuses(t *testing.T) {
	one := []trees.Feature{{Name: "a"}}
	leaf := func(v float64) []trees.Tree { return []trees.Tree{{Nodes: []trees.Node{{Feature: -1, Value: v}}}} }
	for want, c := range map[string]struct {
		m      trees.Model
		levels [][]string
	}{
		"reads no features":             {trees.Model{Objective: "squared", Base: []float64{0}}, nil},
		`objective "cubic"`:             {trees.Model{Objective: "cubic", Features: one, Base: []float64{0}}, nil},
		"is not finite":                 {trees.Model{Objective: "squared", Features: one, Base: []float64{1e308}, Trees: leaf(1e308)}, nil},
		"a value is NaN":                {trees.Model{Objective: "squared", Features: one, Base: []float64{1}, Trees: leaf(math.NaN())}, nil},
		"level names for 2 features":    {trees.Model{Objective: "squared", Features: one, Base: []float64{1}}, [][]string{nil, nil}},
		"do not fit the task":           {trees.Model{Task: model.Binary, Objective: "log-loss", Features: one, Base: []float64{1}}, nil},
		"right child 2; it must be 3":   {trees.Model{Objective: "squared", Features: one, Base: []float64{1}, Trees: []trees.Tree{{Nodes: []trees.Node{{Left: 2, Right: 2}}}}}, nil},
		"children must come after thei": {trees.Model{Objective: "squared", Features: one, Base: []float64{1}, Trees: []trees.Tree{{Nodes: []trees.Node{{Left: 0, Right: 1}, {Feature: -1}, {Feature: -1}}}}}, nil},
	} {
		if _, _, err := WriteLightGBM(&c.m, c.levels); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
}

func TestNamesAndLevels(t *testing.T) {
	m := trees.Model{Objective: "squared", Base: []float64{1}, Features: []trees.Feature{
		{Name: "net income"}, {Name: "net,income"}, {Name: ""}, {Name: "purpose=car"}, {Name: "région", Levels: 2}, {Name: "\xff"}, {Name: "wide", Levels: 1 << 20},
	}}
	text, names, err := WriteLightGBM(&m, [][]string{nil, nil, nil, nil, {"a, b", "é"}, nil, nil})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names, " "); got != "net_income net_income_2 Column_2 purpose=car région _ wide" {
		t.Errorf("names %q", got)
	}
	if !strings.Contains(string(text), "pandas_categorical:null") {
		t.Error("level names of one feature are not known, but there are some in the file")
	}
	m.Features = m.Features[:5]
	text, _, err = WriteLightGBM(&m, [][]string{nil, nil, nil, nil, {"a, b", "é"}})
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadLightGBM(text)
	if err != nil {
		t.Fatal(err)
	}
	if c := back.Columns[4]; c.Name != "région" || strings.Join(c.Levels, "|") != "a, b|é" {
		t.Errorf("read back as %+v", c)
	}
}

// TestLevelsOfPeers: names of categories come with the models of data frames.
func TestLevelsOfPeers(t *testing.T) {
	for name, fifth := range map[string]string{"lightgbm-pandas.txt": "été", "xgboost-pandas.json": "ete"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := readFile(name, data)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(m.Columns[1].Levels, "|"); m.Columns[1].Name != "colour" || got != "red|green|blue|sea, deep|"+fifth+"|night" {
			t.Errorf("%s: column %+v", name, m.Columns[1])
		}
	}
}

func TestLevelNames(t *testing.T) {
	for _, c := range []struct {
		offsets []int
		values  string
		want    string
	}{
		{[]int{0, 1, 3}, "[97,98,99]", "a|bc"},
		{nil, "[3,5.5,-1]", "3|5.5|-1"},
		{[]int{0, 1, 2}, "[-61,-87,97]", ""}, // not ASCII
		{[]int{0, 4}, "[97]", ""},
		{[]int{1, 0}, "[97]", ""},
		{[]int{0, 1}, `{"x":1}`, ""},
	} {
		if got := strings.Join(levelNames(c.offsets, json.RawMessage(c.values)), "|"); got != c.want {
			t.Errorf("%v of %s: %q, want %q", c.offsets, c.values, got, c.want)
		}
	}
}

func TestPrepareDoesNotAllocate(t *testing.T) {
	m, err := ReadLightGBM([]byte(stump))
	if err != nil {
		t.Fatal(err)
	}
	row := []float64{0.2, 1}
	if n := testing.AllocsPerRun(100, func() { m.Prepare(row) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
