package serve_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"bespoke/bundle/bundletest"
	"bespoke/serve"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var shot = flag.String("shot", "", "file to write a screenshot of the docs page to")

// The docs page works in a browser, under its own strict policy and without a
// complaint on the console, with and without a key.
func TestDocsPageInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed, so the page is not tried in a browser")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx, stop := chromedp.NewExecAllocator(ctx, chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.Flag("headless", true), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun)
	defer stop()
	ctx, closeTab := chromedp.NewContext(ctx)
	defer closeTab()

	var mu sync.Mutex
	var complaints []string
	err = chromedp.Listen(ctx, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, fmt.Sprintf("%+v", *ev.ExceptionDetails))
		case *runtime.EventConsoleAPICalled:
			complaints = append(complaints, "console "+string(ev.Type))
		case *log.EventEntryAdded:
			if ev.Entry.Level == "error" || ev.Entry.Level == "warning" {
				complaints = append(complaints, ev.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, struct{}{}); err != nil {
		t.Fatal(err)
	}

	cl := start(t, bundletest.Lender(t), nil)
	button, result := chromedp.CSS("details[open] button"), chromedp.CSS("details[open] pre")
	err = chromedp.Do(ctx, chromedp.EmulateViewport(1000, 900), chromedp.Navigate(cl.url+"/docs"), chromedp.WaitVisible(button), chromedp.Click(button))
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for range 100 {
		if text, err = chromedp.Run(ctx, chromedp.Text(result)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, "probabilities") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !strings.HasPrefix(text, "200 OK") || !strings.Contains(text, `"probabilities"`) {
		t.Errorf("sending the example gave %q", text)
	}
	if n, err := chromedp.Run(ctx, chromedp.Evaluate[int]("document.querySelectorAll('details').length")); err != nil || n != 10 {
		t.Errorf("%d operations are listed, want 10; %v", n, err)
	}
	if *shot != "" {
		b, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil || os.WriteFile(*shot, b, 0o600) != nil {
			t.Error(err)
		}
	}
	mu.Lock()
	for _, c := range complaints {
		if !strings.Contains(c, "favicon") {
			t.Errorf("the browser says: %s", c)
		}
	}
	complaints = nil
	mu.Unlock()

	const key = "a-key-of-sixteen-characters"
	locked := start(t, bundletest.Lender(t), func(o *serve.Options) { o.Keys = []string{key} })
	err = chromedp.Do(ctx, chromedp.Navigate(locked.url+"/docs"), chromedp.SetValue(chromedp.CSS("#key"), key), chromedp.Click(chromedp.CSS("#load")), chromedp.WaitVisible(button))
	if err != nil {
		t.Errorf("with a key: %v", err)
	}
}
