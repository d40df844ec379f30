package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"bespoke/runs"
)

// terminal is how one command talks: the global flags and where text goes.
type terminal struct {
	out, errOut          io.Writer
	json, quiet, verbose bool
	color                bool
	width                int
	threads              int

	mu     sync.Mutex
	bars   *bars // nil when standard error is no terminal
	closed bool
}

// newTerminal reads the global flags of a command.
func newTerminal(cmd *cobra.Command) (*terminal, error) {
	flags := cmd.Flags()
	t := &terminal{out: cmd.OutOrStdout(), errOut: cmd.ErrOrStderr(), width: plainWidth}
	// The flags are there: the root defines them.
	t.json, _ = flags.GetBool("json")
	t.quiet, _ = flags.GetBool("quiet")
	t.verbose, _ = flags.GetBool("verbose")
	t.threads, _ = flags.GetInt("threads")
	switch {
	case t.threads < 0:
		return nil, usageError{fmt.Errorf("--threads: %d must be 0 or more", t.threads)}
	case t.quiet && t.verbose:
		return nil, usageError{errors.New("--quiet and --verbose exclude each other")}
	case t.threads == 0:
		t.threads = runtime.GOMAXPROCS(0)
	}
	noColor, _ := flags.GetBool("no-color")
	if w, ok := terminalWidth(t.out); ok {
		t.width = min(max(w, 40), 140) // longer lines are hard to read
		t.color = !noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return t, nil
}

// watch shows progress from here until Close, and answers a Ctrl-C at once,
// since work ends only at its next safe point.
func (t *terminal) watch(ctx context.Context) {
	if _, ok := terminalWidth(t.errOut); ok && !t.json && !t.quiet && os.Getenv("TERM") != "dumb" {
		t.bars = newBars(t.errOut, func() int {
			w, _ := terminalWidth(t.errOut)
			return w
		})
	}
	onInterrupt(ctx, func() {
		t.Event(runs.Event{Stage: "stop", Message: "stopping at a safe point; Ctrl-C again stops at once", Time: time.Now()})
	})
}

// onInterrupt calls f when a signal, and nothing else, ends the context.
func onInterrupt(ctx context.Context, f func()) {
	context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), errInterrupted) {
			f()
		}
	})
}

// plainWidth is how wide text is that does not go to a terminal.
const plainWidth = 100

// terminalWidth is the number of columns of a terminal; false when w is none.
func terminalWidth(w io.Writer) (int, bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return 80, true
	}
	return width, true
}

// Event shows one piece of news from the pipeline: a bar on terminals, a line
// elsewhere, a JSON object with --json.
func (t *terminal) Event(e runs.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed, t.quiet, e.Level < slog.LevelInfo && !t.verbose:
	case t.json:
		t.eventJSON(e)
	case t.bars != nil:
		t.bars.show(e)
	case e.Total > 0 && e.Done != e.Total && e.Done%max(1, e.Total/4) != 0 && !t.verbose:
		// A log wants a few lines of a long count, not every step.
	default:
		fmt.Fprintln(t.errOut, eventLine(e))
	}
}

// eventJSON writes an event as one line of JSON to standard error.
func (t *terminal) eventJSON(e runs.Event) {
	line, err := json.Marshal(struct {
		Time    time.Time `json:"time"`
		Level   string    `json:"level"`
		Stage   string    `json:"stage"`
		Message string    `json:"message"`
		Done    int       `json:"done,omitempty"`
		Total   int       `json:"total,omitempty"`
	}{e.Time, e.Level.String(), e.Stage, e.Message, e.Done, e.Total})
	if err == nil { // plain strings and numbers
		fmt.Fprintf(t.errOut, "%s\n", line)
	}
}

// Close takes away what moves on the terminal and ends what watch began, so
// that results can be written.
func (t *terminal) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bars != nil {
		if t.bars.close() {
			fmt.Fprintln(t.errOut) // between what happened and what came of it
		}
		t.bars = nil
	}
	t.closed = true
}

// printJSON writes v to standard output, indented.
func (t *terminal) printJSON(v any) error {
	e := json.NewEncoder(t.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
