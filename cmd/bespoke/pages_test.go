package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bespoke/formula"
	"bespoke/internal/golden"
	"bespoke/scenario"
)

// pagesDir is the folder of the manual.
const pagesDir = "../../docs"

// TestReference: docs/cli.md is what the commands say of themselves.
func TestReference(t *testing.T) {
	var b strings.Builder
	b.WriteString("<!-- Code generated from the commands in cmd/bespoke by go generate ./cmd/bespoke. DO NOT EDIT. -->\n\n# Commands\n\n")
	root := newRoot()
	b.WriteString(markdown(root.Long))
	for _, g := range root.Groups() {
		fmt.Fprintf(&b, "\n| %s | |\n|---|---|\n", g.Title)
		for _, c := range verbs() {
			if c.GroupID == g.ID {
				fmt.Fprintf(&b, "| [`%s`](#bespoke-%s) | %s |\n", c.Name(), c.Name(), c.Short)
			}
		}
	}
	b.WriteString("\n## Exit codes\n\n| code | meaning |\n|---|---|\n| 0 | done |\n| 1 | failed, or interrupted |\n| 2 | wrong use of the command line |\n" +
		"| 3 | stopped by a gate: no market need, money not as promised, a broken limit, an alarm of `monitor` |\n\n## Flags of every command\n\n")
	flagTable(&b, root.PersistentFlags())
	for _, c := range root.Commands() {
		c.InitDefaultHelpFlag()
	}
	for _, v := range verbs() {
		c := find(root, v.Name())
		fmt.Fprintf(&b, "\n## bespoke %s\n\n```\n%s\n```\n\n%s\n```sh\n%s\n```\n", c.Name(), usageLine(c), markdown(c.Long), unindented(c.Example))
		if c.LocalNonPersistentFlags().HasAvailableFlags() && hasOwnFlags(c) {
			b.WriteString("\n")
			flagTable(&b, c.LocalNonPersistentFlags())
		}
	}
	golden.Check(t, filepath.Join(pagesDir, "cli.md"), b.String())
}

// TestFunctions: docs/functions.md is the table of what payoffs may call, and
// what they may be written with.
func TestFunctions(t *testing.T) {
	var b strings.Builder
	b.WriteString("<!-- Code generated from formula.Functions by go generate ./cmd/bespoke. DO NOT EDIT. -->\n\n# Functions in payoffs\n\n" +
		"What the expressions of a scenario's `value` section and of `need.today` may call. A result that is no finite number is an error that names the row.\n\n| function | gives | units |\n|---|---|---|\n")
	for _, f := range formula.Functions {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Signature, f.Doc, f.Units)
	}
	b.WriteString(formula.Guide)
	golden.Check(t, filepath.Join(pagesDir, "functions.md"), b.String())
}

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// TestScenariosInPages: the parts of scenarios that pages show are read without
// complaint when the sections that they leave out are added.
func TestScenariosInPages(t *testing.T) {
	n := 0
	for _, page := range pages(t) {
		for _, m := range yamlBlock.FindAllStringSubmatch(string(read(t, page)), -1) {
			text := m[1]
			if strings.HasPrefix(text, "split:") { // two ways to write one key
				for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
					parse(t, page, "data:\n  source: x.csv\n  target: y\n  "+line+"\n")
					n++
				}
				continue
			}
			if !strings.Contains(text, "data:") {
				text += "data: {source: x.csv, target: y}\n"
			}
			if strings.HasPrefix(text, "need:") && !strings.Contains(text, "\nvalue:") {
				text += "value: {actions: {offer: {yes: 1, no: 0}, leave: 0}}\n"
			}
			parse(t, page, text)
			n++
		}
	}
	if n < 8 {
		t.Errorf("only %d scenarios were found in the pages", n)
	}
}

func parse(t *testing.T, page, text string) {
	t.Helper()
	if _, err := scenario.Parse(filepath.Base(page), []byte("scenario: page\n"+text)); err != nil {
		t.Errorf("%v\nin\n%s", err, text)
	}
}

