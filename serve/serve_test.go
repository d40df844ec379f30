package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bespoke/bundle"
	"bespoke/bundle/bundletest"
	"bespoke/ledger"
	"bespoke/scenario"
	"bespoke/serve"
	"bespoke/value"

	"github.com/google/go-cmp/cmp"
)

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) into(tb testing.TB, v any) {
	tb.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		tb.Fatalf("%d %s: %v", a.status, a.body, err)
	}
}

type client struct {
	tb  testing.TB
	url string
}

// start serves a bundle on a port of its own.
func start(tb testing.TB, c bundletest.Case, change func(*serve.Options)) client {
	tb.Helper()
	opt := serve.Default()
	if change != nil {
		change(&opt)
	}
	s, err := serve.New(c.Sealed(tb), opt)
	if err != nil {
		tb.Fatal(err)
	}
	h := httptest.NewServer(s.Handler())
	tb.Cleanup(h.Close)
	return client{tb, h.URL}
}

func (c client) do(method, path, contentType, body string, header ...string) answer {
	c.tb.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.tb.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.tb.Fatal(err)
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		c.tb.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, out}
}

func (c client) get(path string) answer { c.tb.Helper(); return c.do("GET", path, "", "") }

func (c client) post(path, body string) answer {
	c.tb.Helper()
	return c.do("POST", path, "application/json", body)
}

func rows(c bundletest.Case, from, to int) string {
	var list [][]byte
	for i := from; i < to; i++ {
		list = append(list, bundletest.JSON(c.Rows, i))
	}
	return `{"rows":[` + string(bytes.Join(list, []byte(","))) + `]}`
}

type decided struct {
	Bundle    string
	Currency  string
	Decisions []struct {
		ID, Action     string
		Expected, Cost float64
		Actions        map[string]float64
		Probabilities  map[string]float64
		Prediction     *float64
		Reasons        *struct {
			Unit          string
			Contributions []struct {
				Column string
				Amount float64
			}
			Base, Raw, Rest float64
		}
	}
	Warnings         []serve.Fault
	WarningsUnlisted int `json:"warnings_unlisted"`
}

type predicted struct {
	Predictions []struct {
		Probabilities map[string]float64
		Prediction    *float64
	}
	Warnings []serve.Fault
}

// What the server says about a row is what the solution says about the table.
func TestDecideAgreesWithTheTable(t *testing.T) {
	for name, c := range map[string]bundletest.Case{"lender": bundletest.Lender(t), "prices": bundletest.Prices(t)} {
		t.Run(name, func(t *testing.T) {
			cl := start(t, c, nil)
			a := cl.post("/v1/decide", rows(c, 0, 40))
			if a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
			var got decided
			a.into(t, &got)
			s := c.Bundle.Solution
			p, err := s.Predict(c.Rows, 1)
			if err != nil {
				t.Fatal(err)
			}
			sheet, err := s.Payoffs.Sheet(c.Rows, p, nil, 1)
			if err != nil {
				t.Fatal(err)
			}
			choice := sheet.Choose()
			for i, d := range got.Decisions {
				if d.Action != sheet.Actions[choice[i]] || d.ID == "" || d.Cost != 0.5 {
					t.Errorf("row %d: %+v, want action %s", i, d, sheet.Actions[choice[i]])
				}
				for k, name := range sheet.Actions {
					if d.Actions[name] != sheet.Expected[i*len(sheet.Actions)+k] {
						t.Errorf("row %d: %s is expected to bring %v, want %v", i, name, d.Actions[name], sheet.Expected[i*len(sheet.Actions)+k])
					}
				}
				if d.Expected != d.Actions[d.Action] {
					t.Errorf("row %d: expected %v of %v", i, d.Expected, d.Actions)
				}
				for k, o := range s.Outcomes {
					if d.Probabilities[o] != p[i*len(s.Outcomes)+k] {
						t.Errorf("row %d: probability of %s is %v, want %v", i, o, d.Probabilities[o], p[i*len(s.Outcomes)+k])
					}
				}
				if len(s.Outcomes) == 0 && (d.Prediction == nil || *d.Prediction != p[i]) {
					t.Errorf("row %d: prediction %v, want %v", i, d.Prediction, p[i])
				}
			}
			if len(got.Decisions) != 40 || got.Currency != "EUR" || len(got.Bundle) != 64 || got.Warnings != nil {
				t.Errorf("%d decisions, currency %q, bundle %q, warnings %v", len(got.Decisions), got.Currency, got.Bundle, got.Warnings)
			}
		})
	}
}

