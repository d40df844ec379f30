package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"bespoke/draft"
	"bespoke/pipeline"
	"bespoke/scenario"
)

func newInit() *cobra.Command {
	var out, name, target string
	var force bool
	cmd := &cobra.Command{
		Use:   "init DATA",
		Short: "Write a scenario for a data file",
		Long: `Write a scenario for a data file: it reads the file, infers the types of the
columns, guesses target and split, and leaves a value section to edit. Every
guess carries its reason as a comment.`,
		Example: `  bespoke init customers.csv
  bespoke init data/loans.parquet --target paid_back --out loans/scenario.yaml`,
		GroupID:           "make",
		Args:              args(1, 1),
		ValidArgsFunction: completeFiles(dataFiles),
		RunE: func(cmd *cobra.Command, given []string) error {
			t, err := newTerminal(cmd)
			if err != nil {
				return err
			}
			text, err := propose(cmd, t, given[0], out, name, target)
			if err != nil {
				return err
			}
			if out == "-" {
				_, err := t.out.Write(text)
				return err
			}
			if err := writeNew(out, text, force); err != nil {
				return err
			}
			if t.json {
				return t.printJSON(map[string]string{"scenario": out})
			}
			fmt.Fprintf(t.out, "wrote %s\nnext:  edit its value section, then  bespoke check %s\n", out, out)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&out, "out", "o", scenario.FileName, "`file` to write; - prints it")
	flags.StringVar(&name, "name", "", "the scenario's `name` (default the data file's)")
	flags.StringVar(&target, "target", "", "the `column` to predict (default guessed)")
	flags.BoolVar(&force, "force", false, "overwrite the file if it is there")
	return cmd
}

func propose(cmd *cobra.Command, t *terminal, data, out, name, target string) ([]byte, error) {
	facts, err := pipeline.Facts(cmd.Context(), data, t.threads)
	if err != nil {
		return nil, err
	}
	facts.Target = target
	facts.Source = data
	if out != "-" {
		if facts.Source, err = relative(dirOf(out), data); err != nil {
			return nil, err
		}
	}
	if name == "" {
		name = nameOf(data)
	}
	return draft.Scenario(name, facts)
}

// relative is the path of a file as seen from a folder, with slashes.
func relative(dir, file string) (string, error) {
	from, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	path, err := filepath.Rel(from, to)
	return filepath.ToSlash(path), err
}

// nameOf makes a scenario's name of a file's: letters, digits, - and _.
func nameOf(path string) string {
	base, _, _ := strings.Cut(filepath.Base(path), ".")
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, base)
	if name = strings.Trim(name, "-"); name == "" {
		return "scenario"
	}
	return name
}

func dirOf(path string) string { return filepath.Dir(filepath.Clean(path)) }

// writeNew writes a file that must not be there yet.
func writeNew(path string, text []byte, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usageError{fmt.Errorf("init: %q is already there; --force overwrites it, --out names another", path)}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
