package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"bespoke/pipeline"
	"bespoke/web"
)

func newReport() *cobra.Command {
	var text, open bool
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Show the report of a run",
		Long: `Show the report of a finished run. RUN is the run's folder, its bundle, its
scenario file or the scenario's folder. The page report.html is one file that
needs no network: its place is printed, --open shows it in the browser, and
--text prints the whole report instead.`,
		Example: `  bespoke report examples/credit-g --open
  bespoke report examples/credit-g --text | less -R
  bespoke report examples/credit-g --json | jq .evaluate.policies.sentence`,
		GroupID:           "make",
		Args:              args(1, 1),
		ValidArgsFunction: completeFiles(append(scenarioFiles, bundleFiles...)),
		RunE: func(cmd *cobra.Command, given []string) error {
			t, err := newTerminal(cmd)
			if err != nil {
				return err
			}
			if text && open {
				return usageError{errors.New("--text and --open exclude each other")}
			}
			dir, err := runDir(given[0])
			if err != nil {
				return err
			}
			if !text && !t.json {
				return page(cmd.Context(), t, dir, open)
			}
			r, err := pipeline.ReadResult(dir)
			if err != nil {
				return err
			}
			if t.json {
				return t.printJSON(r)
			}
			return web.Text(t.out, r.Document(), t.width, t.color)
		},
	}
	cmd.Flags().BoolVar(&text, "text", false, "print the whole report as text")
	cmd.Flags().BoolVar(&open, "open", false, "open the page in the browser")
	return cmd
}

// page prints where the report's page is, and opens it when asked to.
func page(ctx context.Context, t *terminal, dir string, open bool) error {
	path := filepath.Join(dir, pipeline.ReportPage)
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("report: %q has no report yet; `bespoke run` makes it", dir)
	}
	fmt.Fprintln(t.out, path)
	if !open {
		return nil
	}
	var command []string
	switch runtime.GOOS {
	case "darwin":
		command = []string{"open"}
	case "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler"}
	default:
		command = []string{"xdg-open"}
	}
	if out, err := exec.CommandContext(ctx, command[0], append(command[1:], path)...).CombinedOutput(); err != nil {
		return fmt.Errorf("report: opening %q: %w%s", path, err, strings.TrimRight(" "+strings.TrimSpace(string(out)), " "))
	}
	return nil
}

// runDir finds the folder of a run from the folder itself, its bundle, a
// scenario file or a scenario's folder.
func runDir(path string) (string, error) {
	if filepath.Ext(path) == ".bespoke" {
		path = filepath.Dir(path)
	}
	if _, err := os.Stat(filepath.Join(path, pipeline.ReportData)); err == nil {
		return path, nil
	}
	dir, err := pipeline.Dir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("report: %q is neither the folder of a run nor a scenario", path)
	}
	return dir, err
}

// show prints a result: as JSON, or as a text with what comes next. The folder
// is that of the run; empty when nothing was written.
func show(t *terminal, path, dir string, r *pipeline.Result) error {
	if t.json {
		return t.printJSON(r)
	}
	doc := r.Document()
	if r.Evaluate == nil {
		doc = checked(doc)
	} else {
		doc = summary(doc, r)
	}
	if err := web.Text(t.out, doc, t.width, t.color); err != nil {
		return err
	}
	if dir == "" {
		return afterCheck(t, path, r)
	}
	return afterRun(t, dir, r)
}

// checked is the report of a run that ended before training: without what the
// first lines have said already.
func checked(doc web.Document) web.Document {
	doc.Footer = ""
	var gates []web.Gate
	for _, g := range doc.Gates {
		if g.Sentence != doc.Verdict {
			gates = append(gates, g)
		}
	}
	doc.Gates = gates
	for i, c := range doc.Chapters {
		if c.Lead == doc.Verdict {
			doc.Chapters[i].Lead = ""
		}
		var kept []web.Block
		for _, b := range c.Blocks {
			if _, again := b.(web.Figures); !again || c.Stage != "need" {
				kept = append(kept, b)
			}
		}
		doc.Chapters[i].Blocks = kept
	}
	return doc
}

// summary is what a terminal shows of a finished run on one screen: the answer,
// what it earns beside the alternatives, and whether that can be trusted. The
// report has the rest.
func summary(doc web.Document, r *pipeline.Result) web.Document {
	var kept []web.Chapter
	for _, c := range doc.Chapters {
		if c.Stage != "evaluate" {
			continue
		}
		choice := "The bundle holds"
		if r.Bundle == nil || r.Bundle.Hash == "" {
			choice = "No bundle was written; the choice fell on"
		}
		what := fmt.Sprintf("%s, one of %d candidates", r.Evaluate.Scenario.Candidate.Label, len(r.Search.Trials))
		if k := r.Search.Committee; k != nil && k.Taken {
			what = fmt.Sprintf("the %s of %d of %d candidates", k.Kind(), len(k.Members), len(r.Search.Trials))
		}
		c.Lead = fmt.Sprintf("%s %s. All figures are from %d held-out rows.", choice, what, r.Evaluate.Rows)
		c.Blocks = firstBlocks(c.Blocks)
		kept = append(kept, c)
	}
	doc.Chapters, doc.Footer = kept, ""
	return doc
}

// firstBlocks keeps the blocks up to the table below the first heading: the ways
// of deciding, what the model did and the two choices, or the metrics where
// there is no money. Text between them is in the report.
func firstBlocks(blocks []web.Block) []web.Block {
	var kept []web.Block
	headed := false
	for _, b := range blocks {
		switch b.(type) {
		case web.Chart:
			kept = append(kept, b)
		case web.Heading:
			headed = true
			kept = append(kept, b)
		case web.Table:
			kept = append(kept, b)
			if headed {
				return kept
			}
		}
	}
	return kept
}

// afterCheck says what a checked scenario waits for.
func afterCheck(t *terminal, path string, r *pipeline.Result) error {
	for _, g := range r.Gates {
		if !g.Passed {
			return nil // the error says how to go on
		}
	}
	if r.Scenario.Value == nil {
		fmt.Fprintf(t.out, "\nwithout a value section the choice is by metric, not by money; `bespoke init` writes one to edit\n")
	}
	_, err := fmt.Fprintf(t.out, "\nnext    %s run %s\n", called(), quoted(path))
	return err
}

// afterRun says where things are and what can be done with them.
func afterRun(t *terminal, dir string, r *pipeline.Result) error {
	fmt.Fprintf(t.out, "\nreport  %s\n", filepath.Join(dir, pipeline.ReportPage))
	next := []string{called() + " report " + quoted(dir) + " --open"}
	if b := r.Bundle; b != nil && b.Path != "" {
		fmt.Fprintf(t.out, "bundle  %s\n", b.Path)
		bundle := quoted(b.Path)
		next = append(next, called()+" predict "+bundle+" NEW.csv", called()+" serve "+bundle+" --log decisions")
	}
	_, err := fmt.Fprintf(t.out, "next    %s\n", strings.Join(next, "\n        "))
	return err
}
