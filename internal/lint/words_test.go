package lint_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bespoke/internal/lint"
)

// banned are words that may not stand in any text file, with the reason.
var banned = []struct {
	pattern *regexp.Regexp
	reason  string
}{
	{regexp.MustCompile(`(?i)\bTODO\b|\bFIXME\b|\bXXX\b`), "unfinished work belongs in an issue"},
	{regexp.MustCompile(`(?i)proxy\.` + `golang\.org|registry\.` + `npmjs|pypi\.` + `org|deb\.` + `debian\.org`), "hosts of registries are not named"},
	{regexp.MustCompile(`/root` + `/|/work` + `/(main|shared)`), "paths of one machine are not named"},
	{regexp.MustCompile(`(?i)blazing(ly)?[ -]fast|state[ -]of[ -]the[ -]art|world[ -]class`), "say the figure instead"},
}

// textEndings are the files that people read or run.
var textEndings = []string{".go", ".md", ".yaml", ".yml", ".sh", ".py", ".html", ".css", ".txt", "Makefile", "run"}

// wordExempt are files that may hold a banned word, with the reason.
var wordExempt = map[string]string{
	"internal/lint/words_test.go": "it defines them",
}

func TestBannedWords(t *testing.T) {
	root, err := lint.Root()
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if d.Name() == ".git" || d.Name() == "bin" || d.Name() == "fuzz" || rel == "web/assets" {
				return filepath.SkipDir
			}
			return nil
		}
		if wordExempt[rel] == "" && isText(rel) {
			checkWords(t, path, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func isText(path string) bool {
	for _, e := range textEndings {
		if strings.HasSuffix(path, e) {
			return true
		}
	}
	return false
}

func checkWords(t *testing.T, path, rel string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		for _, b := range banned {
			if m := b.pattern.FindString(line); m != "" {
				t.Errorf("%s:%d: %q: %s", rel, i+1, m, b.reason)
			}
		}
	}
}
