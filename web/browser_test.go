package web

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/draw"
	imagepng "image/png"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// shots is a folder for screenshots of the sample report, for a look by eye.
var shots = flag.String("shots", "", "folder to write screenshots of the sample report to")

// browser starts Chromium, or skips the test where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed, so the page is not tried in a browser")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("headless", true), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("hide-scrollbars", true),
	}
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// complaints collects what a browser says about a page: console errors and
// warnings, exceptions, and requests that leave the page.
type complaints struct {
	mu   sync.Mutex
	list []string
}

func (c *complaints) listen(t *testing.T, ctx context.Context) {
	t.Helper()
	err := chromedp.Listen(ctx, func(ev any) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			c.list = append(c.list, fmt.Sprintf("exception: %+v", *ev.ExceptionDetails))
		case *runtime.EventConsoleAPICalled:
			if ev.Type == "error" || ev.Type == "warning" || ev.Type == "assert" {
				words := []string{"console " + string(ev.Type) + ":"}
				for _, a := range ev.Args {
					words = append(words, string(a.Value)+a.Description)
				}
				c.list = append(c.list, strings.Join(words, " "))
			}
		case *log.EventEntryAdded:
			c.list = append(c.list, fmt.Sprintf("log %s: %s", ev.Entry.Level, ev.Entry.Text))
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(ev.Request.URL, "file:") && !strings.HasPrefix(ev.Request.URL, "data:") {
				c.list = append(c.list, "request: "+ev.Request.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, struct{}{}); err != nil {
		t.Fatal(err)
	}
}

func (c *complaints) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.list
	c.list = nil
	return l
}

// page writes the document to a file and gives its address.
func page(t *testing.T, doc Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, doc); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// do runs actions and fails the test when one fails.
func do(t *testing.T, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// eval gives the value of a JavaScript expression.
func eval[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// prefer makes the browser prefer light or dark.
func prefer(t *testing.T, ctx context.Context, scheme string) {
	t.Helper()
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// drawn waits until every chart outside closed folds is drawn in a theme.
func drawn(theme string) chromedp.Action[chromedp.Void] {
	return chromedp.WaitReady(chromedp.CSS(`html[data-drawn="` + theme + `"]`))
}

// gallery is the sample and what is left out there: a chart in a fold, charts
// without data or with hardly any, names that want to be markup.
func gallery() Document {
	doc := sample()
	doc.Chapters = append(doc.Chapters, Chapter{Stage: "serve", Title: "Edges", Blocks: []Block{
		Fold{"More", []Block{Importance{Title: "In a fold", Measure: "AUC lost", Rows: []ImportanceRow{{Name: "a", Value: 1}}}.Chart()}},
		ProfitCurve{Title: "No points"}.Chart(),
		Policies{Title: "No policies"}.Chart(),
		Confusion{Title: "Many classes", Actual: "outcome", Decided: "decision", Rows: manyNames(12), Columns: manyNames(12), Counts: [][]float64{{3, 2}}}.Chart(),
		Trials{Title: "One trial", Metric: "RMSE", Lower: true, Points: []Trial{{Model: "m", Metric: 2, Money: math.NaN()}, {Model: "m", Metric: 2, Money: 1}}}.Chart(),
		Calibration{Title: "Money", Predicted: "expected", Observed: "realised", Unit: "EUR", Bins: []CalibrationBin{{Predicted: -3, Observed: -2, Rows: 4}, {Predicted: 5, Observed: 4, Rows: 0}}}.Chart(),
		Histogram{Title: "Two sets of categories", Axis: "x", Labels: []string{"a", "b"}, Series: []HistogramSeries{{"then", []float64{1, 2}}, {"now", []float64{2, 1}}}}.Chart(),
		Waterfall{Title: "Twice the same reason", Axis: "money", Unit: "EUR", Start: "a", End: "b", Base: -4, Reasons: []Reason{{"x", "1", 3}, {"x", "1", -2}}}.Chart(),
		Lines{Title: "Logarithmic", X: "epoch", Y: "loss", Log: true, Series: []Line{{"train", []LinePoint{{X: 1, Y: 10}, {X: 2, Y: 0.1}}}}}.Chart(),
		Tornado{Title: "What if a number is wrong", Unit: "EUR", Per: "a month", Share: 0.2, Base: 900, Rows: []Swing{{Name: "volume", Low: 700, High: 1100}, {Name: hostile, Low: 1000, High: -200, Note: "turns at 3"}}}.Chart(),
		Cases{Title: "What if", Unit: "EUR", Per: "a month", Ways: []string{"bundled model", "always refuse"}, Rows: []Case{{Name: "as it is", Money: []float64{900, 0}, Interval: &Interval{Low: 700, High: 1000}}, {Name: "losses doubled", Money: []float64{200, math.NaN()}}}}.Chart(),
		Parallel{Title: "Settings", Axes: []ParallelAxis{{Name: hostile, Values: []float64{0.001, 1, 0.1}}, {Name: "same", Values: []float64{2, 2, 2}}, {Name: "loss", Values: []float64{3, math.NaN(), 1}, Lower: true}}, Lines: []ParallelLine{{Name: hostile}, {Name: "b"}, {Name: "c", Good: true}}}.Chart(),
		Parallel{Title: "No settings"}.Chart(),
		Tornado{Title: "No numbers"}.Chart(), Cases{Title: "No cases"}.Chart(),
		Lines{Title: "Cash", X: "month", Y: "cash", Unit: "EUR", Zero: true, Series: []Line{{"", []LinePoint{{X: 0, Y: -10}, {X: 1, Y: 4, Interval: &Interval{Low: 1, High: 6}}}}}}.Chart(),
		Drift{Title: hostile, Rows: []DriftRow{{Name: hostile, Index: 0.2}}}.Chart(),
	}})
	return doc
}

func manyNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("class %d", i)
	}
	return names
}

func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	ctx := browser(t)
	var said complaints
	said.listen(t, ctx)
	address := page(t, gallery())
	for _, c := range []struct {
		name, scheme  string
		width, height int64
	}{
		{"light", "light", 1280, 900}, {"dark", "dark", 1280, 900}, {"phone", "light", 390, 844},
	} {
		t.Run(c.name, func(t *testing.T) {
			prefer(t, ctx, c.scheme)
			do(t, ctx, chromedp.EmulateViewport(c.width, c.height), chromedp.Navigate(address), drawn(c.scheme))
			charts := eval[int](t, ctx, `document.querySelectorAll(".chart .spec").length`)
			made := eval[int](t, ctx, `document.querySelectorAll(".chart.drawn svg.marks").length`)
			if charts < 15 || made < charts-1 {
				t.Errorf("%d of %d charts are drawn, want all but perhaps the one in the fold", made, charts)
			}
			if w := eval[int](t, ctx, `document.documentElement.scrollWidth`); w > int(c.width) {
				t.Errorf("the page is %d pixels wide in a window of %d", w, c.width)
			}
			// A chart that is drawn but shows nothing is worse than a table.
			if empty := eval[string](t, ctx, blank); empty != "" {
				t.Errorf("nothing to be seen in %s", empty)
			}
			// An element wider than its plot would be cut off.
			if n := eval[int](t, ctx, `[...document.querySelectorAll(".chart.drawn .plot")].filter(p => p.querySelector("svg").getBoundingClientRect().width > p.clientWidth + 1).length`); n != 0 {
				t.Errorf("%d charts are wider than their place", n)
			}
			for _, s := range said.take() {
				t.Errorf("the browser says: %s", s)
			}
			shoot(t, ctx, c.name)
		})
	}
	prefer(t, ctx, "light")
	do(t, ctx, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(address), drawn("light"))
	t.Run("fold", func(t *testing.T) { browseFold(t, ctx) })
	t.Run("sort", func(t *testing.T) { browseSort(t, ctx) })
	t.Run("navigation", func(t *testing.T) { browseNavigation(t, ctx) })
	t.Run("theme", func(t *testing.T) { browseTheme(t, ctx) })
	t.Run("print", func(t *testing.T) { browsePrint(t, ctx) })
	for _, s := range said.take() {
		t.Errorf("the browser says: %s", s)
	}
	t.Run("without scripts", func(t *testing.T) { browseWithoutScripts(t, ctx, address) })
}

// blank lists the charts in which no bar, dot, line or area can be seen.
const blank = `[...document.querySelectorAll(".chart.drawn")].filter(c =>
	![...c.querySelectorAll(".mark-rect path, .mark-symbol path, .mark-line path, .mark-area path")].some(m => {
		const box = m.getBoundingClientRect(), look = getComputedStyle(m);
		const inked = (look.fill !== "none" && look.fillOpacity > 0.1) || (look.stroke !== "none" && look.strokeWidth !== "0px");
		return m.closest(".role-mark") && inked && look.opacity > 0.1
			&& (m.closest(".mark-line") ? Math.max : Math.min)(box.width, box.height) > 1.5;
	})).map(c => c.id + " " + c.querySelector("figcaption").textContent).join("; ")`

// browseFold opens a fold: its chart is drawn only then.
func browseFold(t *testing.T, ctx context.Context) {
	do(t, ctx, chromedp.Focus(chromedp.CSS("#serve .fold > summary")), chromedp.KeyEvent("\r"),
		chromedp.WaitVisible(chromedp.CSS("#serve .fold svg.marks")))
}

// browseSort sorts a table with the keyboard, up and down.
func browseSort(t *testing.T, ctx context.Context) {
	const first = `document.querySelector("#design tbody").rows[0].cells[2].textContent`
	const head = "#design th:nth-child(3) button"
	if got := eval[string](t, ctx, first); got != "14" {
		t.Fatalf("the first row has %s trials before sorting", got)
	}
	do(t, ctx, chromedp.Focus(chromedp.CSS(head)), chromedp.KeyEvent("\r"))
	if got := eval[string](t, ctx, first); got != "25" {
		t.Errorf("the first row has %s trials after one press, want the largest, 25", got)
	}
	do(t, ctx, chromedp.KeyEvent("\r"))
	if got := eval[string](t, ctx, first); got != "1" {
		t.Errorf("the first row has %s trials after two presses, want the smallest, 1", got)
	}
	if got := eval[string](t, ctx, `document.querySelector("#design th:nth-child(3)").getAttribute("aria-sort")`); got != "ascending" {
		t.Errorf("aria-sort is %q", got)
	}
}

// browseNavigation checks that the list of chapters stays in sight and marks
// the chapter that is read.
func browseNavigation(t *testing.T, ctx context.Context) {
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`document.documentElement.style.scrollBehavior = "auto"; document.getElementById("evaluate").scrollIntoView()`),
		chromedp.WaitReady(chromedp.CSS(`nav a[href="#evaluate"][aria-current]`)))
	if got := eval[float64](t, ctx, `document.querySelector("nav").getBoundingClientRect().top`); got < 0 || got > 100 {
		t.Errorf("the list of chapters is at %g pixels, want it in sight", got)
	}
	want := "#need #data #design #train #evaluate #explain #bundle #serve #monitor"
	if got := eval[string](t, ctx, `[...document.querySelectorAll("nav a")].map(a => a.hash).join(" ")`); got != want {
		t.Errorf("the chapters are %s, want %s", got, want)
	}
}

