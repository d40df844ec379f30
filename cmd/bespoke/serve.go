package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bespoke/bundle"
	"bespoke/ledger"
	"bespoke/runs"
	"bespoke/serve"
)

// keyVariable is the environment variable with API keys, one per line or
// separated by commas.
const keyVariable = "BESPOKE_KEYS"

func newServe() *cobra.Command {
	o := serve.Default()
	var logDir string
	cmd := &cobra.Command{
		Use:   "serve BUNDLE",
		Short: "Decide over HTTP",
		Long: `Serve a bundle over HTTP: predictions, decisions with expected money and
reasons, late outcomes, health, metrics and an API description. The page /docs
shows how to call it.

The server listens on loopback. Any other address demands API keys in the
environment variable ` + keyVariable + ` (each at least 16 characters,
separated by commas). With --log every decision is on disk before it is
answered, for ` + "`bespoke monitor`" + `.`,
		Example: `  bespoke serve run/credit-g.bespoke --log decisions
  curl -s localhost:8080/v1/decide -d '{"rows":[{"duration":12,"credit_amount":1500}]}'`,
		GroupID:           "use",
		Args:              args(1, 1),
		ValidArgsFunction: completeFiles(bundleFiles),
		RunE: func(cmd *cobra.Command, given []string) error {
			return runServe(cmd, given[0], o, logDir)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Addr, "listen", o.Addr, "address to listen on, `host:port`")
	flags.StringVar(&logDir, "log", "", "`folder` that every decision is written to")
	flags.BoolVar(&o.Strict, "strict", false, "refuse rows with missing, unknown or unseen values instead of warning")
	flags.IntVar(&o.MaxRows, "max-rows", o.MaxRows, "most rows in one request, a `number`")
	flags.Int64Var(&o.MaxBody, "max-body", o.MaxBody, "most `bytes` in one request")
	flags.DurationVar(&o.Timeout, "timeout", o.Timeout, "longest `time` for one request")
	return cmd
}

func runServe(cmd *cobra.Command, path string, o serve.Options, logDir string) (err error) {
	t, err := newTerminal(cmd)
	if err != nil {
		return err
	}
	o.Version, o.Workers, o.Keys = version, t.threads, keys()
	if err := o.Validate(); err != nil {
		return usageError{fmt.Errorf("%w\nkeys come from the environment variable %s", err, keyVariable)}
	}
	b, err := bundle.Open(path)
	if err != nil {
		return err
	}
	if !t.quiet {
		o.Logger = newLogger(t)
		o.Listening = func(at net.Addr) { listening(t, b, at) }
		onInterrupt(cmd.Context(), func() {
			t.Event(runs.Event{Stage: "serve", Message: "stopping when requests under way are answered; Ctrl-C again stops at once", Time: time.Now()})
		})
	}
	if logDir != "" {
		log, err := ledger.Open(logDir, ledger.Default())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, log.Close()) }()
		o.Log = log
	}
	s, err := serve.New(b, o)
	if err != nil {
		return err
	}
	return s.Run(cmd.Context())
}

// keys are the API keys of the environment.
func keys() []string {
	var out []string
	for _, k := range strings.FieldsFunc(os.Getenv(keyVariable), func(r rune) bool { return r == ',' || r == '\n' }) {
		if k = strings.TrimSpace(k); k != "" {
			out = append(out, k)
		}
	}
	return out
}

// listening says where the server is, in a form that scripts can read with
// --json: port 0 asks the system for a free one.
func listening(t *terminal, b *bundle.Bundle, at net.Addr) {
	if t.json {
		t.Event(runs.Event{Stage: "serve", Message: "listening on http://" + at.String(), Time: time.Now()})
		return
	}
	fmt.Fprintf(t.errOut, "serving %s (%s) on http://%s\nhow to call it: http://%s/docs\nCtrl-C stops\n", b.Manifest.Name, b.Manifest.Short(), at, at)
}

// newLogger logs warnings, or everything with --verbose, as text or JSON.
func newLogger(t *terminal) *slog.Logger {
	level := slog.LevelWarn
	if t.verbose {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if t.json {
		return slog.New(slog.NewJSONHandler(t.errOut, o))
	}
	return slog.New(slog.NewTextHandler(t.errOut, o))
}
