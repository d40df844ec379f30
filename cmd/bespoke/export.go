package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bespoke/internal/near"
	"bespoke/pipeline"
)

// exportFormats are what --as takes.
var exportFormats = []string{"lightgbm"}

func newExport() *cobra.Command {
	var o pipeline.ExportOptions
	var as, out string
	cmd := &cobra.Command{
		Use:   "export BUNDLE --out MODEL",
		Short: "Write the trees of a bundle for LightGBM",
		Long: `Write the model of a bundle as LightGBM's text model, from which LightGBM gives
the same predictions. The bundle's model must be one of boosted trees: a mean of
several, or another model, is refused.

MODEL.json describes the file: its features in order, the levels of categories
by code, the steps that make the features of raw columns, and what of the bundle
is not in the file: the feature steps, the calibration, the payoffs. With --rows,
MODEL.csv holds the rows of a file as these features, ready for LightGBM.`,
		Example: `  bespoke export run/credit-g.bespoke --out model.txt
  bespoke export run/credit-g.bespoke --as lightgbm --out model.txt --rows new.csv`,
		GroupID:           "use",
		Args:              args(1, 1),
		ValidArgsFunction: completeFiles(bundleFiles),
		RunE: func(cmd *cobra.Command, given []string) error {
			if as != exportFormats[0] {
				return usageError{fmt.Errorf("--as: %q is not a format that is written%s; there is %s", as, near.Hint(as, exportFormats), exportFormats[0])}
			}
			if out == "" {
				return usageError{errors.New("--out is missing: name the file to write")}
			}
			t, err := newTerminal(cmd)
			if err != nil {
				return err
			}
			o.Bundle, o.Threads, o.Report = given[0], t.threads, t.Event
			e, err := pipeline.Export(cmd.Context(), o)
			t.Close()
			if err != nil {
				return err
			}
			return t.exported(e, out)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "`file` to write the model to")
	cmd.Flags().StringVar(&as, "as", exportFormats[0], "`format` of the file")
	cmd.Flags().StringVar(&o.Rows, "rows", "", "`file` of rows whose features are written too")
	return cmd
}

// exported writes the files of an export and tells what they hold.
func (t *terminal) exported(e *pipeline.Exported, out string) error {
	about, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	files := []struct {
		path    string
		content []byte
	}{{out, e.Text}, {out + ".json", append(about, '\n')}, {out + ".csv", e.Matrix}}
	if e.Matrix == nil {
		files = files[:2]
	}
	for _, f := range files {
		if err := into(f.path, nil, func(w io.Writer) error {
			_, err := w.Write(f.content)
			return err
		}); err != nil {
			return err
		}
	}
	if t.json {
		return t.printJSON(e)
	}
	fmt.Fprintf(t.out, "%s: the trees of the bundle (%s)\n  predicts %s from %d features\n", out, e.Format, e.Output, len(e.Features))
	fmt.Fprintf(t.out, "%s.json: the features, and how they are made\n", out)
	if e.Matrix != nil {
		fmt.Fprintf(t.out, "%s.csv: the rows of the file as features\n", out)
	}
	fmt.Fprintln(t.out, "\nNot in the file:")
	for _, l := range e.Left {
		fmt.Fprintf(t.out, "- %s\n", l)
	}
	return nil
}
