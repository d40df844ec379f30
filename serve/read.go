package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"bespoke/explain"
	"bespoke/internal/jsonlit"
	"bespoke/internal/near"
	"bespoke/internal/rowjson"
	"bespoke/ledger"
	"bespoke/solution"
	"bespoke/value"
)

// work is the memory of one request, kept in a pool.
type work struct {
	body   bytes.Buffer
	scan   jsonlit.Scanner
	read   *rowjson.Row
	row    *solution.Row
	why    *explain.Scratch // nil when there are no reasons
	out    []byte           // the response
	inputs []byte           // the inputs of all rows, one after another
	// together holds the rows of a request where an action goes to the best of
	// them, else nil; rests is what follows their decisions, cut at ends.
	together *value.Batch
	rests    []byte
	ends     []int

	decisions []ledger.Decision
	records   []ledger.Record
	actions   []ledger.ActionMoney // of all rows
	numbers   []float64            // predictions of all rows
	keys      []string
	warnings  []Fault
	faults    []Fault
	unlisted  int // warnings and faults beyond maxFaults
	wrongRows bool
}

func (s *Server) newWork() *work {
	w := &work{read: s.schema.NewRow(), row: s.solution.NewRow()}
	if s.reasons != nil {
		w.why = s.reasons.NewScratch()
	}
	if p := s.solution.Payoffs; p != nil && p.HasTop() {
		w.together = p.NewBatch()
	}
	return w
}

// keepAtMost bounds the memory that stays in the pool after a large request.
const keepAtMost = 1 << 20

func (s *Server) putWork(w *work) {
	if w.body.Cap()+cap(w.out)+cap(w.inputs)+cap(w.rests) > keepAtMost {
		return
	}
	w.body.Reset()
	if w.together != nil {
		w.together.Reset()
		w.rests, w.ends = w.rests[:0], w.ends[:0]
	}
	w.out, w.inputs = w.out[:0], w.inputs[:0]
	clear(w.decisions) // free the strings
	clear(w.records)
	w.decisions, w.records = w.decisions[:0], w.records[:0]
	w.actions, w.numbers = w.actions[:0], w.numbers[:0]
	clear(w.keys)
	w.keys, w.warnings, w.faults, w.unlisted, w.wrongRows = w.keys[:0], w.warnings[:0], w.faults[:0], 0, false
	s.work.Put(w)
}

// asked are the query parameters of predict and decide.
type asked struct {
	strict  bool
	reasons int
}

// query reads the query parameters; a name that is not known is refused, since
// a mistyped one would otherwise do nothing.
func (s *Server) query(r *http.Request, allowed ...string) (asked, *failure) {
	a := asked{strict: s.opt.Strict}
	if r.URL.RawQuery == "" {
		return a, nil
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return a, fail(http.StatusBadRequest, "query", "the query string is not well formed")
	}
	for name, v := range values {
		if !slices.Contains(allowed, name) {
			return a, wrong("?"+name, "there is no such parameter; there are: "+strings.Join(allowed, ", ")+near.Hint(name, allowed))
		}
		if len(v) > 1 {
			return a, wrong("?"+name, "the parameter stands more than once")
		}
		if f := a.set(name, v[0]); f != nil {
			return a, f
		}
	}
	if a.reasons > 0 && s.reasons == nil {
		return a, wrong("?reasons", "this model cannot be split into exact reasons, so none are given")
	}
	return a, nil
}

func (a *asked) set(name, v string) *failure {
	switch name {
	case "strict":
		if v != "true" && v != "false" {
			return wrong("?strict", fmt.Sprintf("found %q where true or false is allowed", cut(v)))
		}
		a.strict = v == "true"
	case "reasons":
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > maxReasons {
			return wrong("?reasons", fmt.Sprintf("found %q where a whole number from 0 to %d is allowed", cut(v), maxReasons))
		}
		a.reasons = n
	}
	return nil
}

// maxReasons is the most reasons that a request may ask for.
const maxReasons = 50

// cut shortens what a client sent before it is sent back.
func cut(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// readBody reads a JSON body into the request's memory.
func (s *Server) readBody(rw http.ResponseWriter, r *http.Request, into *bytes.Buffer) *failure {
	if f := checkHeaders(r); f != nil {
		return f
	}
	tooLarge := fail(http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("the body has more than %d bytes; send fewer rows at a time", s.opt.MaxBody))
	if r.ContentLength > s.opt.MaxBody {
		return tooLarge
	}
	if r.ContentLength > 0 {
		into.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	_, err := into.ReadFrom(http.MaxBytesReader(rw, r.Body, s.opt.MaxBody))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return tooLarge
	case err != nil && timedOut(err):
		return &failure{status: http.StatusRequestTimeout, reason: "slow", detail: "the body did not arrive in time", cause: err}
	case err != nil && !errors.Is(err, io.EOF):
		return &failure{status: http.StatusBadRequest, reason: "cut_off", detail: "the body could not be read to its end", cause: err}
	case into.Len() == 0:
		return fail(http.StatusBadRequest, "empty", `the body is empty; send JSON such as {"rows": [{...}]}`)
	}
	return nil
}

func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// checkHeaders refuses bodies that say they are something else than JSON. A
// body that does not say, or that says what curl -d says by default, is taken
// for JSON too: pages of other sites, for whom such a body would be a way around
// the browser's rules, were refused by the guard.
func checkHeaders(r *http.Request) *failure {
	if c := r.Header.Get("Content-Encoding"); c != "" && !strings.EqualFold(c, "identity") {
		return fail(http.StatusUnsupportedMediaType, "media_type", fmt.Sprintf("the body is encoded as %q; send it as it is", cut(c)))
	}
	given := r.Header.Get("Content-Type")
	if given == "application/json" || given == "" {
		return nil
	}
	t, params, err := mime.ParseMediaType(given)
	charset := params["charset"]
	if err != nil || t != "application/json" && t != "application/x-www-form-urlencoded" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return fail(http.StatusUnsupportedMediaType, "media_type", fmt.Sprintf("the header Content-Type is %q; it must be application/json, in UTF-8", cut(given)))
	}
	return nil
}

