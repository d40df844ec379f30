package jsonlit_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"bespoke/internal/jsonlit"

	"pgregory.net/rapid"
)

// accepts says whether the bytes are one JSON document.
func accepts(doc []byte) error {
	s := jsonlit.NewScanner(doc)
	if _, err := s.Skip(); err != nil {
		return err
	}
	return s.End()
}

// ours says whether we mean to refuse a document that encoding/json takes: text
// that is not UTF-8, half a surrogate pair, a nesting that is too deep.
func stricter(err error) bool {
	for _, m := range []string{"not UTF-8", "surrogate", "nested deeper"} {
		if strings.Contains(err.Error(), m) {
			return true
		}
	}
	return false
}

func FuzzAgreesWithStandard(f *testing.F) {
	for _, s := range []string{
		``, `{}`, `[]`, `null`, `true`, `-0.5e+7`, `01`, `1.`, `"\u00e9\ud83d\ude00"`, `"\ud800"`, `{"a":[1,{"b":null}],"c":"x"}`,
		`[1,]`, `{"a":1,}`, `{"a" 1}`, `[1 2]`, "\"\x01\"", "\"\xff\"", ` [ ] x`, `{"a":1}{`, strings.Repeat("[", 40) + strings.Repeat("]", 40), `nul`, `1e999`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		err := accepts(doc)
		valid := json.Valid(doc)
		if err == nil && !valid {
			t.Fatalf("accepted %q, which is not JSON", doc)
		}
		if err != nil && valid && !stricter(err) {
			t.Fatalf("refused %q: %v", doc, err)
		}
		var syntax *jsonlit.SyntaxError
		if err != nil && (!errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(doc)) {
			t.Fatalf("%q: error %v has no place inside the document", doc, err)
		}
	})
}

func TestTextReadsWhatStandardWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.String().Draw(t, "text")
		doc, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := jsonlit.NewScanner(doc).Text()
		if err != nil || string(got) != want {
			t.Fatalf("%s: got %q, %v; want %q", doc, got, err, want)
		}
	})
}

func TestAppendStringIsWhatStandardReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		doc := jsonlit.AppendString(nil, raw)
		var got string
		if err := json.Unmarshal(doc, &got); err != nil {
			t.Fatalf("%q: %v", doc, err)
		}
		if want := strings.ToValidUTF8(string(raw), "\ufffd"); utf8.Valid(raw) && got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
		if strings.ContainsAny(string(doc), "\n\r<>&") {
			t.Fatalf("%q holds a byte that must be escaped", doc)
		}
	})
}

func TestNumbersSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		doc := jsonlit.AppendNumber(nil, want)
		if math.IsNaN(want) || math.IsInf(want, 0) {
			if string(doc) != "null" {
				t.Fatalf("%v was written as %s", want, doc)
			}
			return
		}
		got, err := jsonlit.NewScanner(doc).Float()
		if err != nil || math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%s: got %v, %v; want %v", doc, got, err, want)
		}
	})
}

func TestWalk(t *testing.T) {
	s := jsonlit.NewScanner([]byte(` {"a": [1, "x\n", true, null], "b": {"c": -2.5e3}, "d": []} `))
	if err := s.EnterObject(); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for {
		key, ok, err := s.NextKey()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		keys = append(keys, string(key))
		raw, err := s.Skip()
		if err != nil || !json.Valid(raw) {
			t.Fatalf("%s: %q, %v", key, raw, err)
		}
	}
	if err := s.End(); err != nil || strings.Join(keys, "") != "abd" {
		t.Fatalf("keys %v, %v", keys, err)
	}
}

func TestFloatRange(t *testing.T) {
	if _, err := jsonlit.NewScanner([]byte("1e999")).Float(); err == nil {
		t.Fatal("a number beyond float64 was read")
	}
}

func TestScanningDoesNotAllocate(t *testing.T) {
	doc := []byte(`{"age": 31.5, "job": "clerk", "tall": true, "none": null}`)
	s := jsonlit.NewScanner(doc)
	n := testing.AllocsPerRun(100, func() {
		s.Reset(doc)
		if err := s.EnterObject(); err != nil {
			t.Fatal(err)
		}
		for {
			_, ok, err := s.NextKey()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				return
			}
			switch s.Peek() {
			case jsonlit.Number:
				_, err = s.Float()
			case jsonlit.String:
				_, err = s.Text()
			default:
				_, err = s.Skip()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	if n != 0 {
		t.Fatalf("%v allocations, want none", n)
	}
}
