package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bespoke/internal/near"
)

// helpful gives every command the same help and the same answers to names that
// are not known.
func helpful(root *cobra.Command) {
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { _ = writeHelp(cmd.OutOrStdout(), cmd) }) // a closed pipe: nothing to tell it to
	root.SetUsageFunc(func(cmd *cobra.Command) error { return writeHelp(cmd.OutOrStdout(), cmd) })
	root.SetFlagErrorFunc(wrongFlag)
	root.SetHelpCommand(find(root, "help"))
	for _, cmd := range append(root.Commands(), root) {
		cmd.InitDefaultHelpFlag()
		if h := cmd.Flags().Lookup("help"); h != nil {
			h.Usage = "print this help"
		}
	}
}

// newHelp is `bespoke help VERB`, the same as `bespoke VERB --help`.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Show the help of a command",
		Long:    "Show the help of a command; the same as COMMAND --help.",
		Example: "  bespoke help run",
		GroupID: "more",
		RunE: func(cmd *cobra.Command, given []string) error {
			at := cmd.Root()
			for _, name := range given {
				next := find(at, name)
				if next == nil {
					return unknown(at, name)
				}
				at = next
			}
			return writeHelp(cmd.OutOrStdout(), at)
		},
		ValidArgsFunction: func(cmd *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(given) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var out []string
			for _, c := range cmd.Root().Commands() {
				out = append(out, cobra.CompletionWithDesc(c.Name(), c.Short))
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func find(in *cobra.Command, name string) *cobra.Command {
	for _, c := range in.Commands() {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// names lists the commands of a command.
func names(cmd *cobra.Command) []string {
	var out []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			out = append(out, c.Name())
		}
	}
	return out
}

// unknown is the error of a command that does not exist, with the nearest that
// does.
func unknown(cmd *cobra.Command, name string) error {
	return usageError{fmt.Errorf("unknown command %q%s\n`%s --help` lists them all", name, near.Hint(name, names(cmd)), cmd.CommandPath())}
}

// wrongFlag is the error of a flag that does not exist or has no fitting
// value.
func wrongFlag(cmd *cobra.Command, err error) error {
	help := fmt.Sprintf("`%s --help` lists the flags", cmd.CommandPath())
	var absent *pflag.NotExistError
	var value *pflag.InvalidValueError
	var needed *pflag.ValueRequiredError
	switch {
	case errors.As(err, &absent):
		name := absent.GetSpecifiedName()
		hint := ""
		if n, ok := near.Name(name, flagNames(cmd)); ok && len(name) > 1 {
			hint = fmt.Sprintf("; did you mean --%s?", n)
		}
		dashes := "--"
		if absent.GetSpecifiedShortnames() != "" {
			dashes = "-"
		}
		return usageError{fmt.Errorf("unknown flag %s%s%s\n%s", dashes, name, hint, help)}
	case errors.As(err, &value):
		f := value.GetFlag()
		return usageError{fmt.Errorf("--%s: %q is no %s\n%s", f.Name, value.GetValue(), kindName(f.Value.Type()), help)}
	case errors.As(err, &needed):
		return usageError{fmt.Errorf("--%s needs a value\n%s", needed.GetFlag().Name, help)}
	}
	return usageError{fmt.Errorf("%w\n%s", err, help)}
}

func kindName(pflagType string) string {
	switch pflagType {
	case "int", "int64":
		return "whole number"
	case "bool":
		return "true or false"
	case "duration":
		return "length of time, such as 10s or 2m"
	}
	return pflagType
}

func flagNames(cmd *cobra.Command) []string {
	var out []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { out = append(out, f.Name) })
	return out
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
	case least == most && least == 0:
		return "no argument"
	case least == most && least == 1:
		return "1 argument"
	case least == most:
		return fmt.Sprintf("%d arguments", least)
	}
	return fmt.Sprintf("%d to %d arguments", least, most)
}

// writeHelp writes the help of a command: what it does, how it is called,
// examples, commands in the order of a scenario's life, flags.
func writeHelp(w io.Writer, cmd *cobra.Command) error {
	var b strings.Builder
	long := cmd.Long
	if long == "" {
		long = cmd.Short + "."
	}
	fmt.Fprintf(&b, "%s\n\nUsage\n  %s\n", long, usageLine(cmd))
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nExamples\n%s\n", cmd.Example)
	}
	for _, g := range cmd.Groups() {
		fmt.Fprintf(&b, "\n%s\n", g.Title)
		for _, c := range inOrder(cmd) {
			if c.GroupID == g.ID {
				fmt.Fprintf(&b, "  %-11s %s\n", c.Name(), c.Short)
			}
		}
	}
	if own := cmd.LocalNonPersistentFlags(); own.HasAvailableFlags() {
		fmt.Fprintf(&b, "\nFlags\n%s", own.FlagUsages())
	}
	if global := cmd.Root().PersistentFlags(); cmd.Name() != "help" {
		fmt.Fprintf(&b, "\nFlags of every command\n%s", global.FlagUsages())
	}
	if !cmd.HasParent() {
		b.WriteString("\nExit codes: 0 done, 1 failed, 2 wrong use, 3 stopped by a gate.\n`bespoke COMMAND --help` says more about a command.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func usageLine(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return "bespoke COMMAND [flags]"
	}
	return cmd.UseLine()
}

// inOrder lists the commands of the root in the order of verbs, where cobra
// sorts them by name.
func inOrder(root *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, verb := range verbs() {
		if c := find(root, verb.Name()); c != nil {
			out = append(out, c)
		}
	}
	return out
}
