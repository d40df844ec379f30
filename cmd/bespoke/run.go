package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bespoke/pipeline"
	"bespoke/web"
)

func newCheck() *cobra.Command {
	var o pipeline.Options
	cmd := &cobra.Command{
		Use:   "check SCENARIO",
		Short: "Check scenario and data, and whether there is money in it at all",
		Long: `Check a scenario before any training: the file itself, the data behind it,
the payoffs, and the need question: what a perfect model and the best constant
action would earn, and whether that covers the costs.

SCENARIO is a scenario file or a folder that holds a scenario.yaml. When even a
perfect model would not pay, the command says so and exits with 3.`,
		Example: "  bespoke check examples/credit-g",
		GroupID: "make",
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			return flow(cmd, given[0], o, pipeline.Check)
		},
	}
	cmd.Flags().BoolVar(&o.Force, "force", false, "go on after a gate that would stop")
	return cmd
}

func newRun() *cobra.Command {
	var o pipeline.Options
	cmd := &cobra.Command{
		Use:   "run SCENARIO",
		Short: "Do the whole flow: data to bundle and report",
		Long: `Do the whole flow of a scenario: read and check the data, ask whether there is
money in it, try models, choose by money, measure on held-out rows, explain,
and write a bundle and a report.

SCENARIO is a scenario file or a folder that holds a scenario.yaml. The run's
folder is "run" beside it. A run that was stopped or killed goes on where it
was when the same command is given again; with changed payoffs the trained
candidates are judged again, not trained again.`,
		Example: `  bespoke run examples/credit-g
  bespoke run scenario.yaml --trials 100 --dir /tmp/long-run
  bespoke run scenario.yaml --json > result.json`,
		GroupID: "make",
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			return flow(cmd, given[0], o, pipeline.Run)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Dir, "dir", "", "the run's folder (default: \"run\" beside the scenario)")
	flags.IntVar(&o.Trials, "trials", 0, "number of candidates to try, instead of the scenario's budget")
	flags.BoolVar(&o.Force, "force", false, "go on after a gate that would stop")
	flags.BoolVar(&o.Fresh, "fresh", false, "forget finished work of earlier runs in the folder")
	return cmd
}

// flow runs the pipeline for a verb and prints what it found.
func flow(cmd *cobra.Command, path string, o pipeline.Options, do pipelineFunc) error {
	t, err := newTerminal(cmd)
	if err != nil {
		return err
	}
	if o.Trials < 0 {
		return usageError{fmt.Errorf("--trials: %d must be 1 or more", o.Trials)}
	}
	o.Path, o.Threads, o.Version, o.Report = path, t.threads, version, t.Event
	result, err := do(cmd.Context(), o)
	t.Close()
	if result != nil {
		err = errors.Join(show(t, result), err)
	}
	return err
}

// show prints a result: as JSON, or as the text of its report with the places
// of its files.
func show(t *terminal, r *pipeline.Result) error {
	if t.json {
		return t.printJSON(r)
	}
	doc := r.Document()
	if r.Evaluate != nil {
		doc = summary(doc)
	}
	if err := web.Text(t.out, doc, t.width, t.color); err != nil {
		return err
	}
	if b := r.Bundle; b != nil && b.Path != "" {
		dir := filepath.Dir(b.Path)
		fmt.Fprintf(t.out, "\nbundle  %s\nreport  %s\n\nnext:   bespoke serve %s\n", b.Path, filepath.Join(dir, pipeline.ReportPage), b.Path)
	}
	return nil
}

// summary keeps what a terminal wants of a report: the answer, the gates and
// the chapter about money.
func summary(doc web.Document) web.Document {
	var kept []web.Chapter
	for _, c := range doc.Chapters {
		if c.Stage == "evaluate" {
			kept = append(kept, c)
		}
	}
	doc.Chapters, doc.Footer = kept, ""
	return doc
}

func newReport() *cobra.Command {
	var text bool
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Show the report of a run",
		Long: `Show the report of a finished run. RUN is the run's folder, its scenario file or
the scenario's folder. The page report.html is one file that needs no network;
its place is printed, and with --text the whole report is printed instead.`,
		Example: `  bespoke report examples/credit-g
  bespoke report examples/credit-g --text | less -R`,
		GroupID: "make",
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			t, err := newTerminal(cmd)
			if err != nil {
				return err
			}
			dir, err := runDir(given[0])
			if err != nil {
				return err
			}
			if !text && !t.json {
				page := filepath.Join(dir, pipeline.ReportPage)
				if _, err := os.Stat(page); err != nil {
					return fmt.Errorf("report: %q has no report yet; `bespoke run` makes it", dir)
				}
				fmt.Fprintln(t.out, page)
				return nil
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
	return cmd
}

// runDir finds the folder of a run from the folder itself, a scenario file or a
// scenario's folder.
func runDir(path string) (string, error) {
	if _, err := os.Stat(filepath.Join(path, pipeline.ReportData)); err == nil {
		return path, nil
	}
	return pipeline.Dir(path)
}
