package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"bespoke/runs"
)

// bars shows progress on a terminal: what has happened as lines, and below them
// one line that moves: a bar where the number of steps is known, else a
// spinner, so that a long step never looks like a hang. A finished bar becomes
// a line. It is safe for concurrent use.
type bars struct {
	progress *mpb.Progress
	width    func() int
	now      func() time.Time

	mu    sync.Mutex
	bar   *mpb.Bar  // the line that moves; nil before the first event
	stage string    // of the bar; "" while it is the spinner
	since time.Time // when the bar came
	// message is what is being done. The bar's own goroutine reads it while mu
	// may be held by a call that waits for that goroutine.
	message atomic.Pointer[string]
}

// The columns of the stage's name, and of a bar with its brackets.
const (
	stageWidth = 9
	barWidth   = 32
)

// newBars shows progress on a terminal whose width the function tells.
func newBars(w io.Writer, width func() int) *bars {
	return &bars{
		progress: mpb.New(mpb.WithConsoleWriter(&drawing{w: w, width: width}), mpb.WithWidth(barWidth), mpb.WithRefreshRate(100*time.Millisecond)),
		width:    width, now: time.Now,
	}
}

// drawing draws lines at the place where it drew the last time. It begins at
// the left edge wherever the cursor is: the terminal may have echoed a key,
// such as the ^C that ends the program.
type drawing struct {
	w     io.Writer
	width func() int
	text  bytes.Buffer
	drawn int // lines that stand above the cursor
}

func (d *drawing) Write(p []byte) (int, error)               { return d.text.Write(p) }
func (d *drawing) ReadFrom(r io.Reader) (int64, error)       { return d.text.ReadFrom(r) }
func (d *drawing) IsTerminal() bool                          { return true }
func (d *drawing) GetTermSize() (width, height int, _ error) { return d.width(), 24, nil }

// Flush draws the text in one write, so that nothing flickers; its last lines
// are drawn over the next time.
func (d *drawing) Flush(lines int) error {
	out := append([]byte("\r"), d.text.Bytes()...)
	if d.drawn > 0 {
		out = append(fmt.Appendf(nil, "\r\x1b[%dA\x1b[J", d.drawn), d.text.Bytes()...)
	}
	d.text.Reset()
	d.drawn = lines
	_, err := d.w.Write(out)
	return err
}

// show shows an event.
func (b *bars) show(e runs.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e.Total <= 0 {
		b.line(eventLine(e))
		if b.bar == nil {
			b.spin()
		}
		return
	}
	if b.stage != e.Stage {
		b.drop()
		b.count(e)
	}
	b.message.Store(&e.Message)
	b.bar.SetCurrent(int64(e.Done))
	if e.Done >= e.Total {
		b.drop()
		b.line(fmt.Sprintf("%-9s %d of %d done in %s", e.Stage, e.Done, e.Total, span(b.now().Sub(b.since))))
		b.spin()
	}
}

// line writes a permanent line, folded to the terminal's width with the text
// hanging behind the stage.
func (b *bars) line(text string) {
	fmt.Fprint(b.progress, hang(text, b.width()))
}

// count begins a bar.
func (b *bars) count(e runs.Event) {
	b.stage, b.since = e.Stage, b.now()
	since, first := b.since, int64(e.Done) // steps that an earlier run did take no time
	rest := func(s decor.Statistics) string {
		out := fmt.Sprintf("%d of %d", s.Current, s.Total)
		if done := s.Current - first; done > 0 && s.Current < s.Total {
			out += ", about " + span(b.now().Sub(since)/time.Duration(done)*time.Duration(s.Total-s.Current)) + " left"
		}
		// The message gets what is left of the line: the bar never changes its size.
		room := b.width() - stageWidth - barWidth - len(out) - 5
		if m := b.message.Load(); m != nil && *m != "" && room >= len([]rune(*m)) {
			out += "  " + *m
		}
		return out
	}
	b.bar = b.progress.New(int64(e.Total), mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(fmt.Sprintf("%-9s", e.Stage))),
		mpb.AppendDecorators(decor.Any(rest)),
	)
}

// spin begins the spinner that stands where no bar is.
func (b *bars) spin() {
	b.drop()
	since := b.now()
	b.bar = b.progress.New(0, mpb.SpinnerStyle("⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏").PositionLeft(),
		mpb.BarRemoveOnComplete(), mpb.BarWidth(2), mpb.PrependDecorators(decor.Name(strings.Repeat(" ", stageWidth))),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			return "working, " + span(b.now().Sub(since))
		})),
	)
}

// drop removes the line that moves.
func (b *bars) drop() {
	if b.bar != nil {
		b.bar.Abort(true)
	}
	b.bar, b.stage = nil, ""
	b.message.Store(nil)
}

// close removes the line that moves, waits until everything is written and says
// whether there was anything.
func (b *bars) close() bool {
	b.mu.Lock()
	shown := b.bar != nil
	b.drop()
	b.mu.Unlock()
	b.progress.Wait()
	return shown
}

// span is a length of time for people: "0.4s", "12s", "3m05s", "2h10m".
func span(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// eventLine is an event as a line of a log.
func eventLine(e runs.Event) string {
	text := e.Message
	if e.Level >= slog.LevelWarn {
		text = "warning: " + text
	}
	if e.Total > 0 {
		text = fmt.Sprintf("%s (%d of %d)", text, e.Done, e.Total)
	}
	return fmt.Sprintf("%-9s %s", e.Stage, text)
}

// hang folds a line of "stage     text" at spaces, so that the text stays
// behind the stage.
func hang(line string, width int) string {
	const indent = stageWidth + 1
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(line) {
		n := len([]rune(word))
		switch {
		case i == 0:
			b.WriteString(word)
			column = n
		case column < indent && i == 1:
			b.WriteString(strings.Repeat(" ", max(1, indent-column)) + word)
			column = indent + n
		case column+1+n > width && column > indent:
			b.WriteString("\n" + strings.Repeat(" ", indent) + word)
			column = indent + n
		default:
			b.WriteString(" " + word)
			column += 1 + n
		}
	}
	b.WriteString("\n")
	return b.String()
}
