package serve

import (
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"bespoke/explain"
	"bespoke/model"
	"bespoke/table"

	"github.com/danielgtaylor/huma/v2"
)

// describe begins the OpenAPI document: what the API is and the schemas that
// depend on the bundle.
func (s *Server) describe() *huma.OpenAPI {
	m := s.bundle.Manifest
	version := s.opt.Version
	if version == "" {
		version = "dev"
	}
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Bespoke: " + m.Name, Version: version,
			Description: strings.TrimSpace(s.bundle.Card.About + "\n\nAnswers from the bundle " + m.Short() + ", model " + m.Model + ". Money is in " + s.currency() + "."),
		},
		Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)},
	}
	s.fillSchemas(doc.Components.Schemas)
	if len(s.keys) > 0 {
		doc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"key": {Type: "http", Scheme: "bearer"}}
		doc.Security = []map[string][]string{{"key": {}}}
	}
	return doc
}

func (s *Server) currency() string {
	if c := s.bundle.Card.Currency; c != "" {
		return c
	}
	return "an unnamed currency"
}

func object(description string, required []string, properties map[string]*huma.Schema) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, Description: description, Required: required, Properties: properties, AdditionalProperties: false}
}

func list(of *huma.Schema, description string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Items: of, Description: description}
}

func text(description string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: description}
}

func amount(description string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeNumber, Description: description}
}

func ref(name string) *huma.Schema { return &huma.Schema{Ref: "#/components/schemas/" + name} }

// maxLevels is how many levels of a category the description lists.
const maxLevels = 50

// row describes one raw row from the bundle's schema.
func (s *Server) rowSchema() *huma.Schema {
	out := object("A raw row, keyed by column. A field that is absent or null is a missing value.", nil, map[string]*huma.Schema{})
	out.AdditionalProperties = true
	for _, f := range s.solution.Schema {
		p := &huma.Schema{Nullable: true}
		switch f.Kind {
		case table.Number:
			p.Type = huma.TypeNumber
		case table.Time:
			p.Type, p.Description = huma.TypeString, "A time in ISO 8601; without a zone it is UTC."
		case table.Category:
			p.Type = huma.TypeString
			quoted := make([]string, 0, maxLevels)
			for _, l := range f.Levels[:min(maxLevels, len(f.Levels))] {
				quoted = append(quoted, strconv.Quote(l))
			}
			p.Description = "Seen in training: " + strings.Join(quoted, ", ")
			if more := len(f.Levels) - maxLevels; more > 0 {
				p.Description += fmt.Sprintf(" and %d more", more)
			}
			p.Description += ". Any other text counts as missing, with a warning."
		case table.Text:
			p.Type, p.Description = huma.TypeString, "Free text."
		}
		out.Properties[f.Name] = p
	}
	return out
}

// named describes an object with a number per name.
func named(names []string, description string) *huma.Schema {
	p := map[string]*huma.Schema{}
	for _, n := range names {
		p[n] = amount("")
	}
	return object(description, names, p)
}

// answers describes what predict and decide say about a row.
func (s *Server) answers() (prediction, decision *huma.Schema) {
	fields := func() map[string]*huma.Schema {
		p := map[string]*huma.Schema{}
		if o := s.solution.Outcomes; len(o) > 0 {
			p["probabilities"] = named(o, "The calibrated probability of every outcome; they sum to 1.")
		} else {
			p["prediction"] = amount("The predicted " + s.solution.Target + ".")
			if s.solution.Task == model.Ranking {
				p["prediction"].Description = "The score: among the rows of a query, more of it is more relevant."
			}
		}
		p["reasons"] = ref("Reasons")
		return p
	}
	required := "probabilities"
	if len(s.solution.Outcomes) == 0 {
		required = "prediction"
	}
	prediction = object("What the model says about a row.", []string{required}, fields())
	p := fields()
	p["id"] = text("Names the decision; send it with the outcome.")
	action := text("The action that is expected to bring most. A review must bring more than the others by its price, when reviewers are short.")
	for _, a := range s.names.action {
		action.Enum = append(action.Enum, a)
	}
	p["action"] = action
	p["expected"] = amount("The expected money of the action, before cost, in " + s.currency() + ".")
	p["cost"] = amount("What making the decision costs.")
	p["actions"] = named(s.names.action, "The expected money of every action, before cost.")
	decision = object("What is best for a row.", []string{"id", "action", "expected", "cost", "actions", required}, p)
	return prediction, decision
}

