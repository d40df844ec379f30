package main

import (
	"github.com/spf13/cobra"

	"bespoke/scenario"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of scenario files, for editors",
		Long: `Print the JSON Schema of scenario files. An editor that knows it completes keys,
shows what each means and underlines what is wrong while you type. Begin the
file with

  # yaml-language-server: $schema=scenario.schema.json`,
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
