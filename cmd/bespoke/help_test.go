package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bespoke/internal/golden"
)

// verbNames are the commands in the order of a scenario's life.
func verbNames() []string {
	var out []string
	for _, v := range verbs() {
		out = append(out, v.Name())
	}
	return out
}

// TestHelp: every verb's help is golden, and `help VERB` is the same text.
func TestHelp(t *testing.T) {
	golden.Check(t, filepath.Join("testdata", "help", "bespoke.txt"), must(t, "--help").out)
	for _, name := range verbNames() {
		help := must(t, name, "--help").out
		golden.Check(t, filepath.Join("testdata", "help", name+".txt"), help)
		if again := must(t, "help", name).out; again != help {
			t.Errorf("`help %s` differs from `%s --help`", name, name)
		}
	}
	files, err := filepath.Glob("testdata/help/*.txt")
	if err != nil || len(files) != len(verbNames())+1 {
		t.Errorf("%d golden helps for %d verbs (%v)", len(files), len(verbNames()), err)
	}
}

// TestHelpIsComplete: each verb has a short and a long text, a group and an
// example that calls it, and no line is wider than a terminal.
func TestHelpIsComplete(t *testing.T) {
	groups := map[string]bool{}
	for _, g := range newRoot().Groups() {
		groups[g.ID] = true
	}
	for _, v := range verbs() {
		if v.Short == "" || v.Long == "" || !groups[v.GroupID] || !strings.Contains(v.Example, "bespoke "+v.Name()) {
			t.Errorf("%s: short %q, long %q, group %q, example %q", v.Name(), v.Short, v.Long, v.GroupID, v.Example)
		}
		for _, line := range strings.Split(must(t, v.Name(), "--help").out, "\n") {
			if n := len([]rune(line)); n > 100 {
				t.Errorf("%s: a line of %d characters: %q", v.Name(), n, line)
			}
		}
	}
}

// TestNothingIsHelp: a newcomer who types the name alone sees what there is.
func TestNothingIsHelp(t *testing.T) {
	if bare := must(t); bare.out != must(t, "--help").out {
		t.Errorf("`bespoke` alone prints %q", bare.out)
	}
}

func TestUnknownNames(t *testing.T) {
	for _, c := range []struct {
		line string
		want []string
	}{
		{"rnu x", []string{`unknown command "rnu"`, `did you mean "run"?`, "`bespoke --help`"}},
		{"expalin", []string{`did you mean "explain"?`}},
		{"quantum", []string{`unknown command "quantum"`, "`bespoke --help`"}},
		{"help rnu", []string{`did you mean "run"?`}},
		{"run x --trails 3", []string{"unknown flag --trails", "did you mean --trials?", "`bespoke run --help`"}},
		{"--quite", []string{"did you mean --quiet?"}},
		{"run x -z", []string{"unknown flag -z"}},
		{"run x --trials three", []string{`--trials: "three" is no whole number`}},
		{"run x --trials 0", []string{"--trials: 0 must be 1 or more"}},
		{"run x --trials", []string{"--trials needs a value"}},
		{"run x --threads -1", []string{"--threads: -1 must be 0 or more"}},
		{"run x --quiet --verbose", []string{"exclude each other"}},
		{"run", []string{"takes 1 argument, got 0", "usage: bespoke run SCENARIO"}},
		{"run a b", []string{"takes 1 argument, got 2"}},
		{"predict a", []string{"takes 2 arguments, got 1", "usage: bespoke predict BUNDLE DATA"}},
		{"schema x", []string{"takes no argument, got 1"}},
		{"completion bsh", []string{`did you mean "bash"?`, "zsh, fish, powershell"}},
		{"explain a b --row 0", []string{"--row: 0 must be 1 or more"}},
		{"report x --text --open", []string{"exclude each other"}},
		{"serve x --timeout 5", []string{`--timeout: "5" is no length of time`}},
		{"serve x --listen 0.0.0.0:80", []string{"API key", keyVariable}},
		{"serve x --listen 80", []string{`address "80"`}},
		{"serve x --max-rows 0", []string{"max rows: 0 is too small"}},
		{"whatif x", []string{"nothing is changed; give --set"}},
		{"whatif x --set need.volume", []string{"write PATH=VALUE"}},
		{"whatif x --set data.target=y", []string{"cannot be changed without training again"}},
		{"whatif x --vary need.volume", []string{"write PATH=V1,V2"}},
		{"whatif help_tset.yaml --set need.volume=1/day", []string{"there is no such file"}},
		{"monitor x", []string{"--log is missing"}},
		{"monitor x --log /nowhere", []string{`--log: there is no folder "/nowhere"`}},
		{"monitor x --log . --by weak", []string{`did you mean "week"?`}},
		{"monitor x --log . --from today", []string{`--from: "today" is no day`}},
		{"monitor x --log . --id a --key b", []string{"--id and --key exclude each other"}},
		{"monitor x --log . --key loan", []string{"--outcomes is needed"}},
		{"monitor x --log . --confidence 2", []string{"confidence: 2"}},
	} {
		t.Run(c.line, func(t *testing.T) {
			t.Setenv(keyVariable, "")
			a := bespoke(strings.Fields(c.line)...)
			if a.code != exitUsage || a.out != "" {
				t.Errorf("exit code %d, standard output %q", a.code, a.out)
			}
			for _, w := range c.want {
				if !strings.Contains(a.errOut, w) {
					t.Errorf("%q does not say %q", a.errOut, w)
				}
			}
			j := bespoke(append(strings.Fields(c.line), "--json")...)
			if strings.HasSuffix(c.line, "--trials") {
				return // the word after it is its value
			}
			if f := failed(t, j); f.Exit != exitUsage || f.Error == "" {
				t.Errorf("with --json: %+v", f)
			}
		})
	}
}