// fillSchemas registers every schema that operations refer to.
func (s *Server) fillSchemas(r huma.Registry) {
	prediction, decision := s.answers()
	outcome := &huma.Schema{Type: huma.TypeNumber, Description: "The true " + s.solution.Target + "."}
	if o := s.solution.Outcomes; len(o) > 0 {
		outcome = text("What came of it.")
		for _, name := range o {
			outcome.Enum = append(outcome.Enum, name)
		}
	}
	m := r.Map()
	m["Row"] = s.rowSchema()
	m["Rows"] = object("Rows to predict or decide.", []string{"rows"}, map[string]*huma.Schema{
		"rows": list(ref("Row"), fmt.Sprintf("From 1 to %d rows.", s.opt.MaxRows)),
		"keys": list(text(""), "The caller's own name of every row, by which outcomes may be joined; in the order of rows."),
	})
	common := func(name string, of string) *huma.Schema {
		return object("", []string{"bundle", name}, map[string]*huma.Schema{
			"bundle": text("The content hash of the bundle that answered."), "currency": text("The unit of all money."),
			name:                list(ref(of), "In the order of rows."),
			"warnings":          list(ref("Fault"), "What was passed over, the first 100 of them."),
			"warnings_unlisted": {Type: huma.TypeInteger, Description: "How many more there are."},
		})
	}
	m["Prediction"], m["Decision"] = prediction, decision
	m["Predictions"], m["Decisions"] = common("predictions", "Prediction"), common("decisions", "Decision")
	if s.solution.Task == model.Ranking {
		m["Rows"].Description = "Rows to rank among each other: those of one query, a value of " + s.solution.Query + "."
		m["Predictions"].Properties["ranking"] = list(&huma.Schema{Type: huma.TypeInteger}, "The positions of the rows, from 0, the most relevant first.")
	}
	m["Outcome"] = object("What came of one decision. Send either id or key.", []string{"outcome"}, map[string]*huma.Schema{
		"id": text("The decision's id."), "key": text("The key that was sent with the row."), "outcome": outcome,
		"time": text("When it became known, in ISO 8601; now by default."),
	})
	m["Outcomes"] = object("", []string{"outcomes"}, map[string]*huma.Schema{"outcomes": list(ref("Outcome"), fmt.Sprintf("From 1 to %d.", s.opt.MaxRows))})
	m["Accepted"] = object("", []string{"accepted"}, map[string]*huma.Schema{"accepted": {Type: huma.TypeInteger, Description: "How many were written to the log."}})
	m["Status"] = object("", []string{"status"}, map[string]*huma.Schema{"status": text("ok or ready.")})
	for _, v := range []any{Problem{}, explain.Reasons{}, Model{}} {
		r.Schema(reflect.TypeOf(v), true, "") // named after its type, with those it refers to
	}
}

// table lists every operation.
func (s *Server) table() []route {
	rows := &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: ref("Rows"), Example: s.exampleBody()}}}
	results := &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: ref("Outcomes"), Example: s.exampleOutcome()}}}
	get := func(path, summary, contentType, schema string, handle http.HandlerFunc, errs ...int) route {
		op := operation(http.MethodGet, path, summary, errs)
		media := &huma.MediaType{}
		if schema != "" {
			media.Schema = ref(schema)
		}
		op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{contentType: media}}
		if open(path) {
			op.Security = []map[string][]string{{}} // no key
		}
		return route{op, handle}
	}
	post := func(path, summary, description string, body *huma.RequestBody, answer string, parameters []*huma.Param, handle http.HandlerFunc) route {
		op := operation(http.MethodPost, path, summary, []int{400, 403, 408, 409, 413, 415, 422, 500, 503})
		op.Description, op.RequestBody, op.Parameters = description, body, parameters
		op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: ref(answer)}}}
		return route{op, handle}
	}
	return []route{
		post(pathPredict, "Predict rows", "Probabilities or the predicted number of each row. Nothing is logged.", rows, "Predictions", rowParameters(), s.post(s.predict)),
		post(pathDecide, "Decide rows", "The action that is expected to bring most for each row. Where the server keeps a log, every decision is in it before it is answered.", rows, "Decisions", rowParameters(), s.post(s.decide)),
		post(pathOutcomes, "Report outcomes", "What came of earlier decisions, so that monitoring can compare realised with promised money. The last outcome of a decision holds.", results, "Accepted", nil, s.post(s.outcomes)),
		get(pathModel, "Describe the model", "application/json", "Model", nil),
		get(pathHealth, "Is the process alive?", "application/json", "Status", s.health),
		get(pathReady, "Does it take requests?", "application/json", "Status", s.ready, 503),
		get(pathMetrics, "Metrics for Prometheus", "text/plain", "", s.metrics.handler().ServeHTTP),
		get(pathJSON, "This description as JSON", "application/openapi+json", "", nil),
		get(pathYAML, "This description as YAML", "application/openapi+yaml", "", nil),
		get(pathDocs, "This description as a page", "text/html", "", docs),
	}
}

func operation(method, path, summary string, errs []int) *huma.Operation {
	id := strings.ToLower(method) + strings.NewReplacer("/v1/", "-", "/", "-", ".", "-").Replace(path)
	op := &huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Responses: map[string]*huma.Response{}}
	for _, status := range append(errs, 401) {
		if status == 401 && open(path) {
			continue
		}
		op.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status), Content: map[string]*huma.MediaType{"application/problem+json": {Schema: ref("Problem")}},
		}
	}
	return op
}

func rowParameters() []*huma.Param {
	low, high := 0.0, float64(maxReasons)
	return []*huma.Param{
		{Name: "strict", In: "query", Description: "Refuse missing and unknown fields and unseen categories instead of warning.", Schema: &huma.Schema{Type: huma.TypeBoolean}},
		{Name: "reasons", In: "query", Description: "How many reasons to give for each row.", Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: &low, Maximum: &high}},
	}
}
