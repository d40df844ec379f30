package scenario

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"bespoke/internal/near"
	"bespoke/internal/position"
)

// FileName is the name of a scenario file in a folder of its own.
const FileName = "scenario.yaml"

// File is a scenario with the file it was read from.
type File struct {
	// Scenario is what the file says, with every default filled in.
	Scenario Scenario
	// Path is the name under which the file was read.
	Path string
	// Dir is the folder that data.source starts from.
	Dir string
	// Text is the file as it was read, for its hash and its place in a bundle.
	Text []byte

	root  *position.Node
	lines []string
}

// Load reads a scenario file, or the file scenario.yaml of a folder. When the
// file is wrong, the error is a position.List of every problem in order of
// place; when it cannot be read, it wraps the reason.
func Load(path string) (*File, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, FileName)
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("scenario: reading %q: %w", path, absent(path))
	}
	if err != nil {
		return nil, fmt.Errorf("scenario: reading: %w", err)
	}
	defer file.Close()
	// One byte more than allowed shows that the file is too large.
	src, err := io.ReadAll(io.LimitReader(file, position.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("scenario: reading %q: %w", path, err)
	}
	return Parse(path, src)
}

// absentError is fs.ErrNotExist in plainer words.
type absentError string

func (e absentError) Error() string        { return string(e) }
func (e absentError) Is(target error) bool { return target == fs.ErrNotExist }

// absent says that a file is not there, and which one may have been meant: the
// nearest name in its folder, or else the verb that writes one.
func absent(path string) error {
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return absentError(fmt.Sprintf("there is no folder %q", dir))
	}
	var names []string
	for _, e := range entries {
		if ending := filepath.Ext(e.Name()); e.IsDir() || ending == ".yaml" || ending == ".yml" {
			names = append(names, e.Name())
		}
	}
	hint := near.Hint(filepath.Base(path), names)
	if hint == "" {
		hint = "; `bespoke init DATA` writes one for a data file"
	}
	return absentError("there is no such file" + hint)
}

// Parse reads a scenario from the bytes of a file. The name is used in errors,
// and its folder is where data.source starts from. The error is that of Load.
func Parse(name string, src []byte) (*File, error) {
	f := &File{Scenario: Default(), Path: name, Dir: filepath.Dir(name), Text: src}
	root, problems := position.ParseYAML(name, src)
	if root == nil {
		return nil, problems
	}
	f.lines = strings.Split(strings.NewReplacer("\xef\xbb\xbf", "", "\r\n", "\n", "\r", "\n").Replace(string(src)), "\n")
	if err := f.fill(root, problems); err != nil {
		return nil, err
	}
	return f, nil
}

// fill decodes and checks the tree of a file.
func (f *File) fill(root *position.Node, problems position.List) error {
	f.root = root
	d := &decoder{problems: problems, given: map[string]bool{}, failed: map[string]bool{}, meant: map[string]bool{}}
	if root.Shape == position.Mapping {
		d.structure(root, "", value(&f.Scenario))
	} else {
		d.fail(position.Position{File: f.Path, Line: 1, Column: 1}, "", codeType, fmt.Sprintf("found %s instead of sections", found(root)), "begin with scenario: NAME")
		d.failed[""] = true
	}
	if b := &f.Scenario.Budget; b.Time > 0 && !d.given["budget.trials"] {
		b.Trials = 0 // the default of the other way of bounding
	}
	r := &report{silent: d.silent, given: func(path string) bool { return d.given[path] }}
	f.Scenario.check(r)
	for _, p := range r.problems {
		p.Position = f.At(p.Path)
		d.problems = append(d.problems, p)
	}
	for _, p := range d.problems {
		p.Text, p.Path = f.line(p.Position), position.Printable(p.Path)
	}
	d.problems.Sort()
	return d.problems.Err()
}

// At is the place of a value, such as "value.actions.grant.good" or
// "data.missing[0]". Where the file does not hold it, because it is missing or
// a default, it is the place of the nearest part around it that is there.
func (f *File) At(path string) position.Position {
	place, _ := f.root.At(path)
	if place.File == "" || path == "" {
		place = position.Position{File: f.Path, Line: 1, Column: 1}
	}
	return place
}

// Wrap gives a problem that another package found in the scenario its place:
// path as in At, msg what is wrong, hint what to do (may be empty). The error
// is a *position.Error with the code S0401.
func (f *File) Wrap(path, msg, hint string) error {
	at := f.At(path)
	return &position.Error{Position: at, Code: codeMeaning, Path: position.Printable(path), Msg: msg, Note: hint, Text: f.line(at)}
}