// browseTheme presses the button: page and charts turn dark.
func browseTheme(t *testing.T, ctx context.Context) {
	const fill = `getComputedStyle(document.querySelector("#evaluate .chart svg.marks .mark-text text")).fill`
	const paper = `getComputedStyle(document.body).backgroundColor`
	ink, back := eval[string](t, ctx, fill), eval[string](t, ctx, paper)
	do(t, ctx, chromedp.Click(chromedp.CSS("#theme")), drawn("dark"))
	if got := eval[string](t, ctx, fill); got == ink {
		t.Errorf("the text of the charts stays %s", got)
	}
	if got := eval[string](t, ctx, paper); got == back {
		t.Errorf("the paper stays %s", got)
	}
}

// browsePrint prints the dark page: paper gets light charts and open folds.
func browsePrint(t *testing.T, ctx context.Context) {
	// This listener comes after the page's own, whose drawing is then done.
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`addEventListener("beforeprint", () => {
		window.printed = document.documentElement.dataset.drawn + " " + document.querySelectorAll("details.fold:not([open])").length;
	})`))
	pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF())
	if err != nil {
		t.Fatal(err)
	}
	if got := eval[string](t, ctx, `window.printed`); got != "light 0" {
		t.Errorf("printed with charts and closed folds %q, want \"light 0\"", got)
	}
	do(t, ctx, drawn("dark"))
	if *shots != "" {
		if err := os.WriteFile(filepath.Join(*shots, "print.pdf"), pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// browseWithoutScripts checks that tables take the place of charts.
func browseWithoutScripts(t *testing.T, ctx context.Context, address string) {
	_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	if err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.Navigate(address),
		chromedp.WaitVisible(chromedp.CSS("#explain .chart .data table")),
		chromedp.WaitNotVisible(chromedp.CSS("#explain .chart .plot")))
	shoot(t, ctx, "noscript")
}

// shoot writes a screenshot of the whole page when -shots is given.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	if *shots == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	// In pieces, because a whole page is too high to look at.
	whole, err := imagepng.Decode(bytes.NewReader(png))
	if err != nil {
		t.Fatal(err)
	}
	b, step := whole.Bounds(), 1700
	for i := 0; i*step < b.Dy(); i++ {
		piece := image.NewRGBA(image.Rect(0, 0, b.Dx(), min(step, b.Dy()-i*step)))
		draw.Draw(piece, piece.Bounds(), whole, image.Pt(0, i*step), draw.Src)
		var out bytes.Buffer
		if err := imagepng.Encode(&out, piece); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(*shots, fmt.Sprintf("%s-%02d.png", name, i)), out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
