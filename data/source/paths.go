package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bespoke/internal/near"
)

// resolve lists the files that a path or glob names, sorted, in the form in
// which the scenario names them.
func resolve(dir, path string) ([]string, error) {
	if isGlob(path) && !exists(join(dir, path)) {
		found, err := glob(dir, path)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("data: source: no file matches %q in %q", path, dirName(dir))
		}
		return found, nil
	}
	info, err := os.Stat(join(dir, path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("data: source: no file %q in %q%s", path, dirName(dir), nearFile(dir, path))
	case err != nil:
		return nil, fmt.Errorf("data: source: %w", err)
	case info.IsDir():
		return nil, fmt.Errorf("data: source: %q is a folder; name a file in it or a glob such as %q", path, filepath.ToSlash(filepath.Join(path, "*.csv")))
	}
	return []string{path}, nil
}

func join(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func dirName(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func isGlob(path string) bool { return strings.ContainsAny(path, "*?[") }

// glob lists the files below dir that match a pattern of path/filepath, in
// which a part ** stands for any number of folders.
func glob(dir, pattern string) ([]string, error) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("data: source: glob %q: %w", pattern, err)
	}
	full := filepath.ToSlash(join(dir, pattern))
	var found []string
	if !strings.Contains(pattern, "**") {
		all, err := filepath.Glob(full)
		if err != nil {
			return nil, fmt.Errorf("data: source: glob %q: %w", pattern, err)
		}
		found = all
	} else {
		parts := strings.Split(full, "/")
		root := strings.Join(parts[:slices.IndexFunc(parts, isGlob)], "/")
		err := filepath.WalkDir(root+"/", func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && matches(parts, strings.Split(filepath.ToSlash(path), "/")) {
				found = append(found, path)
			}
			return nil // a folder that cannot be opened holds no matches
		})
		if err != nil {
			return nil, fmt.Errorf("data: source: glob %q: %w", pattern, err)
		}
	}
	return named(dir, pattern, found), nil
}

// named keeps the regular files and writes them relative to dir when the
// pattern is relative.
func named(dir, pattern string, found []string) []string {
	var out []string
	for _, f := range found {
		info, err := os.Stat(f)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if !filepath.IsAbs(pattern) {
			if rel, err := filepath.Rel(dirName(dir), f); err == nil {
				f = rel
			}
		}
		out = append(out, filepath.ToSlash(f))
	}
	slices.Sort(out)
	return out
}

// matches says whether the parts of a path match the parts of a pattern.
func matches(pattern, path []string) bool {
	if len(pattern) == 0 {
		return len(path) == 0
	}
	if pattern[0] == "**" {
		for skip := 0; skip <= len(path); skip++ {
			if matches(pattern[1:], path[skip:]) {
				return true
			}
		}
		return false
	}
	if len(path) == 0 {
		return false
	}
	ok, err := filepath.Match(pattern[0], path[0])
	return err == nil && ok && matches(pattern[1:], path[1:])
}

// nearFile offers the file that a mistyped path most likely meant.
func nearFile(dir, path string) string {
	folder := filepath.Dir(path)
	entries, err := os.ReadDir(join(dir, folder))
	if err != nil {
		return fmt.Sprintf("; there is no folder %q either", filepath.ToSlash(folder))
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	if n, ok := near.Name(filepath.Base(path), names); ok {
		return fmt.Sprintf("; did you mean %q?", filepath.ToSlash(filepath.Join(folder, n)))
	}
	if len(names) == 0 {
		return "; the folder has no files"
	}
	if len(names) > 8 {
		return fmt.Sprintf("; the folder has %s and %d more", strings.Join(names[:8], ", "), len(names)-8)
	}
	return "; the folder has " + strings.Join(names, ", ")
}
