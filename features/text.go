package features

import (
	"errors"
	"fmt"
	"strings"

	"bespoke/model"
	"bespoke/table"
	"bespoke/text"
)

// tfidfStep counts words and pairs of words.
var tfidfStep = Step{
	Name: "tf-idf",
	Summary: "The commonest words and pairs of neighbouring words of the training rows are counted, weighted by how few rows have them, " +
		"and scaled to length 1; words are hashed, so nothing depends on a vocabulary's order.",
	Params: []model.Param{
		keptParam("words and pairs"), rowsParam("word or pair"), bitsParam("words"),
	},
	accepts: []form{words},
	fit: func(b *block, p model.Params, _ *training) (step, error) {
		return fitTerms(b, p, text.Options{Of: text.Words})
	},
	empty: func() step { return new(terms) },
}

// nGramsStep counts runs of characters.
var nGramsStep = Step{
	Name: "n-grams",
	Summary: "Runs of characters of the training rows are hashed and counted as words are by tf-idf; " +
		"they find parts of words, spellings and codes that words miss.",
	Params: []model.Param{
		keptParam("runs"), rowsParam("run"), bitsParam("runs"), lowParam, highParam,
	},
	accepts: []form{words},
	fit: func(b *block, p model.Params, _ *training) (step, error) {
		return fitTerms(b, p, text.Options{Of: text.Characters, Low: p.Int("low"), High: p.Int("high")})
	},
	empty: func() step { return &terms{Vocabulary: text.Vocabulary{Of: text.Characters}} },
}

// topicsStep gives the directions in which texts differ most.
var topicsStep = Step{
	Name: "topics",
	Summary: "The tf-idf weights of words or of runs of characters are taken together into a few numbers: " +
		"the directions in which the training rows vary most (truncated singular value decomposition).",
	Params: []model.Param{
		{Name: "of", Doc: "What is counted: words with pairs of them, or runs of characters.", Default: "words", Choices: []string{"words", "characters"}},
		{Name: "topics", Doc: "How many directions are kept.", Default: 16.0, Min: 1, Max: 256, Integer: true},
		{Name: "features", Doc: "At most this many words or runs are counted, those that the most rows have.", Default: 1024.0, Min: 1, Max: text.MostTerms, Integer: true},
		rowsParam("word or run"), bitsParam("words or runs"), lowParam, highParam,
	},
	accepts: []form{words},
	fit:     fitTopics,
	empty:   func() step { return new(topics) },
}

// termsStep makes entries of the sparse part of all terms that rows share.
var termsStep = Step{
	Name: "terms",
	Summary: "All words with pairs of them, or all runs of characters, that several training rows have are weighted as by tf-idf; " +
		"only those that a row has are kept of it, in the sparse part of the matrix, so that there may be very many.",
	Params: []model.Param{
		{Name: "of", Doc: "What is counted: words with pairs of them, or runs of characters.", Default: "words", Choices: []string{"words", "characters"}},
		{
			Name: "features", Doc: "At most this many words or runs are kept, those that the most rows have.",
			Default: float64(1 << text.MostBits), Min: 1, Max: 1 << text.MostBits, Integer: true,
		},
		rowsParam("word or run"), bitsParam("words or runs"), lowParam, highParam,
	},
	accepts: []form{words},
	alone:   true,
	fit:     fitSparse,
	empty:   func() step { return new(sparseTerms) },
}

// keptParam is the parameter of how many terms are kept.
func keptParam(of string) model.Param {
	return model.Param{
		Name: "features", Doc: "At most this many " + of + " are kept, those that the most rows have; 0 chooses one per 8 training rows, from 16 to 256, fewer where rows are very many.",
		Default: 0.0, Min: 0, Max: 1 << 14, Integer: true,
	}
}

// rowsParam is the parameter of how many rows must have a term.
func rowsParam(term string) model.Param {
	return model.Param{Name: "rows", Doc: "A " + term + " must be in this many training rows.", Default: 2.0, Min: 1, Max: 1e9, Integer: true}
}

// bitsParam is the parameter of the size of the hash table.
func bitsParam(of string) model.Param {
	return model.Param{
		Name: "bits", Doc: "The hash table has 2^bits places; 0 chooses by the number of " + of + ", from 8 to 18.",
		Default: 0.0, Min: 0, Max: text.MostBits, Integer: true,
	}
}

