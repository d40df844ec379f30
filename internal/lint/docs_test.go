package lint_test

import (
	"go/ast"
	"strings"
	"testing"

	"bespoke/internal/lint"
)

func TestPackageDocs(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if !s.Test() {
			documented[s.Package] = documented[s.Package] || s.File.Doc != nil && len(s.File.Doc.Text()) > 60
		}
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("%s: no package comment that tells a newcomer what lives there", pkg)
		}
	}
}

func TestExportedDocs(t *testing.T) {
	for _, s := range sources(t) {
		if s.Test() || s.Generated() || s.File.Name.Name == "main" {
			continue
		}
		for _, d := range s.File.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s: exported %s has no comment", s.Path, name)
			}
		}
	}
}

func undocumented(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		return undocumentedSpecs(d)
	}
	return nil
}

func undocumentedSpecs(d *ast.GenDecl) []string {
	var out []string
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil {
				out = append(out, spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, n := range spec.Names {
				if n.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					out = append(out, n.Name)
				}
			}
		}
	}
	return out
}

// exportedReceiver says whether the function is a plain function or a method of
// an exported type: methods of unexported types document themselves through the
// interface they meet.
func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return true
	}
	e := f.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

// noInits: state made at import time cannot be seen from the caller.
func TestNoInitFunctions(t *testing.T) {
	for _, s := range sources(t) {
		if s.Test() {
			continue
		}
		for _, d := range s.File.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: func init: register in a literal table instead", s.Path)
			}
		}
	}
}

// bannedPackages are names that say nothing.
var bannedPackages = []string{"util", "utils", "common", "helpers", "helper", "misc", "base", "manager", "pkg"}

func TestPackageNames(t *testing.T) {
	for _, s := range sources(t) {
		for _, b := range bannedPackages {
			if s.File.Name.Name == b || strings.HasSuffix(s.Package, "/"+b) {
				t.Errorf("%s: package name %q says nothing; name the noun or the stage", s.Path, b)
			}
		}
	}
}

var _ = lint.Source{}
