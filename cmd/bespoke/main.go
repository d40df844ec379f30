// Command bespoke turns a business scenario into a custom model that earns
// money, and keeps watching whether it does.
//
// Each verb is one file of this package: flags in, a call to the pipeline or
// the server, text or JSON out. Exit codes: 0 done, 1 failed, 2 wrong use,
// 3 stopped by a gate.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"bespoke/pipeline"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitGate   = 3
)

// version is set when a release is built: -ldflags "-X main.version=v1.2.3".
var version = "0.1.0"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	return report(err, errOut)
}

// usageError marks a command line that cannot be run.
type usageError struct{ err error }

func (u usageError) Error() string { return u.err.Error() }
func (u usageError) Unwrap() error { return u.err }

// report prints the error, if any, and gives the exit code for it.
func report(err error, errOut io.Writer) int {
	var gate *pipeline.GateError
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &gate):
		fmt.Fprintf(errOut, "stopped at the %s gate: %s\n", gate.Stage, gate.Sentence)
		if gate.Hint != "" {
			fmt.Fprintln(errOut, gate.Hint)
		}
		return exitGate
	case errors.As(err, &usage):
		fmt.Fprintf(errOut, "error: %v\n", err)
		return exitUsage
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(errOut, "interrupted; run the same command again to go on where it stopped")
		return exitFailed
	}
	fmt.Fprintf(errOut, "error: %v\n", err)
	return exitFailed
}

const about = `Bespoke turns a business scenario into a custom model that earns money.

Start from what a customer needs and what right and wrong answers are worth
there; a run ends with a bundle that decides, and a report that shows what it
earns, with intervals, beside doing nothing, today's rule, the most accurate
model and a perfect one.`

const examples = `  bespoke init customers.csv            write a scenario for a file
  bespoke check scenario.yaml           is there money in it at all?
  bespoke run scenario.yaml             data to bundle and report
  bespoke serve run/credit-g.bespoke    decide over HTTP
  bespoke monitor run/credit-g.bespoke --log decisions   is it still earning?`

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "bespoke",
		Short:         "From a business scenario to a model that earns money",
		Long:          about,
		Example:       examples,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return cmd.Help()
		},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q; `bespoke --help` lists them", args[0])}
			}
			return nil
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; `%s --help` lists the flags", err, cmd.CommandPath())}
	})
	flags := root.PersistentFlags()
	flags.Bool("json", false, "print the result as JSON and progress as JSON lines")
	flags.Bool("quiet", false, "print results only, no progress")
	flags.Bool("verbose", false, "print details of every step")
	flags.Bool("no-color", false, "print without colour (also: NO_COLOR)")
	flags.Int("threads", 0, "goroutines that work at once; 0 uses every processor")
	root.AddGroup(
		&cobra.Group{ID: "make", Title: "From scenario to model:"},
		&cobra.Group{ID: "use", Title: "Use a bundle:"},
		&cobra.Group{ID: "file", Title: "The scenario file:"},
	)
	for _, make := range verbs {
		root.AddCommand(make())
	}
	return root
}

// verbs are the commands, in the order of a scenario's life. A new verb is one
// file and one line here.
var verbs = []func() *cobra.Command{
	newInit, newCheck, newRun, newReport,
	newExplain, newPredict, newServe, newVerify,
	newRender, newSchema,
}

// args checks the number of arguments and says how the command is used.
func args(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if len(given) < least || len(given) > most {
			return usageError{fmt.Errorf("%s takes %s, got %d\nusage: %s", cmd.CommandPath(), count(least, most), len(given), cmd.UseLine())}
		}
		return nil
	}
}

func count(least, most int) string {
	switch {
	case least == most && least == 1:
		return "1 argument"
	case least == most:
		return fmt.Sprintf("%d arguments", least)
	}
	return fmt.Sprintf("%d to %d arguments", least, most)
}
