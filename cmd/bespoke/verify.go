package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"bespoke/bundle"
)

func newVerify() *cobra.Command {
	return &cobra.Command{
		Use:               "verify BUNDLE",
		Short:             "Check every byte of a bundle and show what it is",
		Long:              "Check every part of a bundle against its hash, load it, and show its model card.",
		Example:           "  bespoke verify run/credit-g.bespoke",
		GroupID:           "use",
		Args:              args(1, 1),
		ValidArgsFunction: completeFiles(bundleFiles),
		RunE: func(cmd *cobra.Command, given []string) error {
			t, err := newTerminal(cmd)
			if err != nil {
				return err
			}
			b, err := bundle.Open(given[0])
			if err != nil {
				return err
			}
			if t.json {
				return t.printJSON(struct {
					Manifest bundle.Manifest `json:"manifest"`
					Card     bundle.Card     `json:"card"`
				}{b.Manifest, b.Card})
			}
			fmt.Fprintf(t.out, "%s is whole: %d parts, content %s\n\n%s", given[0], len(b.Manifest.Parts), b.Manifest.Hash, b.Card.Markdown())
			return nil
		},
	}
}
