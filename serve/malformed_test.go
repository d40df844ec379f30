package serve_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bespoke/bundle/bundletest"
	"bespoke/serve"
)

// malformed are ways to get a request wrong. Each is sent to every endpoint
// that reads a body; in a body {} stands for the endpoint's own array, @n for a
// member that takes a number or @t for one that takes text.
var malformed = []struct {
	name, contentType, query, body string
	status                         int
	want                           string // in the answer
}{
	{"empty body", "application/json", "", ``, 400, "the body is empty"},
	{"blank body", "application/json", "", "  \n ", 400, "not JSON"},
	{"cut off", "application/json", "", `{"{}":[{"@t":`, 400, "not JSON: expected a value at byte"},
	{"not JSON", "application/json", "", `rows=1&x=2`, 400, "not JSON"},
	{"XML", "application/json", "", `<rows/>`, 400, "not JSON"},
	{"trailing bytes", "application/json", "", `{"{}":[]} x`, 400, "unexpected bytes after the document"},
	{"two documents", "application/json", "", `{"{}":[]}{}`, 400, "unexpected bytes after the document"},
	{"trailing comma", "application/json", "", `{"{}":[],}`, 400, "a value must follow the comma"},
	{"comment", "application/json", "", `{/* x */"{}":[]}`, 400, "not JSON"},
	{"single quotes", "application/json", "", `{'{}':[]}`, 400, "text in double quotes"},
	{"NaN", "application/json", "", `{"{}":[{"@n":NaN}]}`, 400, "not JSON"},
	{"Infinity", "application/json", "", `{"{}":[{"@n":-Infinity}]}`, 400, "expected a digit"},
	{"leading zero", "application/json", "", `{"{}":[{"@n":01}]}`, 400, "must not begin with 0"},
	{"not UTF-8", "application/json", "", "{\"{}\":[{\"@t\":\"\xff\"}]}", 400, "not UTF-8"},
	{"half a surrogate", "application/json", "", `{"{}":[{"@t":"\ud800"}]}`, 400, "surrogate"},
	{"control character", "application/json", "", "{\"{}\":[{\"@t\":\"a\nb\"}]}", 400, "control character"},
	{"nested deep", "application/json", "", `{"{}":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, 0, ""},
	{"array on top", "application/json", "", `[{"amount":1}]`, 422, "found an array where an object is allowed"},
	{"text on top", "application/json", "", `"hello"`, 422, "found text where an object is allowed"},
	{"null on top", "application/json", "", `null`, 422, "found null where an object is allowed"},
	{"no array", "application/json", "", `{}`, 422, "the member is absent"},
	{"object for an array", "application/json", "", `{"{}":{"amount":1}}`, 422, "found an object where an array is allowed"},
	{"empty array", "application/json", "", `{"{}":[]}`, 422, "the array is empty"},
	{"number as element", "application/json", "", `{"{}":[1]}`, 422, "found a number where an object"},
	{"array as element", "application/json", "", `{"{}":[[]]}`, 422, "found an array where an object"},
	{"unknown member", "application/json", "", `{"{}s":[]}`, 422, "there is no such member"},
	{"member twice", "application/json", "", `{"{}":[{"id":"a","outcome":"good"}],"{}":[]}`, 422, "stands twice"},
	{"too many rows", "application/json", "", `{"{}":[` + strings.TrimSuffix(strings.Repeat(`{"id":"a","outcome":"good"},`, 1001), ",") + `]}`, 422, "more than 1000"},
	{"too large", "application/json", "", `{"{}":[{"note":"` + strings.Repeat("x", 2<<20) + `"}]}`, 413, "more than 1048576 bytes"},
	{"no content type", "", "", `rows`, 400, "not JSON"},
	{"form", "application/x-www-form-urlencoded", "", `rows=1`, 400, "not JSON"},
	{"multipart form", "multipart/form-data; boundary=x", "", `{"{}":[]}`, 415, "must be application/json"},
	{"plain text", "text/plain", "", `{"{}":[]}`, 415, "must be application/json"},
	{"odd content type", "application/json; charset=latin1", "", `{"{}":[]}`, 415, "in UTF-8"},
	{"broken content type", ";;;", "", `{"{}":[]}`, 415, "must be application/json"},
	{"unknown parameter", "application/json", "?stric=true", `{"{}":[]}`, 422, "there is no such parameter"},
	{"broken query", "application/json", "?%zz", `{"{}":[]}`, 400, "the query string is not well formed"},
}

// endpoints give the names for {}, @n and @t.
var endpoints = map[string][3]string{
	"/v1/predict": {"rows", "amount", "job"}, "/v1/decide": {"rows", "amount", "job"}, "/v1/outcomes": {"outcomes", "outcome", "outcome"},
}

func TestMalformedRequests(t *testing.T) {
	cl := start(t, bundletest.Lender(t), func(o *serve.Options) { o.Log = &memory{} })
	kinds := 0
	for _, m := range malformed {
		kinds++
		for path, n := range endpoints {
			body := strings.NewReplacer("{}", n[0], "@n", n[1], "@t", n[2]).Replace(m.body)
			if m.body == `{}` {
				body = m.body
			}
			a := cl.do("POST", path+m.query, m.contentType, body)
			var p serve.Problem
			if err := json.Unmarshal(a.body, &p); err != nil {
				t.Errorf("%s %s: %d %s: %v", m.name, path, a.status, a.body, err)
				continue
			}
			if a.status < 400 || a.status > 499 || p.Status != a.status || p.Detail == "" {
				t.Errorf("%s %s: %d %s", m.name, path, a.status, a.body)
			}
			if m.status != 0 && a.status != m.status {
				t.Errorf("%s %s: %d %s, want %d", m.name, path, a.status, a.body, m.status)
			}
			all := p.Detail
			for _, f := range p.Errors {
				all += " " + f.Path + " " + f.Message
			}
			if !strings.Contains(all, m.want) {
				t.Errorf("%s %s: %q does not say %q", m.name, path, all, m.want)
			}
		}
	}
	if kinds < 24 {
		t.Errorf("%d kinds, want at least 24", kinds)
	}
	if a := cl.get("/readyz"); a.status != 200 {
		t.Errorf("the server does not work any more: %d", a.status)
	}
}

// What only one of the endpoints can get wrong.
func TestMalformedValues(t *testing.T) {
	c := bundletest.Lender(t)
	cl := start(t, c, func(o *serve.Options) { o.Log = &memory{} })
	row := string(bundletest.JSON(c.Rows, 0))
	for _, m := range []struct{ path, body, want string }{
		{"/v1/decide?strict=maybe", `{"rows":[` + row + `]}`, `found "maybe" where true or false is allowed`},
		{"/v1/decide?strict=true&strict=true", `{"rows":[` + row + `]}`, `stands more than once`},
		{"/v1/decide?reasons=-1", `{"rows":[` + row + `]}`, `a whole number from 0 to 50`},
		{"/v1/decide?reasons=many", `{"rows":[` + row + `]}`, `a whole number from 0 to 50`},
		{"/v1/outcomes?strict=true", `{"outcomes":[]}`, `there is no such parameter`},
		{"/v1/decide", `{"rows":[` + row + `],"keys":["a","b"]}`, `there are 2 keys for 1 rows`},
		{"/v1/decide", `{"rows":[` + row + `],"keys":"a"}`, `keys found text where an array is allowed`},
		{"/v1/decide", `{"rows":[` + row + `],"keys":[{}]}`, `keys[0] found an object where text or a number is allowed`},
		{"/v1/decide", `{"rows":[` + row + `],"keys":["` + strings.Repeat("k", 300) + `"]}`, `at most 256 are allowed`},
		{"/v1/decide", `{"rows":[{"amount":1,"amount":2}]}`, `rows[0].amount the field stands twice`},
		{"/v1/decide", `{"rows":[{"amount":1e999}]}`, `1e999 is beyond the range of numbers`},
		{"/v1/decide", `{"rows":[{"opened":"yesterday"}]}`, `rows[0].opened "yesterday" is not a time`},
		{"/v1/outcomes", `{"outcomes":[{"id":"a"}]}`, `outcomes[0].outcome the outcome is absent`},
		{"/v1/outcomes", `{"outcomes":[{"outcome":"good"}]}`, `send either the id of the decision or the key`},
		{"/v1/outcomes", `{"outcomes":[{"id":"a","key":"b","outcome":"good"}]}`, `send either the id of the decision or the key`},
		{"/v1/outcomes", `{"outcomes":[{"id":"a","outcome":"goof"}]}`, `found "goof" where one of good, bad is allowed; did you mean "good"?`},
		{"/v1/outcomes", `{"outcomes":[{"id":"a","outcome":1}]}`, `found "1" where one of good, bad is allowed`},
		{"/v1/outcomes", `{"outcomes":[{"id":"a","outcome":null}]}`, `found null where one of good, bad is allowed`},
		{"/v1/outcomes", `{"outcomes":[{"id":["a"],"outcome":"good"}]}`, `outcomes[0].id found an array where text or a number`},
		{"/v1/outcomes", `{"outcomes":[{"id":"a","outcome":"good","time":"soon"}]}`, `outcomes[0].time found "soon" where a time is allowed`},
		{"/v1/outcomes", `{"outcomes":[{"id":"a","outcome":"good","when":1}]}`, `outcomes[0].when there is no such member`},
	} {
		a := cl.post(m.path, m.body)
		var p serve.Problem
		a.into(t, &p)
		all := ""
		for _, f := range p.Errors {
			all += f.Path + " " + f.Message + "\n"
		}
		if a.status != 422 || !strings.Contains(all, m.want) {
			t.Errorf("%s %.80s: %d %s, want %q", m.path, m.body, a.status, a.body, m.want)
		}
	}
}

func TestRowsWithoutAPrice(t *testing.T) {
	cl := start(t, bundletest.Prices(t), nil)
	a := cl.post("/v1/decide", `{"rows":[{"size":50,"district":"north"},{"size":1e306,"district":"north"}]}`)
	var p serve.Problem
	a.into(t, &p)
	if a.status != 422 || len(p.Errors) != 1 || p.Errors[0].Path != "rows[1]" || p.Errors[0].Kind != "no_money" || !strings.Contains(p.Errors[0].Message, "value.actions.buy") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestCompressedBodyIsRefused(t *testing.T) {
	cl := start(t, bundletest.Lender(t), nil)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, `{"rows":[]}`); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	if a := cl.do("POST", "/v1/decide", "application/json", b.String(), "Content-Encoding", "gzip"); a.status != 415 || !strings.Contains(string(a.body), "gzip") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A body without a stated length is bounded as well.
func TestChunkedBody(t *testing.T) {
	cl := start(t, bundletest.Lender(t), nil)
	large := io.MultiReader(strings.NewReader(`{"rows":[{"note":"`), bytes.NewReader(bytes.Repeat([]byte("x"), 4<<20)))
	res, err := http.Post(cl.url+"/v1/decide", "application/json", struct{ io.Reader }{large})
	if err != nil {
		return // the connection was cut while sending, which is as good
	}
	res.Body.Close()
	if res.StatusCode != 413 {
		t.Errorf("status %d, want 413", res.StatusCode)
	}
}

func TestSlowBody(t *testing.T) {
	opt := serve.Default()
	opt.ReadTimeout = 200 * time.Millisecond
	s, err := serve.New(bundletest.Lender(t).Sealed(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()

	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/decide HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"rows\":")
	reply, err := io.ReadAll(conn) // until the server gives up
	if err != nil || !strings.HasPrefix(string(reply), "HTTP/1.1 408") {
		t.Errorf("a body that does not come: %v, %.100s", err, reply)
	}
	if s.InFlight() != 0 {
		t.Errorf("%d requests are still held", s.InFlight())
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// FuzzDecide sends any bytes as a body: the answer is JSON, never a 5xx, and
// what is decided is decided for every row.
func FuzzDecide(f *testing.F) {
	c := bundletest.Lender(f)
	s, err := serve.New(c.Sealed(f), serve.Default())
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(rows(c, 0, 2)), "")
	f.Add([]byte(`{"rows":[`+string(bundletest.JSON(c.Rows, 3))+`],"keys":["a"]}`), "reasons=2")
	f.Add([]byte(`{"rows":[{"amount":1e308,"months":-1e308,"job":"x","phone":null,"opened":"9999-12-31","note":"\u0000"}]}`), "strict=false")
	for _, m := range malformed {
		if len(m.body) < 4096 {
			f.Add([]byte(strings.ReplaceAll(m.body, "{}", "rows")), strings.TrimPrefix(m.query, "?"))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, query string) {
		r := httptest.NewRequest("POST", "http://localhost/v1/decide", bytes.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if !json.Valid(w.Body.Bytes()) || w.Code >= 500 {
			t.Fatalf("%q ?%q: %d %s", body, query, w.Code, w.Body)
		}
		if w.Code != 200 {
			return
		}
		var sent struct{ Rows []json.RawMessage }
		var got decided
		if json.Unmarshal(body, &sent) != nil || json.Unmarshal(w.Body.Bytes(), &got) != nil || len(sent.Rows) != len(got.Decisions) {
			t.Fatalf("%q: %d rows, answer %s", body, len(sent.Rows), w.Body)
		}
	})
}
