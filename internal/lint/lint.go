// Package lint holds the rules of this codebase as tests: which package may
// import which, how large functions and files may grow, what must be
// documented and which words may not appear.
//
// The rules are policy. A test that fails here is mended in the code it names,
// or the rule is changed with its reason in docs/decisions; it is never
// loosened to get a build through.
package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Source is one parsed Go file of the module.
type Source struct {
	// Path is relative to the module's root, with slashes.
	Path string
	// Package is the import path below the module, such as "value"; "" is the
	// root.
	Package string
	File    *ast.File
	Set     *token.FileSet
	Lines   int
}

// Test says whether the file is a test.
func (s Source) Test() bool { return strings.HasSuffix(s.Path, "_test.go") }

// Generated says whether the file carries Go's standard header for generated
// code.
func (s Source) Generated() bool { return ast.IsGenerated(s.File) }

// Root finds the module's root above the working directory.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fs.ErrNotExist
		}
		dir = up
	}
}

// Sources parses every Go file of the module, in path order.
func Sources(root string) ([]Source, error) {
	var out []Source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != root && (strings.HasPrefix(name, ".") || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		s, err := parse(root, path)
		if err != nil {
			return err
		}
		out = append(out, s)
		return nil
	})
	return out, err
}

func parse(root, path string) (Source, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return Source{}, err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, src, parser.ParseComments)
	if err != nil {
		return Source{}, err
	}
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return Source{}, err
	}
	rel = filepath.ToSlash(rel)
	pkg := strings.TrimSuffix(filepath.ToSlash(filepath.Dir(rel)), "/")
	if pkg == "." {
		pkg = ""
	}
	return Source{Path: rel, Package: pkg, File: file, Set: set, Lines: strings.Count(string(src), "\n")}, nil
}