// TestCompletion: the scripts are whole in the eyes of the shells that are
// there, and the words that are completed are those that fit.
func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		script := must(t, "completion", shell).out
		if !strings.Contains(script, "__complete") {
			t.Errorf("%s: the script never asks the program", shell)
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("%s is not here: its script was not parsed", shell)
			continue
		}
		file := filepath.Join(folder(t, map[string]string{"script": script}), "script")
		if out, err := exec.Command(path, "-n", file).CombinedOutput(); err != nil {
			t.Errorf("%s does not take the script: %v\n%s", shell, err, out)
		}
	}
	for _, c := range []struct {
		words []string
		want  []string
		not   string
	}{
		{[]string{""}, []string{"init\t", "run\t", "monitor\t", ":4"}, ""},
		{[]string{"re"}, []string{"report\t", "render\t"}, "run\t"},
		{[]string{"run", ""}, []string{"yaml", "yml", ":8"}, "bespoke"},
		{[]string{"run", "x", ""}, []string{":4"}, "yaml"},
		{[]string{"serve", ""}, []string{"bespoke", ":8"}, "yaml"},
		{[]string{"predict", "x", ""}, []string{":0"}, "yaml"},
		{[]string{"run", "--tr"}, []string{"--trials\t"}, "--fresh"},
		{[]string{"monitor", "--by", ""}, []string{"day", "week", "month", ":4"}, ""},
		{[]string{"completion", ""}, []string{"bash", "fish", "powershell", "zsh", ":4"}, ""},
		{[]string{"whatif", ""}, []string{"yaml", "bespoke", ":8"}, ""},
		{[]string{"whatif", "x", "--v"}, []string{"--vary\t"}, "--set"},
		{[]string{"help", ""}, []string{"run\t", ":4"}, ""},
	} {
		out := must(t, append([]string{"__complete"}, c.words...)...).out
		for _, w := range c.want {
			if !strings.Contains(out, w) {
				t.Errorf("%q completes to %q, want %q", c.words, out, w)
			}
		}
		if c.not != "" && strings.Contains(out, c.not) {
			t.Errorf("%q completes to %q, which should not hold %q", c.words, out, c.not)
		}
	}
}

// TestBashCompletes asks a real bash, without the package bash-completion, what
// the tab key would offer.
func TestBashCompletes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	dir := folder(t, map[string]string{"loans.yaml": "", "notes.txt": ""})
	put(t, dir, map[string]string{"script": must(t, "completion", "bash").out})
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(dir, "bespoke")); err != nil {
		t.Fatal(err)
	}
	// _init_completion and _filedir come from that package; these stand in.
	ask := func(words string) string {
		cmd := exec.Command(bash, "--norc", "-c", `
_get_comp_words_by_ref() { cur="${COMP_WORDS[COMP_CWORD]}"; prev="${COMP_WORDS[COMP_CWORD-1]}"; words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; }
_filedir() { COMPREPLY=($(compgen -f -X "!*.@(${1//|/|})" -- "$cur")); }
shopt -s extglob
source ./script
COMP_WORDS=(`+words+`); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
__start_bespoke
printf '%s\n' "${COMPREPLY[@]}"`)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), asProgram+"=program", "PATH="+dir+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("bash: %v\n%s", err, out)
		}
		return string(out)
	}
	if got := ask("bespoke moni"); !strings.Contains(got, "monitor") {
		t.Errorf("moni completes to %q", got)
	}
	if got := ask("bespoke run ''"); !strings.Contains(got, "loans.yaml") || strings.Contains(got, "notes.txt") {
		t.Errorf("the scenario completes to %q", got)
	}
}

func TestVersion(t *testing.T) {
	if got := must(t, "--version").out; got != "bespoke "+version+"\n" {
		t.Errorf("--version prints %q", got)
	}
	if got := must(t, "-v", "--verbose").out; !strings.Contains(got, "go1.") || !strings.Contains(got, "revision") {
		t.Errorf("--version --verbose prints %q", got)
	}
	if got := must(t, "--version", "--json").out; !strings.Contains(got, `"version": "`+version+`"`) {
		t.Errorf("--version --json prints %q", got)
	}
}
