package web

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/draw"
	imagepng "image/png"
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
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
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

func TestBrowser(t *testing.T) {
	ctx := browser(t)
	var said complaints
	said.listen(t, ctx)
	address := page(t, sample())
	for _, c := range []struct {
		name, scheme  string
		width, height int64
	}{
		{"light", "light", 1280, 900}, {"dark", "dark", 1280, 900}, {"phone", "light", 390, 844}, {"phone-dark", "dark", 390, 844},
	} {
		t.Run(c.name, func(t *testing.T) {
			prefer(t, ctx, c.scheme)
			do(t, ctx, chromedp.EmulateViewport(c.width, c.height), chromedp.Navigate(address), drawn(c.scheme))
			charts := eval[int](t, ctx, `document.querySelectorAll(".chart").length`)
			made := eval[int](t, ctx, `document.querySelectorAll(".chart.drawn svg.marks").length`)
			if charts == 0 || made != charts {
				t.Errorf("%d of %d charts are drawn", made, charts)
			}
			if w := eval[int](t, ctx, `document.documentElement.scrollWidth`); w > int(c.width) {
				t.Errorf("the page is %d pixels wide in a window of %d", w, c.width)
			}
			for _, s := range said.take() {
				t.Errorf("the browser says: %s", s)
			}
			shoot(t, ctx, c.name)
		})
	}
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