// Resolve makes a path relative to the scenario file usable from the working
// directory; absolute paths stay.
func (f *File) Resolve(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(f.Dir, path)
}

func (f *File) line(p position.Position) string {
	if p.File != f.Path || p.Line < 1 || p.Line > len(f.lines) { // of another file: the text of --set
		return ""
	}
	return f.lines[p.Line-1]
}

// The codes of problems. They never change their meaning; the manual explains
// each (see Codes).
const (
	codeUnknown  = "S0101"
	codeType     = "S0102"
	codeEmpty    = "S0103"
	codeMissing  = "S0104"
	codeRate     = "S0201"
	codePercent  = "S0202"
	codeDuration = "S0203"
	codeSize     = "S0204"
	codeNumber   = "S0205"
	codeRange    = "S0206"
	codeChoice   = "S0207"
	codeName     = "S0208"
	codeExclude  = "S0301"
	codeNeeds    = "S0302"
	codeActions  = "S0303"
	codeSecret   = "S0304"
	codeMeaning  = "S0401"
)

// Code is a kind of problem with its meaning, for the manual.
type Code = position.Code

// Codes lists every kind of problem that reading a scenario can report, in
// order.
func Codes() []Code {
	return append(position.Codes(), []Code{
		{Name: codeUnknown, Meaning: "The key is not known here. The note names the nearest known key and all that are allowed."},
		{Name: codeType, Meaning: "The value has the wrong form, such as a list where a text is needed."},
		{Name: codeEmpty, Meaning: "The key has no value."},
		{Name: codeMissing, Meaning: "A key that has no default is not there."},
		{Name: codeRate, Meaning: "Not an amount per period, such as `2000 / month`."},
		{Name: codePercent, Meaning: "Not a share, such as `20%` or `0.2`."},
		{Name: codeDuration, Meaning: "Not a length of time, such as `5ms` or `10m`."},
		{Name: codeSize, Meaning: "Not a size, such as `20MB`."},
		{Name: codeNumber, Meaning: "Not a finite decimal number."},
		{Name: codeRange, Meaning: "The value is outside the allowed range."},
		{Name: codeChoice, Meaning: "The word is none of those allowed."},
		{Name: codeName, Meaning: "The name holds characters that are not allowed, or has another meaning."},
		{Name: codeExclude, Meaning: "Two settings exclude each other."},
		{Name: codeNeeds, Meaning: "A setting needs another one that is not there."},
		{Name: codeActions, Meaning: "The actions leave nothing to decide, or their outcomes do not fit together."},
		{Name: codeSecret, Meaning: "A password stands in the file, which is copied into bundles and reports. Use `${NAME}`."},
		{Name: codeMeaning, Meaning: "A later step found that the value does not fit the data: a column, outcome or model that does not exist, or an expression that cannot be computed."},
	}...)
}

// IsAction says whether a text has the form of an action's name. It is written
// out because the pattern of 64 letters of any script takes 3 MB and most of
// the time that the program needs to start.
func IsAction(name string) bool {
	n := 0
	for _, r := range name {
		switch {
		case unicode.IsLetter(r):
		case n > 0 && (unicode.IsNumber(r) || r == '_' || r == ' ' || r == '-'):
		default:
			return false
		}
		n++
	}
	return n >= 1 && n <= 64
}

// Patterns of names.
var (
	namePattern     = regexp.MustCompile(nameForm)
	wordPattern     = regexp.MustCompile(wordForm)
	currencyPattern = regexp.MustCompile(currencyForm)
	truthPattern    = regexp.MustCompile(`^(true|True|TRUE|false|False|FALSE)$`)
	infinite        = regexp.MustCompile(`^[+-]?\.(inf|Inf|INF|nan|NaN|NAN)$`)
)

const (
	nameForm   = `^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`
	wordForm   = `^[A-Za-z_][A-Za-z0-9_]{0,63}$`
	actionForm = `^\p{L}[\p{L}\p{N}_ -]{0,63}$`
	// currencyForm has no count of its own, because 16 classes of letters of any
	// script take 1 MB at every start of the program; see report.word.
	currencyForm = `^[\p{L}\p{Sc}\p{N}.%/-]+$`
)

// Problems are the single problems of an error of Load, Parse or Wrap, for
// those who show them one by one; nil for other errors.
func Problems(err error) []*position.Error {
	var list position.List
	if errors.As(err, &list) {
		return list
	}
	var one *position.Error
	if errors.As(err, &one) {
		return []*position.Error{one}
	}
	return nil
}
