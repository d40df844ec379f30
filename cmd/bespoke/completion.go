package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bespoke/internal/near"
)

// shells are those that completion can be written for.
var shells = []struct {
	name  string
	write func(root *cobra.Command, w io.Writer) error
}{
	{"bash", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
	{"zsh", (*cobra.Command).GenZshCompletion},
	{"fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	{"powershell", (*cobra.Command).GenPowerShellCompletionWithDesc},
}

func newCompletion() *cobra.Command {
	var known []string
	for _, s := range shells {
		known = append(known, s.name)
	}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Complete commands, flags and files with the tab key",
		Long: `Print a script that makes a shell complete commands, flags and files of bespoke
with the tab key. SHELL is bash, zsh, fish or powershell. In the shell at hand:

  bash         source <(bespoke completion bash)
  zsh          source <(bespoke completion zsh)
  fish         bespoke completion fish | source
  powershell   bespoke completion powershell | Out-String | Invoke-Expression

For every new shell, add that line to ~/.bashrc, to ~/.zshrc below the line
"autoload -U compinit; compinit", to ~/.config/fish/config.fish or to $PROFILE.
In bash the package bash-completion must be there.`,
		Example: `  bespoke completion bash > /etc/bash_completion.d/bespoke
  bespoke completion zsh > "${fpath[1]}/_bespoke"
  bespoke completion fish > ~/.config/fish/completions/bespoke.fish`,
		GroupID:           "more",
		Args:              args(1, 1),
		ValidArgsFunction: cobra.FixedCompletions(known, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, given []string) error {
			i := slices.Index(known, given[0])
			if i < 0 {
				return usageError{fmt.Errorf("completion: %q is not a shell that is known%s; there are %s", given[0], near.Hint(given[0], known), strings.Join(known, ", "))}
			}
			return shells[i].write(cmd.Root(), cmd.OutOrStdout())
		},
	}
}

// completeFiles completes arguments with files of the given endings, one list
// of endings per argument; a nil list stands for any file. Folders are always
// offered.
func completeFiles(endings ...[]string) cobra.CompletionFunc {
	return func(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
		switch {
		case len(given) >= len(endings):
			return nil, cobra.ShellCompDirectiveNoFileComp
		case endings[len(given)] == nil:
			return nil, cobra.ShellCompDirectiveDefault
		}
		return endings[len(given)], cobra.ShellCompDirectiveFilterFileExt
	}
}

// The endings of files that commands take.
var (
	scenarioFiles = []string{"yaml", "yml"}
	bundleFiles   = []string{"bespoke"}
	dataFiles     []string // any: a reader looks inside
)