// Where an action goes to the best rows of a group, the rows of one request are
// decided together: as the table of the same rows, and with the same answer
// otherwise. A row that is sent alone is a group of its own.
func TestRowsOfARequestAreDecidedTogether(t *testing.T) {
	c := bundletest.Lender(t)
	s := *c.Bundle.Solution
	config := s.Payoffs.Config()
	config.Schema = c.Rows.Schema()
	config.Value.Capacity = scenario.Capacities{{Name: "grant", Top: 2, Per: "job"}}
	payoffs, err := value.Compile(config)
	if err != nil {
		t.Fatal(err)
	}
	c.Bundle.Solution = s.Complete(c.Rows.Schema(), payoffs)
	predictions, err := s.Predict(c.Rows, 1)
	if err != nil {
		t.Fatal(err)
	}
	cl := start(t, c, nil)
	for range 2 { // memory is used again
		var got decided
		cl.post("/v1/decide", rows(c, 0, 40)).into(t, &got)
		first := make([]int, 40)
		for i := range first {
			first[i] = i
		}
		k := len(s.Outcomes)
		sheet, err := payoffs.Sheet(c.Rows.Take(first), predictions[:40*k], nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		choice, fewer := sheet.Choose(), 0
		for i, d := range got.Decisions {
			if d.Action != sheet.Actions[choice[i]] || d.Expected != sheet.Expected[i*len(sheet.Actions)+choice[i]] || d.Probabilities["good"] != predictions[i*k] {
				t.Errorf("row %d: %+v, want %s", i, d, sheet.Actions[choice[i]])
			}
			var alone decided
			cl.post("/v1/decide", rows(c, i, i+1)).into(t, &alone)
			if alone.Decisions[0].Action == "grant" && d.Action != "grant" {
				fewer++
			}
		}
		if fewer == 0 || len(got.Decisions) != 40 {
			t.Errorf("%d of %d rows lose their loan to others", fewer, len(got.Decisions))
		}
	}
}

func TestPredict(t *testing.T) {
	c := bundletest.Undecided(t)
	cl := start(t, c, nil)
	var got predicted
	cl.post("/v1/predict", rows(c, 0, 5)).into(t, &got)
	for i, p := range got.Predictions {
		sum := 0.0
		for _, v := range p.Probabilities {
			sum += v
		}
		if len(p.Probabilities) != 3 || math.Abs(sum-1) > 1e-12 {
			t.Errorf("row %d: %v", i, p)
		}
	}
	if len(got.Predictions) != 5 {
		t.Errorf("%d predictions", len(got.Predictions))
	}
	if a := cl.post("/v1/decide", rows(c, 0, 1)); a.status != http.StatusConflict || !strings.Contains(string(a.body), "no value section") {
		t.Errorf("decide without payoffs: %d %s", a.status, a.body)
	}
}

func TestReasons(t *testing.T) {
	c := bundletest.Lender(t)
	cl := start(t, c, nil)
	var got decided
	cl.post("/v1/decide?reasons=3", rows(c, 0, 2)).into(t, &got)
	for i, d := range got.Decisions {
		r := d.Reasons
		if r == nil || len(r.Contributions) != 3 || r.Unit == "" {
			t.Fatalf("row %d: %+v", i, r)
		}
		sum := r.Base + r.Rest
		for _, x := range r.Contributions {
			sum += x.Amount
		}
		if math.Abs(sum-r.Raw) > 1e-9 {
			t.Errorf("row %d: the reasons add up to %v, not %v", i, sum, r.Raw)
		}
	}
	var plain map[string]any
	cl.post("/v1/decide", rows(c, 0, 1)).into(t, &plain)
	if strings.Contains(fmt.Sprint(plain), "reasons") {
		t.Error("reasons were given without being asked for")
	}
}

func TestWarningsAndStrict(t *testing.T) {
	c := bundletest.Lender(t)
	body := `{"rows":[{"amount":1000,"months":12,"job":"clrk","phone":"yes","opened":null,"incme":3,"outcome":"good"}]}`
	want := []serve.Fault{
		{Path: "rows[0].job", Kind: "unknown_category", Message: `"clrk" was not seen in training and counts as missing; did you mean "clerk"?`},
		{Path: "rows[0].incme", Kind: "unknown_field", Message: `no column has this name, so it is not read`},
		{Path: "rows[0].outcome", Kind: "unknown_field", Message: `this is the column that is predicted, so it is not read`},
		{Path: "rows[0].note", Kind: "missing_field", Message: `the field is absent and counts as missing; send null to say that it is not known`},
	}
	for _, strict := range []bool{false, true} {
		cl := start(t, c, func(o *serve.Options) { o.Strict = strict })
		var lenient, refused answer
		if strict {
			lenient, refused = cl.post("/v1/decide?strict=false", body), cl.post("/v1/decide", body)
		} else {
			lenient, refused = cl.post("/v1/decide", body), cl.post("/v1/decide?strict=true", body)
		}
		var got decided
		lenient.into(t, &got)
		if d := cmp.Diff(want, got.Warnings); d != "" || lenient.status != 200 || len(got.Decisions) != 1 {
			t.Errorf("%d, warnings (-want +got):\n%s", lenient.status, d)
		}
		var p serve.Problem
		refused.into(t, &p)
		if d := cmp.Diff(want, p.Errors); d != "" || refused.status != 422 {
			t.Errorf("strict: %d, errors (-want +got):\n%s", refused.status, d)
		}
		metrics := string(cl.get("/metrics").body)
		if !strings.Contains(metrics, `bespoke_serve_input_issues_total{kind="unknown_category"} 2`) {
			t.Errorf("the unseen category was not counted:\n%s", metrics)
		}
	}
}

func TestManyWarningsAreCut(t *testing.T) {
	c := bundletest.Lender(t)
	body := `{"rows":[` + strings.TrimSuffix(strings.Repeat(`{"amount":1},`, 200), ",") + `]}`
	var got decided
	start(t, c, nil).post("/v1/decide", body).into(t, &got)
	if len(got.Warnings) != 100 || got.WarningsUnlisted != 200*5-100 {
		t.Errorf("%d warnings and %d unlisted", len(got.Warnings), got.WarningsUnlisted)
	}
}

func TestEveryFaultAtOnce(t *testing.T) {
	c := bundletest.Lender(t)
	good := string(bundletest.JSON(c.Rows, 0))
	bad := strings.Replace(good, `"amount":`, `"amount":"12","x":`, 1)
	body := `{"rows":[` + good + `,` + bad + `,7,` + strings.Replace(good, `"phone":"`, `"phone":{"a":1},"y":"`, 1) + `]}`
	a := start(t, c, nil).post("/v1/decide", body)
	var p serve.Problem
	a.into(t, &p)
	want := []serve.Fault{
		{Path: "rows[1].amount", Kind: "wrong_type", Message: `found "12" where a number is allowed; write 12 without quotes`},
		{Path: "rows[2]", Kind: "wrong_type", Message: "found a number where an object keyed by column is allowed"},
		{Path: "rows[3].phone", Kind: "wrong_type", Message: `found an object where text is allowed: "none", "yes"`},
	}
	if d := cmp.Diff(want, p.Errors); d != "" || a.status != 422 || p.RequestID == "" || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d (-want +got):\n%s", a.status, d)
	}
}

