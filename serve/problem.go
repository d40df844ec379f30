package serve

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// Problem is the body of every error (RFC 9457, application/problem+json).
type Problem struct {
	// Title is the status in words.
	Title string `json:"title" doc:"The status in words." example:"Unprocessable Entity"`
	// Status is the HTTP status code.
	Status int `json:"status" doc:"The HTTP status code." example:"422"`
	// Detail says what went wrong and what is allowed.
	Detail string `json:"detail" doc:"What went wrong and what is allowed."`
	// RequestID names the request in the server's log.
	RequestID string `json:"request_id" doc:"Names the request in the server's log."`
	// Errors lists every place that is wrong, the first 100 of them.
	Errors []Fault `json:"errors,omitempty" doc:"Every place that is wrong, the first 100 of them."`
}

// Fault is one wrong place in a request.
type Fault struct {
	// Path is the place, such as rows[3].age.
	Path string `json:"path" doc:"The place in the request." example:"rows[3].age"`
	// Kind is the machine-readable reason.
	Kind string `json:"kind,omitempty" doc:"The reason, for programs." example:"wrong_type"`
	// Message says what was found there and what is allowed.
	Message string `json:"message" doc:"What was found there and what is allowed."`
}

// maxFaults is how many faults and warnings a response lists.
const maxFaults = 100

// failure is an error with its status, on its way to the client.
type failure struct {
	status int
	detail string
	faults []Fault
	// reason labels the metric of rejected requests.
	reason string
	// cause is logged, never sent.
	cause error
}

func (f *failure) Error() string { return f.detail }

func (f *failure) Unwrap() error { return f.cause }

func fail(status int, reason, detail string) *failure {
	return &failure{status: status, reason: reason, detail: detail}
}

// wrong is a 422 with one place.
func wrong(path, message string) *failure {
	return &failure{
		status: http.StatusUnprocessableEntity, reason: "invalid", detail: "the request cannot be used as it is",
		faults: []Fault{{Path: path, Kind: "invalid", Message: message}},
	}
}

// sendFailure answers with the problem.
func (s *Server) sendFailure(w *recorder, f *failure) {
	s.metrics.rejected.WithLabelValues(f.reason).Inc()
	w.failure = f
	h := w.Header()
	switch f.status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		h.Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="bespoke"`)
	case http.StatusRequestEntityTooLarge:
		h.Set("Connection", "close") // the rest of the body is not read
	}
	p := Problem{Title: http.StatusText(f.status), Status: f.status, Detail: f.detail, RequestID: w.id, Errors: f.faults}
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers always encode
		body = []byte(`{"title":"Internal Server Error","status":500}`)
	}
	send(w, f.status, "application/problem+json", append(body, '\n'))
}

// send writes a whole response.
func send(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// When the client has gone there is nobody to tell.
	_, _ = w.Write(body)
}
