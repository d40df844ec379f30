// Package serve answers over HTTP from one bundle: POST a raw row, get the
// probabilities, the action that is expected to earn most, and its expected
// money; post later what came of it.
//
// A request passes, in this order: the guard (request id, key, host, path),
// admission (a bounded number of requests may be under way, the rest is
// refused with Retry-After), the reader (size limits, JSON, every field against
// the schema), the solution (a scratch row from a pool, no allocation in the
// model), the ledger (a decision is written before it is answered) and the
// metrics. The files are named after these steps.
//
//	s, err := serve.New(b, serve.Default())
//	err = s.Run(ctx) // until ctx ends, then drains
//
// What a client may rely on: bad input is answered with 4xx and a body that
// names the field, what was found and what is allowed; nothing in a request
// reaches the file system; with a ledger under SyncBatch a decision that was
// answered is on the disk.
//
// Memory is bounded: at most Options.MaxInFlight bodies of Options.MaxBody
// bytes are held, with answers of about the same size.
package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"bespoke/bundle"
	"bespoke/explain"
	"bespoke/internal/rowjson"
	"bespoke/ledger"
	"bespoke/solution"

	"github.com/danielgtaylor/huma/v2"
)

// Log takes decisions and outcomes; *ledger.Writer is one.
type Log interface {
	// Append returns once the records are safe, or says why they are not.
	Append(ctx context.Context, records ...ledger.Record) error
	// Err is why the last records could not be written; nil when they were.
	Err() error
}

// Options set how the server listens and what it allows.
type Options struct {
	// Addr is host:port to listen on. A host that is not loopback demands Keys.
	Addr string
	// Keys are the API keys, one of which every request must carry as
	// "Authorization: Bearer KEY", except for probes and the docs page. Each
	// must have at least 16 characters. None means that no key is needed, which
	// is allowed on loopback only.
	Keys []string
	// Log, when not nil, gets every decision before it is answered, and the
	// outcomes. The caller closes it after Run has returned.
	Log Log
	// Strict turns what is otherwise a warning (missing and unknown fields,
	// unseen categories) into an error, where the request does not say.
	Strict bool

	// MaxBody is the most bytes that a request body may have.
	MaxBody int64
	// MaxRows is the most rows that a request may have.
	MaxRows int
	// Workers is how many requests compute at once.
	Workers int
	// MaxInFlight is how many requests may be read, wait or compute at once;
	// beyond that they are answered 503 with Retry-After.
	MaxInFlight int
	// Timeout bounds the time that a request may wait and compute.
	Timeout time.Duration
	// ReadTimeout bounds the time that a client may take to send a request.
	ReadTimeout time.Duration
	// DrainDelay is how long the server goes on answering, no longer ready,
	// before it stops accepting: time for a load balancer to notice.
	DrainDelay time.Duration
	// DrainTimeout bounds the time that requests under way get to finish.
	DrainTimeout time.Duration

	// Logger gets the access log and errors; nil discards them.
	Logger *slog.Logger
	// Version is the program's version, shown in the API's description.
	Version string
	// Now is the clock of decisions; nil stands for time.Now.
	Now func() time.Time
	// Listening, when not nil, is told the address once the server listens.
	Listening func(net.Addr)
}

// Default are options for a server on this machine alone.
func Default() Options {
	return Options{
		Addr: "127.0.0.1:8080", MaxBody: 1 << 20, MaxRows: 1000, Workers: max(1, runtime.GOMAXPROCS(0)), MaxInFlight: 256,
		Timeout: 10 * time.Second, ReadTimeout: 15 * time.Second, DrainTimeout: 30 * time.Second,
	}
}

// minKey is the fewest characters of an API key: 16 of base64 are 96 bits.
const minKey = 16

// Validate says which option is out of range.
func (o Options) Validate() error {
	for _, c := range []struct {
		name string
		ok   bool
		got  any
	}{
		{"max body", o.MaxBody >= 1024, o.MaxBody},
		{"max rows", o.MaxRows >= 1, o.MaxRows},
		{"workers", o.Workers >= 1, o.Workers},
		{"max in flight", o.MaxInFlight >= 1, o.MaxInFlight},
		{"timeout", o.Timeout > 0, o.Timeout},
		{"read timeout", o.ReadTimeout > 0, o.ReadTimeout},
		{"drain delay", o.DrainDelay >= 0, o.DrainDelay},
		{"drain timeout", o.DrainTimeout > 0, o.DrainTimeout},
	} {
		if !c.ok {
			return fmt.Errorf("serve: options: %s: %v is too small", c.name, c.got)
		}
	}
	for i, k := range o.Keys {
		if len(k) < minKey {
			return fmt.Errorf("serve: options: keys: number %d has %d characters, at least %d are needed", i+1, len(k), minKey)
		}
	}
	local, err := loopback(o.Addr)
	if err != nil {
		return fmt.Errorf("serve: options: address %q: %w", o.Addr, err)
	}
	if !local && len(o.Keys) == 0 {
		return fmt.Errorf("serve: options: address %q can be reached from other machines, so an API key is needed; set one, or listen on 127.0.0.1", o.Addr)
	}
	return nil
}

