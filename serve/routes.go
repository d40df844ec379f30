package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sort"
	"strings"

	"bespoke/internal/near"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// The paths.
const (
	pathPredict  = "/v1/predict"
	pathDecide   = "/v1/decide"
	pathOutcomes = "/v1/outcomes"
	pathModel    = "/v1/model"
	pathHealth   = "/healthz"
	pathReady    = "/readyz"
	pathMetrics  = "/metrics"
	pathJSON     = "/openapi.json"
	pathYAML     = "/openapi.yaml"
	pathDocs     = "/docs"
)

// route is one operation of the API: its description and its handler. The
// description is huma's, which makes the OpenAPI document; the bodies are read
// and written here, because they depend on the bundle's schema and are the hot
// path.
type route struct {
	op     *huma.Operation
	handle http.HandlerFunc
}

// buildRoutes fills the handler from the table of operations. A route that is
// not in the table does not exist, so none can be missing from the document.
func (s *Server) buildRoutes() error {
	s.routes = s.table()
	mux := http.NewServeMux()
	api := humago.New(mux, huma.Config{OpenAPI: s.describe(), Formats: huma.DefaultFormats})
	for i := range s.routes {
		r := &s.routes[i] // buildDocuments fills some of the handlers later
		api.OpenAPI().AddOperation(r.op)
		api.Adapter().Handle(r.op, func(ctx huma.Context) {
			req, w := humago.Unwrap(ctx)
			r.handle(w, req)
		})
	}
	s.openAPI = api.OpenAPI()
	mux.HandleFunc("/", s.noRoute)
	s.handler = s.guard(mux)
	return s.buildDocuments()
}

// noRoute answers what no route takes: a known path with another method is a
// 405, anything else a 404 with the nearest path.
func (s *Server) noRoute(w http.ResponseWriter, r *http.Request) {
	var methods, paths []string
	for _, route := range s.routes {
		paths = append(paths, route.op.Path)
		if route.op.Path == r.URL.Path {
			methods = append(methods, route.op.Method)
		}
	}
	rec := w.(*recorder) // guard made it
	if len(methods) > 0 {
		sort.Strings(methods)
		allow := strings.Join(methods, ", ")
		w.Header().Set("Allow", allow)
		s.sendFailure(rec, fail(http.StatusMethodNotAllowed, "method", fmt.Sprintf("%s takes %s", r.URL.Path, allow)))
		return
	}
	s.sendFailure(rec, fail(http.StatusNotFound, "no_route", "there is no such path; see /docs"+near.Hint(cut(r.URL.Path), paths)))
}

// routeOf names the route of a request for metrics and logs; paths that a
// client makes up share one name.
func (s *Server) routeOf(r *http.Request) string {
	if _, path, ok := strings.Cut(r.Pattern, " "); ok {
		return path
	}
	return "none"
}

// notReady says why the server does not take requests; "" when it does.
func (s *Server) notReady() string {
	if s.draining.Load() {
		return "the server is stopping"
	}
	if s.opt.Log != nil {
		if err := s.opt.Log.Err(); err != nil {
			return "the decision log cannot be written"
		}
	}
	return ""
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusOK, "application/json", []byte(`{"status":"ok"}`+"\n"))
}

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if why := s.notReady(); why != "" {
		s.sendFailure(w.(*recorder), fail(http.StatusServiceUnavailable, "not_ready", why)) // guard made it
		return
	}
	send(w, http.StatusOK, "application/json", []byte(`{"status":"ready"}`+"\n"))
}

// fixed answers with bytes that never change.
func fixed(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, contentType, body) }
}

// buildDocuments makes the responses that describe the server.
func (s *Server) buildDocuments() error {
	asJSON, err := json.MarshalIndent(s.openAPI, "", "  ")
	if err != nil {
		return fmt.Errorf("serve: new: the API's description: %w", err)
	}
	asYAML, err := s.openAPI.YAML()
	if err != nil {
		return fmt.Errorf("serve: new: the API's description: %w", err)
	}
	model, err := json.MarshalIndent(s.model(), "", "  ")
	if err != nil {
		return fmt.Errorf("serve: new: the model's description: %w", err)
	}
	for i, r := range s.routes {
		switch r.op.Path {
		case pathJSON:
			s.routes[i].handle = fixed("application/openapi+json", append(asJSON, '\n'))
		case pathYAML:
			s.routes[i].handle = fixed("application/openapi+yaml", asYAML)
		case pathModel:
			s.routes[i].handle = fixed("application/json", append(model, '\n'))
		}
	}
	return nil
}
