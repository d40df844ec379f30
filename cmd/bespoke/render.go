package main

import (
	"github.com/spf13/cobra"

	"bespoke/scenario"
)

func newRender() *cobra.Command {
	return &cobra.Command{
		Use:   "render SCENARIO",
		Short: "Print a scenario with every default filled in",
		Long: `Print a scenario file as it is understood: strictly checked, with every
default filled in, sections in the order in which they run. The output is a
scenario file itself.`,
		Example:           "  bespoke render examples/credit-g",
		GroupID:           "file",
		Args:              args(1, 1),
		ValidArgsFunction: completeFiles(scenarioFiles),
		RunE: func(cmd *cobra.Command, given []string) error {
			t, err := newTerminal(cmd)
			if err != nil {
				return err
			}
			file, err := scenario.Load(given[0])
			if err != nil {
				return err
			}
			if t.json {
				return t.printJSON(file.Scenario)
			}
			text, err := scenario.Render(file.Scenario)
			if err != nil {
				return err
			}
			_, err = t.out.Write(text)
			return err
		},
	}
}