// loopback says whether only this machine reaches the address.
func loopback(addr string) (bool, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false, err
	}
	if host == "localhost" {
		return true, nil
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback(), nil
}

// Server answers from one bundle. It is safe for concurrent use.
type Server struct {
	opt      Options
	bundle   *bundle.Bundle
	solution *solution.Solution
	schema   *rowjson.Schema
	reasons  *explain.Explainer // nil when the model has no exact method
	names    names
	ids      *ledger.IDs
	keys     [][32]byte
	local    bool
	origin   http.CrossOriginProtection
	log      *slog.Logger

	metrics  *metrics
	admit    admission
	work     sync.Pool // *work
	requests requestIDs
	draining atomic.Bool

	routes  []route
	openAPI *huma.OpenAPI
	handler http.Handler
}

// New prepares a server: it checks the options, decides one row to see that
// the bundle works, and builds the description of the API.
func New(b *bundle.Bundle, opt Options) (*Server, error) {
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	if b == nil || b.Solution == nil {
		return nil, errors.New("serve: new: the bundle has no solution")
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		opt: opt, bundle: b, solution: b.Solution, log: opt.Logger,
		schema: rowjson.NewSchema(b.Solution.Schema, b.Solution.Target),
		names:  newNames(b), ids: ledger.NewIDs(opt.Now, nil),
		keys: hashKeys(opt.Keys), admit: newAdmission(opt),
	}
	var err error
	if s.reasons, err = explain.New(b.Solution); err != nil && !errors.Is(err, explain.ErrNoAttribution) {
		return nil, fmt.Errorf("serve: new: %w", err)
	}
	s.local, _ = loopback(opt.Addr) // Validate has looked at it
	s.requests.seed()
	s.metrics = newMetrics(s)
	s.work.New = func() any { return s.newWork() }
	if err := s.warm(); err != nil {
		return nil, err
	}
	if err := s.buildRoutes(); err != nil {
		return nil, err
	}
	return s, nil
}

// warm decides the example row, so that a bundle that cannot decide is refused
// now and the first request does not pay for first-time work.
func (s *Server) warm() error {
	w := s.newWork()
	defer s.work.Put(w)
	w.scan.Reset(exampleRow(s.bundle))
	if err := w.read.Read(&w.scan, w.row.Table); err != nil {
		return fmt.Errorf("serve: new: the example row: %w", err)
	}
	if err := s.solution.Decide(w.row); err != nil {
		return fmt.Errorf("serve: new: the bundle cannot decide its example row: %w", err)
	}
	return nil
}

// Handler is the whole API for use with another server, such as in tests. It
// does not drain by itself.
func (s *Server) Handler() http.Handler { return s.handler }

// Run listens on Options.Addr and answers until ctx ends; then it finishes what
// is under way and returns nil.
func (s *Server) Run(ctx context.Context) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", s.opt.Addr)
	if err != nil {
		return fmt.Errorf("serve: listen: %w", err)
	}
	return s.Serve(ctx, ln)
}

// Serve is Run on a listener, which it closes.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	h := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: min(5*time.Second, s.opt.ReadTimeout),
		ReadTimeout:       s.opt.ReadTimeout,
		WriteTimeout:      s.opt.ReadTimeout + s.opt.Timeout + 30*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	if s.opt.Listening != nil {
		s.opt.Listening(ln.Addr())
	}
	s.log.Info("serve: listening", "address", ln.Addr().String(), "bundle", s.bundle.Manifest.Short(), "scenario", s.bundle.Manifest.Name)
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	return s.drain(h)
}

// drain stops accepting and waits for what is under way.
func (s *Server) drain(h *http.Server) error {
	s.draining.Store(true)
	s.log.Info("serve: draining", "in_flight", s.admit.inFlight())
	time.Sleep(s.opt.DrainDelay)
	// The context that ended must not cut off the requests under way.
	ctx, cancel := context.WithTimeout(context.Background(), s.opt.DrainTimeout)
	defer cancel()
	if err := h.Shutdown(ctx); err != nil {
		_ = h.Close() // cuts off what is left; Shutdown's error says so
		return fmt.Errorf("serve: drain: requests did not finish within %v: %w", s.opt.DrainTimeout, err)
	}
	s.log.Info("serve: stopped")
	return nil
}