// memory is a log that keeps its records, or refuses them.
type memory struct {
	records []ledger.Record
	err     error
}

func (m *memory) Append(_ context.Context, r ...ledger.Record) error {
	if m.err != nil {
		return m.err
	}
	for _, x := range r {
		if x.Decision != nil { // the server uses its memory again
			d := *x.Decision
			d.Inputs = bytes.Clone(d.Inputs)
			d.Prediction = append([]float64(nil), d.Prediction...)
			x.Decision = &d
		}
		m.records = append(m.records, x)
	}
	return nil
}

func (m *memory) Err() error { return m.err }

func TestDecisionsAreLogged(t *testing.T) {
	c := bundletest.Lender(t)
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	w, err := ledger.Open(dir, ledger.Default())
	if err != nil {
		t.Fatal(err)
	}
	cl := start(t, c, func(o *serve.Options) { o.Log, o.Now = w, func() time.Time { return now } })
	body := strings.TrimSuffix(rows(c, 0, 3), "}") + `,"keys":["A",17,null]}`
	var got decided
	cl.post("/v1/decide", body).into(t, &got)
	cl.post("/v1/predict", rows(c, 3, 5)) // is not a decision
	unseen := strings.Replace(string(bundletest.JSON(c.Rows, 0)), `"phone":"`, `"phone":"no `, 1)
	cl.post("/v1/decide", `{"rows":[`+unseen+`]}`)
	outcomes := fmt.Sprintf(`{"outcomes":[{"id":%q,"outcome":"good"},{"key":"17","outcome":"bad","time":"2026-02-01"}]}`, got.Decisions[0].ID)
	if a := cl.post("/v1/outcomes", outcomes); a.status != 200 || string(a.body) != "{\"accepted\":2}\n" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := ledger.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all []ledger.Record
	for r.Next() {
		all = append(all, r.Record())
	}
	if len(all) != 6 || r.Err() != nil {
		t.Fatalf("%d records, %v", len(all), r.Err())
	}
	for i := range 3 {
		d, g := all[i].Decision, got.Decisions[i]
		if d.ID != g.ID || d.Action != g.Action || d.Expected != g.Expected || !d.Time.Equal(now) || d.Bundle != got.Bundle || d.Cost != 0.5 {
			t.Errorf("row %d: logged %+v, answered %+v", i, d, g)
		}
		if string(d.Inputs) != string(bundletest.JSON(c.Rows, i)) {
			t.Errorf("row %d: inputs %s", i, d.Inputs)
		}
		if d.Prediction[1] != g.Probabilities["bad"] || d.Actions[0].Name != "grant" || d.Actions[0].Expected != g.Actions["grant"] {
			t.Errorf("row %d: logged %+v, answered %+v", i, d, g)
		}
		if want := []string{"A", "17", ""}[i]; d.Key != want {
			t.Errorf("row %d: key %q, want %q", i, d.Key, want)
		}
	}
	if d := all[3].Decision; !strings.Contains(string(d.Inputs), `"phone":"no `) {
		t.Errorf("an unseen spelling was not kept: %s", d.Inputs)
	}
	want := []*ledger.Outcome{
		{ID: got.Decisions[0].ID, Time: now, Value: "good"},
		{Key: "17", Time: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Value: "bad"},
	}
	if d := cmp.Diff(want, []*ledger.Outcome{all[4].Outcome, all[5].Outcome}); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestNothingIsAnsweredThatCannotBeLogged(t *testing.T) {
	c := bundletest.Lender(t)
	log := &memory{err: errors.New("disk full")}
	cl := start(t, c, func(o *serve.Options) { o.Log = log })
	for path, body := range map[string]string{"/v1/decide": rows(c, 0, 1), "/v1/outcomes": `{"outcomes":[{"id":"a","outcome":"good"}]}`} {
		a := cl.post(path, body)
		if a.status != 503 || a.header.Get("Retry-After") == "" || strings.Contains(string(a.body), "disk full") || strings.Contains(string(a.body), "action") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := cl.get("/readyz"); a.status != 503 {
		t.Errorf("ready with a broken log: %d", a.status)
	}
	if a := cl.get("/healthz"); a.status != 200 {
		t.Errorf("health: %d", a.status)
	}
	log.err = nil
	if a := cl.get("/readyz"); a.status != 200 {
		t.Errorf("not ready again: %d %s", a.status, a.body)
	}
	if m := string(cl.get("/metrics").body); !strings.Contains(m, "bespoke_serve_log_failures_total 2") || !strings.Contains(m, `bespoke_serve_decisions_total{action="grant"} 0`) {
		t.Errorf("metrics:\n%s", m)
	}
}

func TestOutcomeValues(t *testing.T) {
	for _, c := range []struct {
		make          func(testing.TB) bundletest.Case
		sent, written string
	}{
		{bundletest.Lender, `"bad"`, "bad"},
		{bundletest.Prices, `-12.50`, "-12.5"},
	} {
		log := &memory{}
		cl := start(t, c.make(t), func(o *serve.Options) { o.Log = log })
		a := cl.post("/v1/outcomes", `{"outcomes":[{"id":"a","outcome":`+c.sent+`}]}`)
		if a.status != 200 || log.records[0].Outcome.Value != c.written {
			t.Errorf("%s: %d %s, %+v", c.sent, a.status, a.body, log.records)
		}
	}
}

func TestMetrics(t *testing.T) {
	c := bundletest.Lender(t)
	cl := start(t, c, nil)
	var got decided
	cl.post("/v1/decide", rows(c, 0, 30)).into(t, &got)
	gained, lost, actions := 0.0, 0.0, map[string]int{}
	for _, d := range got.Decisions {
		gained += max(0, d.Expected)
		lost -= min(0, d.Expected)
		actions[d.Action]++
	}
	cl.get("/nowhere")
	cl.get("/another/nowhere")
	m := string(cl.get("/metrics").body)
	for _, want := range []string{
		fmt.Sprintf(`bespoke_serve_value_gained_total{basis="expected",currency="EUR"} %v`, gained),
		fmt.Sprintf(`bespoke_serve_value_lost_total{basis="expected",currency="EUR"} %v`, lost),
		`bespoke_serve_cost_total{currency="EUR"} 15`,
		fmt.Sprintf(`bespoke_serve_decisions_total{action="grant"} %d`, actions["grant"]),
		fmt.Sprintf(`bespoke_serve_decisions_total{action="refuse"} %d`, actions["refuse"]),
		`bespoke_serve_rows_total{kind="decide"} 30`,
		`bespoke_serve_requests_total{route="/v1/decide",status="200"} 1`,
		`bespoke_serve_requests_total{route="none",status="404"} 2`,
		`bespoke_serve_request_duration_seconds_count{route="/v1/decide"} 1`,
		`bespoke_serve_ready 1`, `bespoke_serve_in_flight 0`, `go_goroutines`,
		`bespoke_serve_bundle_info{bundle="` + got.Bundle[:12] + `",model="linear.logistic.v1",scenario="lender"} 1`,
	} {
		if !strings.Contains(m, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if t.Failed() {
		t.Log(m)
	}
}

func TestModel(t *testing.T) {
	c := bundletest.Lender(t)
	cl := start(t, c, nil)
	a := cl.get("/v1/model")
	var got serve.Model
	a.into(t, &got)
	if got.Card.Promise == nil || got.Manifest.Name != "lender" || len(got.Columns) != 6 || !got.Reasons || got.Logged || len(got.Actions) != 3 {
		t.Errorf("%+v", got)
	}
	// The example must be a row that can be sent as it is.
	var d decided
	cl.post("/v1/decide?strict=true", `{"rows":[`+string(got.Example)+`]}`).into(t, &d)
	if len(d.Decisions) != 1 || len(d.Warnings) != 0 {
		t.Errorf("the example %s gave %+v", got.Example, d)
	}
}

func TestKeys(t *testing.T) {
	c := bundletest.Lender(t)
	const one, two = "first-key-of-sixteen", "second-key-of-sixteen"
	cl := start(t, c, func(o *serve.Options) { o.Addr, o.Keys = "0.0.0.0:0", []string{one, two} })
	body := rows(c, 0, 1)
	for _, x := range []struct {
		header string
		status int
	}{
		{"", 401},
		{"Bearer", 401},
		{"Bearer wrong-key-of-sixteen", 401},
		{"Basic " + one, 401},
		{one, 401},
		{"Bearer " + one + "x", 401},
		{"Bearer " + one, 200},
		{"bearer " + two, 200},
	} {
		a := cl.do("POST", "/v1/decide", "application/json", body, "Authorization", x.header)
		if a.status != x.status || x.status == 401 && a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%q: %d %s", x.header, a.status, a.body)
		}
	}
	for path, status := range map[string]int{"/healthz": 200, "/readyz": 200, "/docs": 200, "/metrics": 401, "/openapi.json": 401, "/openapi.yaml": 401, "/v1/model": 401, "/nowhere": 401} {
		if a := cl.get(path); a.status != status {
			t.Errorf("%s without a key: %d, want %d", path, a.status, status)
		}
	}
}

func TestForeignHostIsRefused(t *testing.T) {
	c := bundletest.Lender(t)
	cl := start(t, c, nil)
	r, err := http.NewRequestWithContext(context.Background(), "POST", cl.url+"/v1/decide", strings.NewReader(rows(c, 0, 1)))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "evil.example:8080"
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("status %d", res.StatusCode)
	}
}

// What curl -d sends is taken, what a page of another site sends is not.
func TestContentTypesAndOrigins(t *testing.T) {
	c := bundletest.Lender(t)
	cl := start(t, c, nil)
	body := rows(c, 0, 1)
	for _, x := range []struct {
		contentType, name, value string
		status                   int
	}{
		{"", "X-A", "b", 200},
		{"application/x-www-form-urlencoded", "X-A", "b", 200},
		{"application/json; charset=UTF-8", "X-A", "b", 200},
		{"application/json", "Origin", cl.url, 200},
		{"application/json", "Sec-Fetch-Site", "same-origin", 200},
		{"application/json", "Origin", "https://evil.example", 403},
		{"application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site", 403},
	} {
		if a := cl.do("POST", "/v1/decide", x.contentType, body, x.name, x.value); a.status != x.status {
			t.Errorf("%+v: %d %s", x, a.status, a.body)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	b := bundletest.Lender(t).Sealed(t)
	for want, change := range map[string]func(*serve.Options){
		"can be reached from other machines, so an API key is needed": func(o *serve.Options) { o.Addr = ":8080" },
		`address "0.0.0.0:80" can be reached`:                         func(o *serve.Options) { o.Addr = "0.0.0.0:80" },
		`address "example.com:80" can be reached`:                     func(o *serve.Options) { o.Addr = "example.com:80" },
		"missing port":                           func(o *serve.Options) { o.Addr = "127.0.0.1" },
		"number 1 has 5 characters, at least 16": func(o *serve.Options) { o.Keys = []string{"short"} },
		"max rows: 0 is too small":               func(o *serve.Options) { o.MaxRows = 0 },
		"max body: 1 is too small":               func(o *serve.Options) { o.MaxBody = 1 },
		"timeout: 0s is too small":               func(o *serve.Options) { o.Timeout = 0 },
	} {
		opt := serve.Default()
		change(&opt)
		if _, err := serve.New(b, opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, addr := range []string{"localhost:1", "[::1]:1", "127.9.9.9:1"} {
		opt := serve.Default()
		opt.Addr = addr
		if err := opt.Validate(); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
	if _, err := serve.New(&bundle.Bundle{}, serve.Default()); err == nil {
		t.Error("a bundle without a solution was served")
	}
}

func TestAccessLog(t *testing.T) {
	c := bundletest.Lender(t)
	var out bytes.Buffer
	cl := start(t, c, func(o *serve.Options) { o.Logger = slog.New(slog.NewJSONHandler(&out, nil)) })
	a := cl.do("POST", "/v1/decide", "application/json", rows(c, 0, 2), "X-Request-Id", "mine-1")
	b := cl.do("POST", "/v1/decide", "application/json", `{"rows":[`, "X-Request-Id", "not plain\t")
	if a.header.Get("X-Request-Id") != "mine-1" || strings.Contains(b.header.Get("X-Request-Id"), "plain") || b.header.Get("X-Request-Id") == "" {
		t.Errorf("request ids %q and %q", a.header.Get("X-Request-Id"), b.header.Get("X-Request-Id"))
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %s", len(lines), out.String())
	}
	var first, second map[string]any
	if err := errors.Join(json.Unmarshal([]byte(lines[0]), &first), json.Unmarshal([]byte(lines[1]), &second)); err != nil {
		t.Fatal(err)
	}
	if first["request"] != "mine-1" || first["route"] != "/v1/decide" || first["status"] != 200.0 || first["rows"] != 2.0 || first["took"] == nil {
		t.Errorf("%v", first)
	}
	if second["status"] != 400.0 || !strings.Contains(second["detail"].(string), "not JSON") {
		t.Errorf("%v", second)
	}
}
