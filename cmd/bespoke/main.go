// Command bespoke turns a business scenario into a custom model that earns
// money, and keeps watching whether it does.
//
// Each verb is one file of this package: flags in, a call to the pipeline or
// the server, text or JSON out. Around the verbs stand help.go (how help looks
// and which name was meant), failure.go (how errors are told, and the exit
// codes), terminal.go and progress.go (how a command talks) and interrupt.go
// (Ctrl-C).
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

//go:generate go test -run ^(TestReference|TestFunctions|TestHelp)$ -update .

// version is set when a release is built: -ldflags "-X main.version=v1.2.3".
var version = "0.1.0"

func main() {
	ctx, stop := interruptible(context.Background())
	code := execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := newRoot()
	root.SetArgs(append([]string{}, args...)) // nil would stand for the process's own
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	return tell(errOut, failureOf(ctx, err), asJSON(root, args))
}

const about = `Bespoke turns a business scenario into a custom model that earns money.

Start from what a customer needs and what right and wrong answers are worth
there. A run ends with a bundle that decides, and a report that shows what it
earns, with intervals, beside doing nothing, today's rule, the most accurate
model and a perfect one.`

const examples = `  bespoke init customers.csv            write a scenario for a file
  bespoke check scenario.yaml           is there money in it at all?
  bespoke run scenario.yaml             data to bundle and report
  bespoke serve run/customers.bespoke --log decisions
                                        decide over HTTP
  bespoke monitor run/customers.bespoke --log decisions --outcomes paid.csv
                                        is it still earning?`

func newRoot() *cobra.Command {
	var showVersion bool
	root := &cobra.Command{
		Use:           "bespoke",
		Short:         "From a business scenario to a model that earns money",
		Long:          about,
		Example:       examples,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, given []string) error {
			if len(given) > 0 {
				return unknown(cmd, given[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return printVersion(cmd)
			}
			return cmd.Help()
		},
	}
	root.Flags().BoolVarP(&showVersion, "version", "v", false, "print the version")
	flags := root.PersistentFlags()
	flags.Bool("json", false, "print the result, progress and errors as JSON")
	flags.Bool("quiet", false, "print results and errors only, no progress")
	flags.Bool("verbose", false, "print details of every step")
	flags.Bool("no-color", false, "print without colour (also: NO_COLOR=1)")
	flags.Int("threads", 0, "`number` of processors to use; 0 uses all")
	root.AddGroup(
		&cobra.Group{ID: "make", Title: "From scenario to model"},
		&cobra.Group{ID: "use", Title: "Use a bundle"},
		&cobra.Group{ID: "file", Title: "The scenario file"},
		&cobra.Group{ID: "more", Title: "More"},
	)
	root.AddCommand(verbs()...)
	helpful(root)
	return root
}

// verbs are the commands, in the order of a scenario's life. A new verb is one
// file and one line here.
func verbs() []*cobra.Command {
	return []*cobra.Command{
		newInit(), newCheck(), newRun(), newReport(), newWhatIf(),
		newPredict(), newExplain(), newServe(), newMonitor(), newVerify(), newExport(),
		newRender(), newSchema(),
		newCompletion(), newHelp(),
	}
}

// printVersion says which program this is: the version, and with --verbose or
// --json what it was built from.
func printVersion(cmd *cobra.Command) error {
	t, err := newTerminal(cmd)
	if err != nil {
		return err
	}
	v := struct {
		Version  string `json:"version"`
		Revision string `json:"revision,omitempty"`
		Go       string `json:"go"`
		Platform string `json:"platform"`
	}{version, revision(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	switch {
	case t.json:
		return t.printJSON(v)
	case t.verbose:
		_, err = fmt.Fprintf(t.out, "bespoke %s\nrevision %s\n%s %s\n", v.Version, v.Revision, v.Go, v.Platform)
	default:
		_, err = fmt.Fprintf(t.out, "bespoke %s\n", v.Version)
	}
	return err
}

// revision is the commit that the program was built from, where the build
// recorded it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	at, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			at = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " with changes"
		}
	}
	return at + changed
}
