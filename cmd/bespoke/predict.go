package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"bespoke/pipeline"
)

func newPredict() *cobra.Command {
	var o pipeline.PredictOptions
	var out string
	cmd := &cobra.Command{
		Use:   "predict BUNDLE DATA",
		Short: "Predict and decide the rows of a file",
		Long: `Predict and decide every row of a file (csv, tsv, csv.gz, parquet, json, jsonl,
xlsx or a glob), in the order of the file. Each row gets its probabilities or
number and, where the bundle has payoffs, the action with its expected money.
A ranking gives each row its score and its rank among the rows of its query.
Columns are matched by name; --keep repeats those that the bundle reads.

The output is CSV, or with --json one JSON object a line.

Cells that do not fit and categories that were never seen count as missing, and
a note says how many there were.`,
		Example: `  bespoke predict run/credit-g.bespoke new.csv --out decided.csv
  bespoke predict run/credit-g.bespoke new.parquet --json`,
		GroupID:           "use",
		Args:              args(2, 2),
		ValidArgsFunction: completeFiles(bundleFiles, dataFiles),
		RunE: func(cmd *cobra.Command, given []string) error {
			t, err := newTerminal(cmd)
			if err != nil {
				return err
			}
			o.Bundle, o.Data, o.Threads, o.JSON, o.Report = given[0], given[1], t.threads, t.json, t.Event
			t.watch(cmd.Context())
			err = into(out, t.out, func(w io.Writer) error { return pipeline.Predict(cmd.Context(), o, w) })
			t.Close()
			return err
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "`file` to write (default standard output)")
	cmd.Flags().BoolVar(&o.Keep, "keep", false, "repeat the columns of the input in the output")
	return cmd
}

func newExplain() *cobra.Command {
	var o pipeline.ExplainOptions
	cmd := &cobra.Command{
		Use:   "explain BUNDLE DATA",
		Short: "Say why a row is decided as it is",
		Long: `Say why a row of a file is decided as it is: what each column adds to the
model's output, from the average to this row. The parts add up to the
model's own output; the gap is printed.`,
		Example: `  bespoke explain run/credit-g.bespoke new.csv --row 3
  bespoke explain run/credit-g.bespoke new.csv --row 3 --json`,
		GroupID:           "use",
		Args:              args(2, 2),
		ValidArgsFunction: completeFiles(bundleFiles, dataFiles),
		RunE: func(cmd *cobra.Command, given []string) error {
			t, err := newTerminal(cmd)
			if err != nil {
				return err
			}
			if o.Row < 1 {
				return usageError{fmt.Errorf("--row: %d must be 1 or more", o.Row)}
			}
			o.Bundle, o.Data, o.Threads, o.Report = given[0], given[1], t.threads, t.Event
			t.watch(cmd.Context())
			x, err := pipeline.ExplainRow(cmd.Context(), o)
			t.Close()
			if err != nil {
				return err
			}
			if t.json {
				return t.printJSON(x)
			}
			return x.Text(t.out, t.width, t.color)
		},
	}
	cmd.Flags().IntVar(&o.Row, "row", 1, "`number` of the row, from 1")
	cmd.Flags().IntVar(&o.Top, "top", 10, "`number` of reasons to list; 0 lists all")
	return cmd
}

// into writes to a file, or to the given writer when no file is named. A file
// that could not be written whole is removed.
func into(path string, otherwise io.Writer, write func(io.Writer) error) error {
	if path == "" {
		return write(otherwise)
	}
	if info, err := os.Stat(dirOf(path)); err != nil || !info.IsDir() {
		return usageError{fmt.Errorf("--out: there is no folder %q", dirOf(path))}
	}
	f, err := os.CreateTemp(dirOf(path), ".bespoke-*")
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