var (
	lowParam  = model.Param{Name: "low", Doc: "Shortest run of characters.", Default: 2.0, Min: text.Shortest, Max: text.Longest, Integer: true}
	highParam = model.Param{Name: "high", Doc: "Longest run of characters.", Default: 4.0, Min: text.Shortest, Max: text.Longest, Integer: true}
)

// mostTextValues bounds the values that one text column makes of the training
// rows, to 400 MB.
const mostTextValues = 50_000_000

// learn makes a vocabulary of the block's texts, by the parameters that all
// text steps share.
func learn(b *block, p model.Params, opt text.Options) (*text.Vocabulary, error) {
	opt.Features, opt.Texts, opt.Bits = p.Int("features"), p.Int("rows"), p.Int("bits")
	if opt.Features == 0 {
		opt.Features = max(16, min(256, len(b.texts)/8, mostTextValues/len(b.texts)))
	}
	v, err := text.Learn(b.texts, opt)
	if errors.Is(err, text.ErrNoTerm) {
		thing := "word"
		if opt.Of == text.Characters {
			thing = "run of characters"
		}
		return nil, noInformationError(fmt.Sprintf("no %s is in %d training rows", thing, opt.Texts))
	}
	return v, err
}

// terms is a fitted tf-idf or n-grams step.
type terms struct {
	text.Vocabulary
}

func fitTerms(b *block, p model.Params, opt text.Options) (step, error) {
	v, err := learn(b, p, opt)
	if err != nil {
		return nil, err
	}
	return &terms{*v}, nil
}

func (s *terms) bind(in shape) (shape, error) {
	if err := s.Ready(); err != nil {
		return shape{}, err
	}
	out := shape{form: number}
	for _, term := range s.Terms {
		out.features = append(out.features, in.made(mark(s.Of)+term))
	}
	return out, nil
}

// mark stands between the column's name and the term, so that the word "ab" and
// the run "ab" are told apart.
func mark(of text.Kind) string {
	if of == text.Characters {
		return "~~"
	}
	return "~"
}

// apply is never reached: a chain gives the first step the text.
func (s *terms) apply(v []float64) { clear(v[:len(s.Weights)]) }

func (s *terms) applyText(t string, v []float64) { s.Apply(t, v) }

func (s *terms) describe() string {
	return fmt.Sprintf("the weight of %d %s: %s", len(s.Terms), termsName(s.Of), strings.Join(s.Terms[:min(len(s.Terms), 5)], ", "))
}

func termsName(of text.Kind) string {
	if of == text.Characters {
		return "runs of characters"
	}
	return "words and pairs of words"
}

// sparseTerms is a fitted terms step.
type sparseTerms struct {
	Vocabulary text.Vocabulary `json:"vocabulary"`
}

func fitSparse(b *block, p model.Params, _ *training) (step, error) {
	opt := text.Options{Of: text.Words}
	if p.Choice("of") == string(text.Characters) {
		opt = text.Options{Of: text.Characters, Low: p.Int("low"), High: p.Int("high")}
	}
	v, err := learn(b, p, opt)
	if err != nil {
		return nil, err
	}
	return &sparseTerms{*v}, nil
}

func (s *sparseTerms) bind(in shape) (shape, error) {
	if err := s.Vocabulary.Ready(); err != nil {
		return shape{}, err
	}
	out := shape{form: sparse}
	for _, term := range s.Vocabulary.Terms {
		out.features = append(out.features, in.made(mark(s.Vocabulary.Of)+term))
	}
	return out, nil
}

// apply is never reached: what it makes is no row of numbers.
func (s *sparseTerms) apply([]float64) {}

func (s *sparseTerms) entries(t string, columns []uint32, values []float32) ([]uint32, []float32) {
	return s.Vocabulary.Entries(t, columns, values)
}

func (s *sparseTerms) describe() string {
	v := &s.Vocabulary
	return fmt.Sprintf("the weight of those of %d %s that a row has: %s", len(v.Terms), termsName(v.Of), strings.Join(v.Terms[:min(len(v.Terms), 5)], ", "))
}

// topics is a fitted topics step.
type topics struct {
	Vocabulary text.Vocabulary `json:"vocabulary"`
	Topics     text.Topics     `json:"topics"`
}

// topicsSeed fixes the random start, which the outcome does not depend on but
// for rounding.
const topicsSeed = 1

