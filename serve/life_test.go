package serve_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"bespoke/bundle/bundletest"
	"bespoke/ledger"
	"bespoke/serve"
)

// gate is a log that holds every batch until it is let go.
type gate struct {
	entered chan struct{}
	open    chan struct{}
}

func newGate() *gate { return &gate{entered: make(chan struct{}, 1000), open: make(chan struct{})} }

func (g *gate) Append(ctx context.Context, _ ...ledger.Record) error {
	g.entered <- struct{}{}
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) Err() error { return nil }

// running serves on a real listener and returns its address and the way to
// stop it.
func running(t *testing.T, opt serve.Options) (s *serve.Server, url string, stop context.CancelFunc, done chan error) {
	t.Helper()
	s, err := serve.New(bundletest.Lender(t).Sealed(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done = make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	t.Cleanup(cancel)
	return s, "http://" + ln.Addr().String(), cancel, done
}

func send(url, path, body string) (int, string, error) {
	res, err := http.Post(url+path, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

func TestStopFinishesWhatIsUnderWay(t *testing.T) {
	g := newGate()
	opt := serve.Default()
	opt.Log = g
	_, url, stop, done := running(t, opt)
	body := rows(bundletest.Lender(t), 0, 1)
	const n = 5
	opt.Workers = n
	results := make(chan int, n)
	for range n {
		go func() {
			status, _, err := send(url, "/v1/decide", body)
			if err != nil {
				status = -1
			}
			results <- status
		}()
	}
	<-g.entered // at least one is under way
	stop()
	time.Sleep(50 * time.Millisecond)
	select {
	case err := <-done:
		t.Fatalf("the server stopped with a request under way: %v", err)
	default:
	}
	close(g.open)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	finished := 0
	for range n {
		if <-results == 200 {
			finished++
		}
	}
	// Those that had reached the server before it stopped are all answered.
	if finished == 0 {
		t.Error("no request was finished")
	}
	if _, _, err := send(url, "/v1/decide", body); err == nil {
		t.Error("a stopped server answered")
	}
}

func TestDrainingIsNotReady(t *testing.T) {
	opt := serve.Default()
	opt.DrainDelay = 300 * time.Millisecond
	_, url, stop, done := running(t, opt)
	stop()
	deadline := time.Now().Add(5 * time.Second)
	for {
		res, err := http.Get(url + "/readyz")
		if err != nil {
			t.Fatalf("the server was gone before it was seen not to be ready: %v", err)
		}
		res.Body.Close()
		if res.StatusCode == 503 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the server stays ready while it stops")
		}
	}
	// It still answers, for those who have not noticed yet.
	if status, body, err := send(url, "/v1/predict", rows(bundletest.Lender(t), 0, 1)); err != nil || status != 200 {
		t.Errorf("while draining: %d %s %v", status, body, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestDrainGivesUp(t *testing.T) {
	g := newGate()
	opt := serve.Default()
	opt.Log, opt.DrainTimeout = g, 50*time.Millisecond
	_, url, stop, done := running(t, opt)
	go func() { _, _, _ = send(url, "/v1/decide", rows(bundletest.Lender(t), 0, 1)) }()
	<-g.entered
	stop()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "did not finish within 50ms") {
		t.Errorf("got %v", err)
	}
	close(g.open)
}

func TestOverloadIsRefusedAtOnce(t *testing.T) {
	g := newGate()
	opt := serve.Default()
	opt.Log, opt.Workers, opt.MaxInFlight = g, 1, 3
	s, url, stop, done := running(t, opt)
	body := rows(bundletest.Lender(t), 0, 1)
	var wg sync.WaitGroup
	statuses := make(chan int, 3)
	for range 3 {
		wg.Go(func() {
			status, _, _ := send(url, "/v1/decide", body)
			statuses <- status
		})
	}
	for deadline := time.Now().Add(5 * time.Second); s.InFlight() < 3; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the requests did not arrive")
		}
	}
	res, err := http.Post(url+"/v1/decide", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
		t.Errorf("beyond the limit: %d, Retry-After %q", res.StatusCode, res.Header.Get("Retry-After"))
	}
	// Probes and metrics are answered all the same.
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		res, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 {
			t.Errorf("%s under load: %d", path, res.StatusCode)
		}
	}
	close(g.open)
	wg.Wait()
	for range 3 {
		if status := <-statuses; status != 200 {
			t.Errorf("a request that was admitted: %d", status)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestTimeout(t *testing.T) {
	g := newGate()
	opt := serve.Default()
	opt.Log, opt.Workers, opt.Timeout = g, 1, 100*time.Millisecond
	_, url, _, _ := running(t, opt)
	body := rows(bundletest.Lender(t), 0, 1)
	statuses := make(chan int, 2)
	for range 2 { // one waits for the log, the other for a worker
		go func() {
			status, _, _ := send(url, "/v1/decide", body)
			statuses <- status
		}()
	}
	for range 2 {
		if status := <-statuses; status != 503 {
			t.Errorf("status %d, want 503", status)
		}
	}
	close(g.open)
}

func TestACrashIsA500(t *testing.T) {
	opt := serve.Default()
	s, url, _, _ := running(t, opt)
	s.Break()
	for range 3 {
		status, body, err := send(url, "/v1/predict", rows(bundletest.Lender(t), 0, 1))
		if err != nil || status != 500 || strings.Contains(body, "goroutine") {
			t.Errorf("%d %s %v", status, body, err)
		}
	}
	if s.InFlight() != 0 {
		t.Errorf("%d requests are still held", s.InFlight())
	}
	res, err := http.Get(url + "/healthz")
	if err != nil {
		t.Fatalf("health after a crash: %v", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("health after a crash: %s", res.Status)
	}
}

func TestListeningIsTold(t *testing.T) {
	opt := serve.Default()
	opt.Addr = "127.0.0.1:0"
	addr := make(chan net.Addr, 1)
	opt.Listening = func(a net.Addr) { addr <- a }
	s, err := serve.New(bundletest.Prices(t).Sealed(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	a := <-addr
	other := serve.Default()
	other.Addr = a.String()
	if s2, err := serve.New(bundletest.Prices(t).Sealed(t), other); err != nil {
		t.Error(err)
	} else if err := s2.Run(ctx); err == nil || !strings.HasPrefix(err.Error(), "serve: listen: ") {
		t.Errorf("a port that is taken: %v", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
