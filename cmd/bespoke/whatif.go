package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"bespoke/pipeline"
	"bespoke/scenario"
	"bespoke/web"
)

// asking are the flags of the verb.
type asking struct {
	dir       string
	set, vary []string
}

func newWhatIf() *cobra.Command {
	var a asking
	cmd := &cobra.Command{
		Use:   "whatif RUN --set PATH=VALUE",
		Short: "Say what other payoffs, costs or volumes would bring, without training",
		Long: `Say what a finished run would bring under other needs and payoffs, without
training anything again: whether there is still money in it, what the bundled
model earns when it decides the held-out rows by the changed payoffs, beside
the technology-driven choice and the best action for all, and whether another
candidate would be chosen. The scenario as it is comes first.

RUN is a scenario file, its folder, the run's folder or its bundle. A value is
named by its path in the file; only values of need and value can change, since
anything else would need training. All --set together are one change; --vary looks at each of
its values in turn, together with what is set.

Changes that are asked for again and again can stand in the scenario, as
evaluate.whatif: the report of every run then answers them.`,
		Example: `  bespoke whatif examples/credit-g --set value.params.loss=0.8
  bespoke whatif examples/credit-g --vary value.params.loss=0.4,0.6,0.8
  bespoke whatif run --set "value.actions.grant.bad=-0.8 * credit_amount" \
    --set need.volume="500 / month" --json`,
		GroupID:           "make",
		Args:              args(1, 1),
		ValidArgsFunction: completeFiles(append(scenarioFiles, bundleFiles...)),
		RunE: func(cmd *cobra.Command, given []string) error {
			t, err := newTerminal(cmd)
			if err != nil {
				return err
			}
			changes, err := a.changes()
			if err != nil {
				return usageError{err}
			}
			path := given[0]
			if filepath.Ext(path) == ".bespoke" {
				path = filepath.Dir(path)
			}
			w, err := pipeline.WhatIf(cmd.Context(), pipeline.WhatIfOptions{Path: path, Dir: a.dir, Changes: changes, Threads: t.threads, Version: version})
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return usageError{err}
			case err != nil:
				return err
			case t.json:
				return t.printJSON(w)
			}
			return web.Text(t.out, w.Document(), t.width, t.color)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&a.set, "set", nil, "`PATH=VALUE` to change; may be given several times")
	flags.StringArrayVar(&a.vary, "vary", nil, "`PATH=V1,V2` to look at in turn; may be given several times")
	flags.StringVar(&a.dir, "dir", "", "the run's `folder` (default \"run\" beside the scenario)")
	_ = cmd.MarkFlagDirname("dir") // the flag is there: it has just been defined
	return cmd
}

// changes makes the cases of the flags.
func (a asking) changes() ([]scenario.WhatIf, error) {
	var fixed []scenario.Setting
	for _, text := range a.set {
		s, err := scenario.ParseSetting(text)
		if err != nil {
			return nil, fmt.Errorf("--set: %w", err)
		}
		fixed = append(fixed, s)
	}
	var out []scenario.WhatIf
	for _, text := range a.vary {
		path, list, found := strings.Cut(text, "=")
		if !found {
			return nil, fmt.Errorf("--vary: %q: write PATH=V1,V2, such as value.params.loss=0.4,0.6", text)
		}
		for _, v := range listed(list) {
			s, err := scenario.ParseSetting(path + "=" + v)
			if err != nil {
				return nil, fmt.Errorf("--vary: %w", err)
			}
			out = append(out, scenario.WhatIf{Name: caseName(s), Set: append(append([]scenario.Setting{}, fixed...), s)})
		}
	}
	switch {
	case len(out) > 0:
		return out, nil
	case len(fixed) == 0:
		return nil, errors.New("whatif: nothing is changed; give --set PATH=VALUE, such as --set value.params.loss=0.8")
	}
	var names []string
	for _, s := range fixed {
		names = append(names, caseName(s))
	}
	return []scenario.WhatIf{{Name: strings.Join(names, ", "), Set: fixed}}, nil
}

// caseName is a setting as people read it: the last words of its path and the
// value.
func caseName(s scenario.Setting) string {
	path := strings.TrimPrefix(strings.TrimPrefix(s.Path, "value."), "need.")
	path = strings.TrimPrefix(strings.TrimPrefix(path, "params."), "actions.")
	return path + " = " + s.Text
}

// listed cuts a list at the commas that stand outside of brackets and quotes,
// so that expressions can hold them.
func listed(text string) []string {
	var out []string
	depth, from, quote := 0, 0, rune(0)
	for i, r := range text {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case strings.ContainsRune("([{", r):
			depth++
		case strings.ContainsRune(")]}", r):
			depth--
		case r == ',' && depth == 0:
			out = append(out, text[from:i])
			from = i + 1
		}
	}
	return append(out, text[from:])
}
