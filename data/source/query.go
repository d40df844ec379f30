package source

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"bespoke/data/duck"
)

// readQuery runs a SQL query over files with DuckDB. The query must be one
// SELECT, and it can read exactly the files that its text names; relative names
// start from the folder of the scenario. It runs on one thread, so that the
// same query gives the same rows in the same order whatever the machine.
//
// Files in a query are read by DuckDB's own rules (read_csv and its options),
// not by those of the other readers.
func readQuery(ctx context.Context, j *job) (*Raw, error) {
	query, err := trimQuery(j.Source.Query)
	if err != nil {
		return nil, err
	}
	named, err := j.namedFiles(query)
	if err != nil {
		return nil, err
	}
	folder, err := j.spillFolder()
	if err != nil {
		return nil, err
	}
	db, err := duck.Open(duck.Options{Threads: 1, Memory: j.budget.limit, Sandbox: &named.box, Spill: folder})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	raw, err := j.readTyped(ctx, db, "("+named.query+"\n)", "the query", 0)
	switch {
	case errors.Is(err, duck.ErrNotSelect):
		return nil, fmt.Errorf("data: source: query: %w", err)
	case err != nil && (ctx.Err() != nil || j.budget.full()):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("data: source: query: %s%s", sqlTrouble(err, j.Dir), named.hint)
	case raw.Rows == 0:
		return nil, fmt.Errorf("data: source: query: it gives %d columns but no rows", len(raw.Columns))
	}
	raw.Files = named.files
	return raw, nil
}

// sqlTrouble keeps the first sentences of DuckDB's message.
func sqlTrouble(err error, dir string) string {
	text, _, _ := strings.Cut(err.Error(), "\n\nLINE")
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	out := strings.Join(lines[:min(len(lines), 2)], " ")
	if abs, err := filepath.Abs(dirName(dir)); err == nil {
		out = strings.ReplaceAll(out, filepath.ToSlash(abs)+"/", "")
	}
	return out
}

// namedFiles is a query with its file names made absolute, and what they are.
type namedFiles struct {
	query string
	box   duck.Sandbox
	files []File
	hint  string // about a name without a file
}

// namedFiles finds the texts and quoted names of the query that name files.
func (j *job) namedFiles(query string) (namedFiles, error) {
	var out namedFiles
	var b strings.Builder
	var paths []string
	for _, tok := range tokens(query) {
		text := query[tok.from:tok.to]
		if tok.kind != quotedToken {
			b.WriteString(text)
			continue
		}
		name := unquote(text)
		if strings.Contains(name, "://") {
			return out, fmt.Errorf("data: source: query: %q is not a local file; only local files are read", name)
		}
		if _, err := readerOf(name); err != nil || compared(b.String()) {
			b.WriteString(text)
			continue
		}
		found, err := resolve(j.Dir, name)
		if err != nil {
			out.hint = "; " + strings.TrimPrefix(err.Error(), "data: source: ")
			b.WriteString(text)
			continue
		}
		full, err := filepath.Abs(j.abs(name))
		if err != nil {
			return out, fmt.Errorf("data: source: query: %w", err)
		}
		full = filepath.ToSlash(full)
		if isGlob(name) {
			root, _, _ := strings.Cut(full, firstGlobPart(full))
			out.box.Folders = append(out.box.Folders, strings.TrimSuffix(root, "/"))
		}
		out.box.Files = append(out.box.Files, full)
		paths = append(paths, found...)
		b.WriteString(text[:1] + strings.ReplaceAll(full, text[:1], text[:1]+text[:1]) + text[:1])
	}
	out.query = b.String()
	slices.Sort(paths)
	for _, p := range slices.Compact(paths) {
		f, err := hashFile(j.abs(p), p)
		if err != nil {
			return out, err
		}
		out.files = append(out.files, f)
	}
	return out, nil
}

// compared says whether SQL ends with a comparison, so that the text that follows
// is a value and not a file.
func compared(sql string) bool {
	sql = strings.ToLower(strings.TrimSpace(sql))
	return strings.HasSuffix(sql, "=") || strings.HasSuffix(sql, "<") || strings.HasSuffix(sql, ">") || strings.HasSuffix(sql, "like")
}

// firstGlobPart is the first part of a path that is a pattern.
func firstGlobPart(path string) string {
	for _, p := range strings.Split(path, "/") {
		if isGlob(p) {
			return p
		}
	}
	return ""
}
