package text_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"bespoke/text"

	"pgregory.net/rapid"
)

// peers is testdata/peers.json, written by testdata/peers.py.
type peers struct {
	Train []string `json:"train"`
	Fresh []string `json:"fresh"`
	Cases []struct {
		Of          text.Kind   `json:"of"`
		Terms       []string    `json:"terms"`
		Weights     []float64   `json:"weights"`
		Fresh       [][]float64 `json:"fresh"`
		Values      []float64   `json:"values"`
		Topics      [][]float64 `json:"topics"`
		FreshTopics [][]float64 `json:"fresh_topics"`
	} `json:"cases"`
}

// TestPeers compares with what scikit-learn gave once.
func TestPeers(t *testing.T) {
	data, err := os.ReadFile("testdata/peers.json")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, data)
}

// TestPeersLive compares with the scikit-learn of this machine. The Python to
// use may be named by BESPOKE_PYTHON.
func TestPeersLive(t *testing.T) {
	python := os.Getenv("BESPOKE_PYTHON")
	if python == "" {
		python = "python3"
	}
	if err := exec.CommandContext(t.Context(), python, "-c", "import sklearn").Run(); err != nil {
		t.Skipf("%s has no scikit-learn (%v); name one that has it in BESPOKE_PYTHON", python, err)
	}
	data, err := exec.CommandContext(t.Context(), python, "testdata/peers.py").Output()
	if err != nil {
		t.Fatal(err)
	}
	compare(t, data)
}

func compare(t *testing.T, data []byte) {
	t.Helper()
	var p peers
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Cases {
		opt := text.Options{Of: c.Of, Features: text.MostTerms, Texts: 2, Bits: text.MostBits}
		if c.Of == text.Characters {
			opt.Low, opt.High = 2, 3
		}
		v, err := text.Learn(p.Train, opt)
		if err != nil {
			t.Fatal(err)
		}
		at := make([]int, len(c.Terms)) // of the peer's terms among ours
		for k, term := range c.Terms {
			if at[k] = slices.Index(v.Terms, term); at[k] < 0 {
				t.Fatalf("%s: no term %q", c.Of, term)
			}
			near(t, fmt.Sprintf("%s: weight of %q", c.Of, term), v.Weights[at[k]], c.Weights[k], 1e-12)
		}
		if len(v.Terms) != len(c.Terms) {
			t.Fatalf("%s: %d terms, want %d", c.Of, len(v.Terms), len(c.Terms))
		}
		topics, err := text.LearnTopics(p.Train, v, len(c.Topics), 1)
		if err != nil {
			t.Fatal(err)
		}
		signs := make([]float64, topics.Count)
		for j, vector := range c.Topics {
			dot := 0.0
			for k, x := range vector {
				dot += x * topics.Vectors[at[k]*topics.Count+j]
			}
			signs[j] = math.Copysign(1, dot)
			// Equal up to the sign and rounding: the vectors have length 1.
			near(t, fmt.Sprintf("%s: topic %d times the peer's", c.Of, j+1), math.Abs(dot), 1, 1e-9)
		}
		row, place := make([]float64, len(v.Weights)), make([]float64, topics.Count)
		for i, fresh := range p.Fresh {
			v.Apply(fresh, row)
			for k := range c.Terms {
				near(t, fmt.Sprintf("%s: %q in %q", c.Of, c.Terms[k], fresh), row[at[k]], c.Fresh[i][k], 1e-12)
			}
			topics.Apply(v, fresh, place)
			// The peer iterates to the end, this side 16 times: what is left of
			// other directions is the root of what is missing to 1 above.
			for j := range place {
				near(t, fmt.Sprintf("%s: topic %d of %q", c.Of, j+1, fresh), signs[j]*place[j], c.FreshTopics[i][j], 1e-5)
			}
		}
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %v, want %v within %v", what, got, want, tolerance)
	}
}

func terms(t *testing.T, s string, low, high int) []string {
	t.Helper()
	v, err := text.Learn([]string{s}, text.Options{Of: text.Characters, Low: low, High: high, Features: 1000, Bits: text.MostBits})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(slices.Values(v.Terms))
}