// syntax turns an error of the scanner into a 400.
func syntax(err error) *failure {
	return &failure{status: http.StatusBadRequest, reason: "syntax", detail: "the body is not JSON: " + err.Error()}
}

// body walks through the whole body, an object, whose first known member must
// be there.
func body(scan *jsonlit.Scanner, known []string, take func(name string) *failure) *failure {
	if k := scan.Peek(); k != jsonlit.Object && k != jsonlit.None {
		return wrong("", fmt.Sprintf(`found %s where an object is allowed, such as {%q: [...]}`, k, known[0]))
	}
	seen, f := members(scan, "", known, take)
	if f != nil {
		return f
	}
	if err := scan.End(); err != nil {
		return syntax(err)
	}
	if seen&1 == 0 {
		return wrong(known[0], fmt.Sprintf(`the member is absent; send an object such as {%q: [...]}`, known[0]))
	}
	return nil
}

// members walks through an object and calls take for every member. One that is
// not known is refused with the nearest name. seen has a bit for each known
// member that was there.
func members(scan *jsonlit.Scanner, path string, known []string, take func(name string) *failure) (seen int, f *failure) {
	if err := scan.EnterObject(); err != nil {
		return 0, syntax(err)
	}
	for {
		name, ok, err := scan.NextKey()
		if err != nil {
			return seen, syntax(err)
		}
		if !ok {
			return seen, nil
		}
		at := slices.IndexFunc(known, func(k string) bool { return k == string(name) })
		if at < 0 {
			stray := cut(string(name))
			return seen, wrong(path+stray, fmt.Sprintf("there is no such member; there are: %s%s", strings.Join(known, ", "), near.Hint(stray, known)))
		}
		if seen&(1<<at) != 0 {
			return seen, wrong(path+known[at], "the member stands twice")
		}
		seen |= 1 << at
		if f := take(known[at]); f != nil {
			return seen, f
		}
	}
}

// elements walks through an array and calls take for each element. A limit on
// their number is checked as they come.
func elements(scan *jsonlit.Scanner, name string, limit int, take func(i int) *failure) *failure {
	if k := scan.Peek(); k != jsonlit.Array {
		if k == jsonlit.None {
			_, err := scan.Skip()
			return syntax(err)
		}
		return wrong(name, fmt.Sprintf("found %s where an array is allowed", k))
	}
	if err := scan.EnterArray(); err != nil {
		return syntax(err)
	}
	for i := 0; ; i++ {
		ok, err := scan.NextElement()
		if err != nil {
			return syntax(err)
		}
		if !ok {
			return nil
		}
		if i >= limit {
			return wrong(name, fmt.Sprintf("there are more than %d; send them in several requests", limit))
		}
		if f := take(i); f != nil {
			return f
		}
	}
}

// key reads a caller's own name of a case: text or a number.
func key(scan *jsonlit.Scanner, path string) (string, *failure) {
	switch k := scan.Peek(); k {
	case jsonlit.String:
		b, err := scan.Text()
		if err != nil {
			return "", syntax(err)
		}
		if len(b) > 256 {
			return "", wrong(path, fmt.Sprintf("found %d bytes, at most 256 are allowed", len(b)))
		}
		return string(b), nil
	case jsonlit.Number:
		b, err := scan.Literal()
		if err != nil {
			return "", syntax(err)
		}
		return string(b), nil
	case jsonlit.Null:
		if err := scan.Null(); err != nil {
			return "", syntax(err)
		}
		return "", nil
	case jsonlit.None:
		_, err := scan.Skip()
		return "", syntax(err)
	default:
		return "", wrong(path, fmt.Sprintf("found %s where text or a number is allowed", k))
	}
}

// overdue says whether the request's time is up.
func overdue(ctx context.Context) *failure {
	if err := ctx.Err(); err != nil {
		return &failure{status: http.StatusServiceUnavailable, reason: "timeout", detail: "the request was not answered in time; try again later, with fewer rows", cause: err}
	}
	return nil
}
