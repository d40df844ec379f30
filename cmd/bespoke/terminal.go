package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"bespoke/pipeline"
	"bespoke/runs"
)

// terminal is how one command talks: the global flags and where text goes.
type terminal struct {
	out, errOut          io.Writer
	json, quiet, verbose bool
	color                bool
	width                int
	threads              int
	bars                 *bars
	mu                   sync.Mutex
}

// newTerminal reads the global flags of a command.
func newTerminal(cmd *cobra.Command) (*terminal, error) {
	flags := cmd.Flags()
	t := &terminal{out: cmd.OutOrStdout(), errOut: cmd.ErrOrStderr(), width: 100}
	t.json, _ = flags.GetBool("json")
	t.quiet, _ = flags.GetBool("quiet")
	t.verbose, _ = flags.GetBool("verbose")
	t.threads, _ = flags.GetInt("threads")
	if t.threads < 0 {
		return nil, usageError{fmt.Errorf("--threads: %d must be 0 or more", t.threads)}
	}
	if t.threads == 0 {
		t.threads = runtime.GOMAXPROCS(0)
	}
	noColor, _ := flags.GetBool("no-color")
	if w, ok := terminalWidth(t.out); ok {
		t.width = w
		t.color = !noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	if _, ok := terminalWidth(t.errOut); ok && !t.json && !t.quiet && os.Getenv("TERM") != "dumb" {
		t.bars = newBars(t.errOut)
	}
	return t, nil
}

func terminalWidth(w io.Writer) (int, bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 40 {
		return 80, true
	}
	return min(width, 140), true
}

// Event shows one piece of news from the pipeline: a bar on terminals, a line
// elsewhere, a JSON object with --json.
func (t *terminal) Event(e runs.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.quiet || e.Level < slog.LevelInfo && !t.verbose:
	case t.json:
		line, err := json.Marshal(struct {
			Time    time.Time `json:"time"`
			Stage   string    `json:"stage"`
			Message string    `json:"message"`
			Done    int       `json:"done,omitempty"`
			Total   int       `json:"total,omitempty"`
		}{e.Time, e.Stage, e.Message, e.Done, e.Total})
		if err == nil {
			fmt.Fprintf(t.errOut, "%s\n", line)
		}
	case t.bars != nil:
		t.bars.show(e)
	case e.Total > 0 && e.Done != e.Total && e.Done%max(1, e.Total/4) != 0:
		// A log wants a few lines of a long count, not every step.
	case e.Total > 0:
		fmt.Fprintf(t.errOut, "%-9s %s (%d of %d)\n", e.Stage, e.Message, e.Done, e.Total)
	default:
		fmt.Fprintf(t.errOut, "%-9s %s\n", e.Stage, e.Message)
	}
}

// Close finishes bars that are still drawn.
func (t *terminal) Close() {
	if t.bars != nil {
		t.bars.close()
	}
}

// printJSON writes v to standard output, indented.
func (t *terminal) printJSON(v any) error {
	e := json.NewEncoder(t.out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// bars draws one progress bar per counted stage, with messages above.
type bars struct {
	progress *mpb.Progress
	open     map[string]*mpb.Bar
	messages map[string]string
}

func newBars(w io.Writer) *bars {
	return &bars{
		progress: mpb.New(mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithRefreshRate(100*time.Millisecond)),
		open:     map[string]*mpb.Bar{},
		messages: map[string]string{},
	}
}

func (b *bars) show(e runs.Event) {
	if e.Total <= 0 {
		fmt.Fprintf(b.progress, "%-9s %s\n", e.Stage, e.Message)
		return
	}
	bar := b.open[e.Stage]
	if bar == nil {
		bar = b.progress.AddBar(int64(e.Total),
			mpb.PrependDecorators(decor.Name(fmt.Sprintf("%-9s ", e.Stage)), decor.CountersNoUnit("%d/%d ")),
			mpb.AppendDecorators(decor.Percentage(), decor.Name("  "), decor.OnComplete(decor.EwmaETA(decor.ET_STYLE_GO, 10), "done")),
		)
		b.open[e.Stage] = bar
	}
	bar.SetCurrent(int64(e.Done))
}

func (b *bars) close() {
	for _, bar := range b.open {
		if !bar.Completed() {
			bar.Abort(false)
		}
	}
	b.progress.Wait()
}

// pipelineFunc is pipeline.Run or pipeline.Check.
type pipelineFunc func(context.Context, pipeline.Options) (*pipeline.Result, error)
