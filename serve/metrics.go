package serve

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"bespoke/ledger"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Kinds of rows, by index into metrics.rows.
const (
	predictRows = iota
	decideRows
	outcomeRows
)

// metrics are what Prometheus reads. Names follow its conventions: base units,
// _total on counters, no label whose values a client chooses. A counter cannot
// fall, so money has two, gained and lost: profit is the one less the other,
// less the cost. Money is labelled with its basis, since what is expected when
// deciding is not what is realised later.
type metrics struct {
	registry    *prometheus.Registry
	requests    *prometheus.CounterVec
	duration    *prometheus.HistogramVec
	rejected    *prometheus.CounterVec
	issues      *prometheus.CounterVec
	logFailures prometheus.Counter
	rows        [3]prometheus.Counter
	actions     map[string]prometheus.Counter
	gained      prometheus.Counter
	lost        prometheus.Counter
	cost        prometheus.Counter
}

const namespace, subsystem = "bespoke", "serve"

func newMetrics(s *Server) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), actions: map[string]prometheus.Counter{}}
	currency := s.bundle.Card.Currency
	if currency == "" {
		currency = "unknown"
	}
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	m.requests = vec("requests_total", "Requests by route and status.", "route", "status")
	m.rejected = vec("rejected_total", "Requests refused, by reason.", "reason")
	m.issues = vec("input_issues_total", "Differences between rows and the schema, by kind.", "kind")
	m.logFailures = vec("log_failures_total", "Batches that could not be written to the decision log.").WithLabelValues()
	rows := vec("rows_total", "Rows answered or taken in, by kind.", "kind")
	for i, kind := range []string{"predict", "decide", "outcome"} {
		m.rows[i] = rows.WithLabelValues(kind)
	}
	decisions := vec("decisions_total", "Decisions by action.", "action")
	for _, a := range s.names.action {
		m.actions[a] = decisions.WithLabelValues(a)
	}
	m.gained = vec("value_gained_total", "Money of decisions that bring some, before cost.", "currency", "basis").WithLabelValues(currency, "expected")
	m.lost = vec("value_lost_total", "Money of decisions that take some, as a positive number, before cost.", "currency", "basis").WithLabelValues(currency, "expected")
	m.cost = vec("cost_total", "Cost of making the decisions.", "currency").WithLabelValues(currency)
	m.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "request_duration_seconds", Help: "Time from the request's header to the end of its answer.",
		Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 2.5, 10},
	}, []string{"route"})
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "bundle_info", Help: "Always 1; the labels say what is served.",
	}, []string{"bundle", "scenario", "model"})
	info.WithLabelValues(s.bundle.Manifest.Short(), s.bundle.Manifest.Name, s.bundle.Manifest.Model).Set(1)
	m.registry.MustRegister(m.duration, info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.gauges(s)
	return m
}

// gauges are read when Prometheus asks.
func (m *metrics) gauges(s *Server) {
	gauge := func(name, help string, f func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}, f))
	}
	gauge("in_flight", "Requests being read, waiting or computing.", func() float64 { return float64(s.admit.inFlight()) })
	gauge("waiting", "Requests that have no worker yet.", func() float64 { return float64(s.admit.waiting()) })
	gauge("ready", "1 when the server takes requests, else 0.", func() float64 {
		if s.notReady() != "" {
			return 0
		}
		return 1
	})
}

// observe counts a finished request.
func (m *metrics) observe(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(route).Observe(took.Seconds())
}

// decided counts decisions that are about to be answered.
func (m *metrics) decided(all []ledger.Decision) {
	gained, lost, cost := 0.0, 0.0, 0.0
	for i := range all {
		d := &all[i]
		m.actions[d.Action].Inc()
		gained += max(0, d.Expected)
		lost += max(0, -d.Expected)
		cost += math.Abs(d.Cost)
	}
	m.rows[decideRows].Add(float64(len(all)))
	m.gained.Add(gained)
	m.lost.Add(lost)
	m.cost.Add(cost)
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