func fitTopics(b *block, p model.Params, _ *training) (step, error) {
	opt := text.Options{Of: text.Words}
	if p.Choice("of") == string(text.Characters) {
		opt = text.Options{Of: text.Characters, Low: p.Int("low"), High: p.Int("high")}
	}
	v, err := learn(b, p, opt)
	if err != nil {
		return nil, err
	}
	t, err := text.LearnTopics(b.texts, v, p.Int("topics"), topicsSeed)
	if errors.Is(err, text.ErrNoTerm) {
		return nil, noInformationError("the texts do not differ")
	}
	if err != nil {
		return nil, err
	}
	return &topics{*v, *t}, nil
}

func (s *topics) bind(in shape) (shape, error) {
	if err := s.Vocabulary.Ready(); err != nil {
		return shape{}, err
	}
	if err := s.Topics.Check(len(s.Vocabulary.Weights)); err != nil {
		return shape{}, err
	}
	out := shape{form: number}
	name := "topic"
	if s.Vocabulary.Of == text.Characters {
		name = "spelling"
	}
	for k := range s.Topics.Count {
		out.features = append(out.features, in.made(fmt.Sprintf(" (%s %d)", name, k+1)))
	}
	return out, nil
}

// apply is never reached: a chain gives the first step the text.
func (s *topics) apply(v []float64) { clear(v[:s.Topics.Count]) }

func (s *topics) applyText(t string, v []float64) { s.Topics.Apply(&s.Vocabulary, t, v) }

func (s *topics) describe() string {
	return fmt.Sprintf("%d directions of the weights of %d %s", s.Topics.Count, len(s.Vocabulary.Terms), termsName(s.Vocabulary.Of))
}

// Wide says how text is read into the sparse part of a matrix.
type Wide struct {
	// Of is what is counted: text.Words or text.Characters.
	Of text.Kind
	// Size is how many words or runs of characters are kept at most, those that
	// the most rows have; 0 means as many as there are places.
	Size int
}

// planWide has a text read by as many words as there are.
func planWide(w Wide) ColumnPlan {
	p := model.Params{}
	if w.Of == text.Characters {
		p["of"] = string(text.Characters)
	}
	if w.Size > 0 {
		p["features"] = float64(w.Size)
	}
	return ColumnPlan{
		Steps:  []StepPlan{{Step: "terms", Params: p}},
		Reason: "The scenario has free text read by all that many rows share; only what a row has is kept of it.",
	}
}

// sparseStep is a step that makes entries of the sparse part of a matrix of a
// text: always the only one of a chain.
type sparseStep interface {
	step
	// entries appends the entries of a text, rising, counted from 0.
	entries(text string, columns []uint32, values []float32) ([]uint32, []float32)
}

// SparseFeatures describes the columns of the sparse part that Apply fills; none
// where the plan fills none. The slice must not be changed.
func (f *Fitted) SparseFeatures() []model.Feature { return f.sparse }

// NewMatrix makes a matrix that Apply can fill.
func (f *Fitted) NewMatrix(rows int) *model.Matrix {
	x := model.NewMatrix(f.features, rows)
	if len(f.sparse) > 0 {
		x.Sparse = model.NewSparse(f.sparse)
		for range rows {
			x.Sparse.End()
		}
	}
	return x
}

// applySparse fills the sparse part of out, which must have as many columns as
// the chains fill.
func (f *Fitted) applySparse(t *table.Table, start int, out *model.Matrix) error {
	if len(f.sparse) == 0 {
		return nil
	}
	to := out.Sparse
	if to == nil || len(to.Features) != len(f.sparse) {
		return fmt.Errorf("features: apply: the matrix has no sparse part of %d columns; NewMatrix makes one", len(f.sparse))
	}
	to.Reset()
	for i := range out.Rows {
		for _, c := range f.chains {
			if c.plan.Drop || c.out.form != sparse {
				continue
			}
			column, err := f.find(t, c.input[0])
			if err != nil {
				return err
			}
			from := len(to.Columns)
			to.Columns, to.Values = c.steps[0].(sparseStep).entries(column.Texts[start+i], to.Columns, to.Values)
			for k := range to.Columns[from:] {
				to.Columns[from+k] += uint32(c.offset)
			}
		}
		to.End()
	}
	return nil
}
