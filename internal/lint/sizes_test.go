package lint_test

import (
	"go/ast"
	"strings"
	"testing"
)

// The budgets. They hold for product code; tests and generated files are free.
const (
	maxFunctionLines = 60
	maxFileLines     = 500
	maxPackageFiles  = 15
	maxDepth         = 2
)

// exempt lists what may be larger than the budget, each with its reason.
var exempt = map[string]string{
	"cmd/bespoke": "one file per verb",
}

func TestFunctionSizes(t *testing.T) {
	for _, s := range sources(t) {
		if s.Test() || s.Generated() {
			continue
		}
		for _, d := range s.File.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			lines := s.Set.Position(f.End()).Line - s.Set.Position(f.Pos()).Line + 1
			if lines > maxFunctionLines && exempt[s.Path+":"+f.Name.Name] == "" {
				t.Errorf("%s: func %s has %d lines, at most %d; split it by step", s.Path, f.Name.Name, lines, maxFunctionLines)
			}
		}
	}
}

func TestFileAndPackageSizes(t *testing.T) {
	files := map[string]int{}
	for _, s := range sources(t) {
		if depth := strings.Count(s.Path, "/"); depth > maxDepth+1 {
			t.Errorf("%s: lies %d folders deep, at most %d", s.Path, depth, maxDepth)
		}
		if s.Test() || s.Generated() {
			continue
		}
		files[s.Package]++
		if s.Lines > maxFileLines && exempt[s.Path] == "" {
			t.Errorf("%s: has %d lines, at most %d", s.Path, s.Lines, maxFileLines)
		}
	}
	for pkg, n := range files {
		if n > maxPackageFiles && exempt[pkg] == "" {
			t.Errorf("%s: has %d product files, at most %d; is a package hiding in it?", pkg, n, maxPackageFiles)
		}
	}
}
