package main

import (
	"github.com/spf13/cobra"

	"bespoke/scenario"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of scenario files, for editors",
		Example: "  bespoke schema > scenario.schema.json",
		GroupID: "file",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := scenario.Schema()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
}
