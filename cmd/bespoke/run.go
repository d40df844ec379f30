package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bespoke/pipeline"
)

func newCheck() *cobra.Command {
	var o pipeline.Options
	cmd := &cobra.Command{
		Use:   "check SCENARIO",
		Short: "Check scenario and data, and whether there is money in it at all",
		Long: `Check a scenario before any training: the file itself, the data behind it,
the payoffs, and the need question: what a perfect model and the best constant
action would earn, and whether that covers the costs.

SCENARIO is a scenario file or a folder that holds a scenario.yaml. Nothing is
written. When even a perfect model would not pay, the command says so and exits
with 3.`,
		Example: `  bespoke check examples/credit-g
  bespoke check scenario.yaml --json | jq .need.gate`,
		GroupID:           "make",
		Args:              args(1, 1),
		ValidArgsFunction: completeFiles(scenarioFiles),
		RunE: func(cmd *cobra.Command, given []string) error {
			return flow(cmd, given[0], o, job{do: pipeline.Check, left: "nothing was written"})
		},
	}
	cmd.Flags().BoolVar(&o.Force, "force", false, "exit with 0 also where a gate would stop a run")
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
folder is "run" beside it. A run that was stopped (Ctrl-C) or killed goes on
where it was when the same command is given again; with changed payoffs the
trained candidates are judged again, not trained again.

A gate that is not passed (no market need, money not as promised, a limit
broken) stops the run with the reason and exit code 3; its report is written
all the same, and --force goes on.`,
		Example: `  bespoke run examples/credit-g
  bespoke run scenario.yaml --trials 100 --dir long-run
  bespoke run scenario.yaml --json > result.json`,
		GroupID:           "make",
		Args:              args(1, 1),
		ValidArgsFunction: completeFiles(scenarioFiles),
		RunE: func(cmd *cobra.Command, given []string) error {
			if cmd.Flags().Changed("trials") && o.Trials < 1 {
				return usageError{fmt.Errorf("--trials: %d must be 1 or more", o.Trials)}
			}
			return flow(cmd, given[0], o, job{
				do: pipeline.Run, writes: true, left: "what was finished is kept; to go on from there: " + again(cmd, given),
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Dir, "dir", "", "the run's `folder` (default \"run\" beside the scenario)")
	flags.IntVar(&o.Trials, "trials", 0, "`number` of candidates to try, instead of the scenario's budget")
	flags.BoolVar(&o.Force, "force", false, "go on after a gate that would stop")
	flags.BoolVar(&o.Fresh, "fresh", false, "forget what earlier runs in the folder have finished")
	return cmd
}

// job is what a verb has the pipeline do.
type job struct {
	// do is pipeline.Run or pipeline.Check.
	do func(context.Context, pipeline.Options) (*pipeline.Result, error)
	// writes says that there will be a folder with a report.
	writes bool
	// left says what an interruption leaves.
	left string
}

// flow runs the pipeline for a verb and prints what it found.
func flow(cmd *cobra.Command, path string, o pipeline.Options, j job) error {
	t, err := newTerminal(cmd)
	if err != nil {
		return err
	}
	if j.writes && o.Dir == "" {
		if o.Dir, err = pipeline.Dir(path); err != nil {
			return err
		}
	}
	t.watch(cmd.Context())
	o.Path, o.Threads, o.Version, o.Report = path, t.threads, version, t.Event
	result, err := j.do(cmd.Context(), o)
	t.Close()
	var gate *pipeline.GateError
	if err != nil && cmd.Context().Err() != nil && !errors.As(err, &gate) {
		return stoppedError{j.left}
	}
	if result == nil {
		return err
	}
	return errors.Join(show(t, path, o.Dir, result), err)
}

// again is the command line that goes on with an interrupted run.
func again(cmd *cobra.Command, given []string) string {
	words := []string{called(), cmd.Name()}
	for _, g := range given {
		words = append(words, quoted(g))
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case f.Name == "fresh": // would forget what was finished
		case f.Value.Type() == "bool":
			words = append(words, "--"+f.Name)
		default:
			words = append(words, "--"+f.Name, quoted(f.Value.String()))
		}
	})
	return strings.Join(words, " ")
}

// called is how the program was called, for commands that are there to be
// copied: who runs it by `go run` has no program of that name.
func called() string {
	exe, err := os.Executable()
	if err == nil && filepath.Base(exe) == "bespoke" && strings.Contains(exe, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/bespoke"
	}
	return "bespoke"
}

// quoted is a word of a command line that can be copied into a shell.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:=,+@%", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