// markdown sets the indented parts of a help text as code.
func markdown(help string) string {
	var b strings.Builder
	code := false
	lines := strings.Split(help, "\n")
	for i, l := range lines {
		indented := strings.HasPrefix(l, "  ")
		if indented && !code {
			b.WriteString("```\n")
		}
		if !indented && code && l == "" && i+1 < len(lines) {
			b.WriteString("```\n")
		}
		if indented || l == "" {
			code = indented
		}
		b.WriteString(strings.TrimPrefix(l, "  ") + "\n")
	}
	if code {
		b.WriteString("```\n")
	}
	return b.String()
}

func unindented(example string) string {
	lines := strings.Split(example, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(l, "  ")
	}
	return strings.Join(lines, "\n")
}

func hasOwnFlags(c *cobra.Command) bool {
	own := false
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) { own = own || f.Name != "help" })
	return own
}

func flagTable(b *strings.Builder, flags *pflag.FlagSet) {
	b.WriteString("| flag | default | meaning |\n|---|---|---|\n")
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		standard := ""
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			standard = "`" + f.DefValue + "`"
		}
		usage, given, found := strings.Cut(usage, " (default ")
		if found { // what the flag's own default cannot say
			standard = strings.TrimSuffix(given, ")")
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", strings.TrimSpace(name+" "+value), standard, strings.ReplaceAll(usage, "|", `\|`))
	})
}

// pages are the texts that show commands.
func pages(t *testing.T) []string {
	t.Helper()
	out, err := filepath.Glob(filepath.Join(pagesDir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	return append(out, "../../README.md")
}

var (
	fence   = regexp.MustCompile("(?ms)^```(sh|console)\n(.*?)^```$")
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// commands are the command lines of a block; a line may go on after a
// backslash.
func commands(kind, block string) []string {
	var out []string
	for _, l := range strings.Split(strings.ReplaceAll(block, "\\\n", " "), "\n") {
		line, shown := strings.CutPrefix(l, "$ ")
		if kind == "sh" || shown {
			out = append(out, line)
		}
	}
	return out
}

// TestCommandsInPages: every command line that a page shows has verbs and flags
// that exist.
func TestCommandsInPages(t *testing.T) {
	seen := map[string]bool{}
	for _, page := range pages(t) {
		for _, m := range fence.FindAllStringSubmatch(string(read(t, page)), -1) {
			for _, line := range commands(m[1], m[2]) {
				words, err := split(line)
				if err != nil {
					t.Errorf("%s: %q: %v", page, line, err)
				}
				words = ours(words)
				if len(words) == 0 {
					continue
				}
				seen[words[0]] = true
				cmd, rest, err := newRoot().Find(words)
				if err != nil || !cmd.HasParent() {
					t.Errorf("%s: %q: no such command", page, line)
					continue
				}
				if err := cmd.ParseFlags(rest); err != nil {
					t.Errorf("%s: %q: %v", page, line, err)
				} else if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
					t.Errorf("%s: %q: %v", page, line, err)
				}
			}
		}
	}
	for _, v := range verbs() {
		if !seen[v.Name()] {
			t.Errorf("no page shows %s", v.Name())
		}
	}
}

// ours is the part of a command line after the program's name, up to a pipe,
// redirection or comment; nil for other programs.
func ours(words []string) []string {
	for _, start := range [][]string{{"bespoke"}, {"go", "run", "./cmd/bespoke"}} {
		if len(words) > len(start) && slices.Equal(words[:len(start)], start) {
			words = words[len(start):]
			for i, w := range words {
				if w == "|" || w == ">" || w == "&" || w == "&&" || strings.HasPrefix(w, "#") {
					return words[:i]
				}
			}
			return words
		}
	}
	return nil
}

// split cuts a command line into words as a shell does, without expansions.
func split(line string) (words []string, err error) {
	var word strings.Builder
	open, quote := false, rune(0)
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, open = r, true
		case r == ' ':
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("the quote %c is not closed", quote)
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}

// TestLinks: what a page links to is there.
func TestLinks(t *testing.T) {
	for _, page := range append(pages(t), "../../ARCHITECTURE.md", "../../CONTRIBUTING.md") {
		for _, m := range link.FindAllStringSubmatch(string(read(t, page)), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			file := page
			if target != "" {
				file = filepath.Join(filepath.Dir(page), target)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(string(read(t, file))), anchor) {
				t.Errorf("%s links to %s, which has no such heading", page, m[1])
			}
		}
	}
}

// anchors are the names that headings can be linked by.
func anchors(text string) []string {
	var out []string
	drop := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		out = append(out, strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return out
}
