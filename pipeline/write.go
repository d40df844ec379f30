package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"bespoke/runs"
	"bespoke/scenario"
	"bespoke/web"
)

// The files that a run leaves beside its bundle.
const (
	ReportPage = "report.html"
	ReportData = "report.json"
)

// open opens the run's folder under the key of everything that decides its
// result.
func (f *flow) open() error {
	text, err := scenario.Render(f.scenario)
	if err != nil {
		return err
	}
	key := runs.Key{Version: f.options.Version, Scenario: string(text), Seed: f.scenario.Seed}
	for _, s := range f.result.Data.Sources {
		key.Inputs = append(key.Inputs, runs.Input(s))
	}
	begin := runs.Open
	if f.options.Fresh {
		begin = runs.Fresh
	}
	if f.store, err = begin(f.dir(), key); err != nil {
		return err
	}
	if err := f.disk.Sweep(); err != nil {
		return err
	}
	if f.store.Resumed() {
		f.tell("data", "going on with the run in %s", f.store.Dir())
	}
	return nil
}

func (f *flow) dir() string {
	if f.options.Dir != "" {
		return f.options.Dir
	}
	return runs.DefaultDir(f.file.Path)
}

// write writes the report as a page and as data.
func (f *flow) write() error {
	data, err := json.MarshalIndent(f.result, "", "  ")
	if err != nil {
		return err
	}
	if err := f.store.WriteFile(ReportData, append(data, '\n')); err != nil {
		return err
	}
	var page bytes.Buffer
	if err := web.Render(&page, f.result.Document()); err != nil {
		return err
	}
	return f.store.CreateFile(ReportPage, func(w io.Writer) error {
		_, err := w.Write(page.Bytes())
		return err
	})
}

// finish records how the run ended.
func (f *flow) finish(err error) error {
	if f.store == nil {
		return nil
	}
	var gate *GateError
	switch {
	case err == nil:
		return f.store.Finish(runs.Done, "")
	case errors.As(err, &gate):
		return f.store.Finish(runs.Stopped, gate.Sentence)
	case errors.Is(err, context.Canceled):
		return nil // left as running: the same command goes on
	}
	return f.store.Finish(runs.Failed, err.Error())
}

// Dir is the folder of the run of a scenario file or of a folder with one.
func Dir(path string) (string, error) {
	file, err := scenario.Load(path)
	if err != nil {
		return "", err
	}
	return runs.DefaultDir(filepath.Clean(file.Path)), nil
}

func event(stage, message string, done, total int) runs.Event {
	return runs.Event{Stage: stage, Message: message, Done: done, Total: total}
}

// ReadResult reads the result that a run left in its folder.
func ReadResult(dir string) (*Result, error) {
	data, err := os.ReadFile(filepath.Join(dir, ReportData))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("pipeline: report: %q has no finished run; `bespoke run` makes one", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("pipeline: report: %w", err)
	}
	var r Result
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("pipeline: report: %q: %w", filepath.Join(dir, ReportData), err)
	}
	return &r, nil
}