func TestRunsOfCharacters(t *testing.T) {
	for _, c := range []struct {
		text      string
		low, high int
		want      string
	}{
		{"abc", 2, 3, "ab|abc|bc"},
		{"A \t\n b", 1, 2, " | b|a|a |b"},
		{"éÉ", 1, 2, "é|éé"},
		{"a\xff", 2, 2, "a�"},
		{"ab", 1, 8, "a|ab|b"},
	} {
		if got := strings.Join(terms(t, c.text, c.low, c.high), "|"); got != c.want {
			t.Errorf("runs of %d to %d in %q: %q, want %q", c.low, c.high, c.text, got, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	if _, err := text.Learn([]string{"a", "b"}, text.Options{Features: 5, Texts: 2}); !errors.Is(err, text.ErrNoTerm) {
		t.Errorf("no term in two texts: %v", err)
	}
	if _, err := text.Learn([]string{"ab"}, text.Options{Of: text.Characters, Low: 3, High: 2, Features: 5}); err == nil || !strings.Contains(err.Error(), "n-grams of 3 to 2 characters") {
		t.Errorf("falling lengths: %v", err)
	}
	good := text.Vocabulary{Bits: 4, Buckets: []uint32{1, 2}, Terms: []string{"a", "b"}, Weights: []float64{1, 2}}
	if err := good.Ready(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(v *text.Vocabulary)
		want   string
	}{
		{func(v *text.Vocabulary) { v.Bits = 19 }, "bits is 19"},
		{func(v *text.Vocabulary) { v.Of = "letters" }, `terms are of "letters"`},
		{func(v *text.Vocabulary) { v.Low = 2 }, "words of 2 to 0 characters"},
		{func(v *text.Vocabulary) { v.Terms = v.Terms[:1] }, "2 buckets and 1 terms"},
		{func(v *text.Vocabulary) { v.Weights = []float64{1} }, "weights has 1 numbers"},
		{func(v *text.Vocabulary) { v.Weights = []float64{1, math.NaN()} }, "weights has NaN"},
		{func(v *text.Vocabulary) { v.Weights = []float64{1, 1e13} }, "weights has 1e+13"},
		{func(v *text.Vocabulary) { v.Buckets = []uint32{1, 16} }, "bucket 16, want one below 16"},
		{func(v *text.Vocabulary) { v.Buckets = []uint32{1, 1} }, "buckets repeat"},
	} {
		v := good
		c.change(&v)
		if err := v.Ready(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
	for _, c := range []struct {
		topics text.Topics
		terms  int
		want   string
	}{
		{text.Topics{Count: 0}, 2, "0 topics of 2 terms"},
		{text.Topics{Count: 3}, 2, "3 topics of 2 terms"},
		{text.Topics{Count: 3}, 5000, "of which at most 4096"},
		{text.Topics{Count: 1, Vectors: []float64{1}}, 2, "vectors has 1 numbers"},
		{text.Topics{Count: 1, Vectors: []float64{1, math.Inf(1)}}, 2, "vectors has +Inf"},
	} {
		if err := c.topics.Check(c.terms); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
}

// Any texts give topics that are orthonormal, no more than there are
// independent texts, the same again, and independent of the seed but for
// rounding; nothing is allocated for a row.
func TestTopicsProperties(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringMatching(`([a-e]{1,3} ?){0,8}`), 1, 30).Draw(r, "texts")
		v, err := text.Learn(texts, text.Options{Of: rapid.SampledFrom([]text.Kind{text.Words, text.Characters}).Draw(r, "of"), Features: 200})
		if errors.Is(err, text.ErrNoTerm) {
			return
		}
		if err != nil {
			r.Fatal(err)
		}
		a, err := text.LearnTopics(texts, v, 6, 1)
		if err != nil {
			r.Fatal(err)
		}
		if err := a.Check(len(v.Terms)); err != nil {
			r.Fatal(err)
		}
		if a.Count > len(texts) {
			r.Fatalf("%d topics of %d texts", a.Count, len(texts))
		}
		for i := range a.Count {
			for j := range a.Count {
				dot, want := 0.0, 0.0
				if i == j {
					want = 1
				}
				for k := range v.Terms {
					dot += a.Vectors[k*a.Count+i] * a.Vectors[k*a.Count+j]
				}
				if math.Abs(dot-want) > 1e-9 {
					r.Fatalf("topics %d and %d: %v, want %v", i, j, dot, want)
				}
			}
		}
		again, err := text.LearnTopics(texts, v, 6, 1)
		if err != nil || !slices.Equal(a.Vectors, again.Vectors) {
			r.Fatalf("the same texts give others: %v", err)
		}
	})
}

func TestApplyAllocatesNothing(t *testing.T) {
	texts := []string{"good service and fast", "good food", "slow service and cold food", "fast and good"}
	for _, of := range []text.Kind{text.Words, text.Characters} {
		v, err := text.Learn(texts, text.Options{Of: of, Features: 100})
		if err != nil {
			t.Fatal(err)
		}
		topics, err := text.LearnTopics(texts, v, 2, 1)
		if err != nil {
			t.Fatal(err)
		}
		row := make([]float64, len(v.Weights))
		if n := testing.AllocsPerRun(100, func() {
			v.Apply(texts[2], row)
			topics.Apply(v, texts[2], row)
		}); n != 0 {
			t.Errorf("%s: %v allocations, want 0", of, n)
		}
	}
}

func FuzzVocabulary(f *testing.F) {
	f.Add([]byte(`{"bits":4,"buckets":[1,2],"terms":["a","b"],"weights":[1,2]}`), "a b ab")
	f.Add([]byte(`{"of":"characters","low":2,"high":4,"bits":8,"buckets":[1],"terms":["ab"],"weights":[1]}`), "東京 \xff ab")
	f.Fuzz(func(t *testing.T, data []byte, s string) {
		v := new(text.Vocabulary)
		if json.Unmarshal(data, v) != nil || v.Ready() != nil {
			return
		}
		row := make([]float64, len(v.Weights))
		v.Apply(s, row)
		for k, x := range row {
			if !(x >= 0 && x <= 1+1e-9) {
				t.Fatalf("%q of %q is %v", v.Terms[k], s, x)
			}
		}
	})
}

func BenchmarkTopicsRow(b *testing.B) {
	var texts []string
	for i := range 2000 {
		texts = append(texts, fmt.Sprintf("order %d of customer %d was late and the parcel %d was damaged", i%97, i%53, i%31))
	}
	v, err := text.Learn(texts, text.Options{Of: text.Words, Features: 1024, Texts: 2})
	if err != nil {
		b.Fatal(err)
	}
	topics, err := text.LearnTopics(texts, v, 16, 1)
	if err != nil {
		b.Fatal(err)
	}
	row := make([]float64, topics.Count)
	for b.Loop() {
		topics.Apply(v, texts[7], row)
	}
}
