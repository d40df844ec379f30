// Package bundle writes and reads the one file that holds everything needed
// to decide again: the solution (features, model, calibration, payoffs), the
// resolved scenario, the profile of the training rows as a reference for
// drift, and the model card with what was promised.
//
// A bundle is data only. Nothing in it is ever executed, every part is hashed,
// and writing the same content gives the same bytes. A reader accounts for every
// byte of the file, so that nothing can be hidden in it. Files of earlier
// formats stay readable; testdata keeps golden ones for good.
//
//	manifest, err := bundle.Write("credit-g.bespoke", b)
//	b, err := bundle.Open("credit-g.bespoke")
//	row := b.Solution.NewRow()
package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"bespoke/internal/strictjson"
	"bespoke/solution"
	"bespoke/table"
)

// Bundle is everything needed to decide again.
type Bundle struct {
	// Manifest says what the bundle is. A writer sets Bespoke (the program's
	// version) and Name; the rest is filled in from the other fields.
	Manifest Manifest
	// Solution goes from raw rows to decisions.
	Solution *solution.Solution
	// Scenario is the resolved scenario file, as YAML with every default.
	Scenario []byte
	// Profile describes the raw columns of the training rows; its bins are the
	// reference for drift of the inputs.
	Profile table.Profile
	// Predictions describes what the solution predicted for rows it had not
	// learnt from; see ProfilePredictions. It is the reference for drift of
	// predictions; nil when there is none.
	Predictions *table.Profile
	// Card is the model card.
	Card Card
}

// Write writes the bundle to a file, which appears whole or not at all: it is
// written to a temporary file beside it, synced and renamed. A bundle that
// could not be opened again is not written. The returned manifest is complete.
func Write(path string, b Bundle) (Manifest, error) {
	data, m, err := Encode(b)
	if err != nil {
		return m, err
	}
	if err := replace(path, data); err != nil {
		return m, fmt.Errorf("bundle: write %q: %w", path, err)
	}
	return m, nil
}

// Encode gives the bytes of the bundle. The same bundle gives the same bytes.
func Encode(b Bundle) ([]byte, Manifest, error) {
	parts, m, err := b.parts()
	if err != nil {
		return nil, m, fmt.Errorf("bundle: write: %w", err)
	}
	data, err := encode(&m, parts)
	if err != nil {
		return nil, m, fmt.Errorf("bundle: write: %w", err)
	}
	if _, err := Decode(data); err != nil {
		return nil, m, fmt.Errorf("bundle: write: it could not be opened again: %w", err)
	}
	return data, m, nil
}

// parts gives the content of every part and the manifest without its list.
func (b Bundle) parts() (map[string][]byte, Manifest, error) {
	if b.Solution == nil {
		return nil, Manifest{}, errors.New("the bundle has no solution")
	}
	m := b.Manifest
	m.Format, m.Task, m.Target = Format, b.Solution.Task, b.Solution.Target
	m.Outcomes, m.Model = b.Solution.Outcomes, b.Solution.Model.Name()
	parts, err := b.Solution.Parts()
	if err != nil {
		return nil, m, err
	}
	put := func(name string, v any) error {
		data, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		parts[name] = append(data, '\n')
		return nil
	}
	err = errors.Join(put(PartProfile, b.Profile), put(PartCard, b.Card))
	if b.Predictions != nil {
		err = errors.Join(err, put(PartPredictions, b.Predictions))
	}
	parts[PartScenario] = b.Scenario
	parts[PartCardText] = []byte(b.Card.Markdown())
	return parts, m, err
}

// encode seals the manifest and writes the archive, the manifest first.
func encode(m *Manifest, parts map[string][]byte) ([]byte, error) {
	if err := m.seal(parts); err != nil {
		return nil, err
	}
	head, err := m.encode()
	if err != nil {
		return nil, err
	}
	first, err := pack(PartManifest, head)
	if err != nil {
		return nil, err
	}
	entries := []entry{first}
	for _, p := range m.Parts {
		e, err := pack(p.Name, parts[p.Name])
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return writeArchive(entries)
}

// replace puts a file in place of another at once.
func replace(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// The error that stopped the writing is the one to report.
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil // the file is in place; only the sync of its name is lost
	}
	_ = d.Sync() // not every system syncs a folder
	return d.Close()
}

// Open reads and verifies a bundle. Every part is checked against its hash and
// the parts against each other before anything is used.
func Open(path string) (*Bundle, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	b, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%w (in %q)", err, path)
	}
	return b, nil
}

// Verify checks that every byte of a bundle is what its manifest says, without
// loading the solution.
func Verify(path string) (Manifest, error) {
	data, err := readFile(path)
	if err != nil {
		return Manifest{}, err
	}
	m, _, err := verify(data)
	if err != nil {
		return m, fmt.Errorf("bundle: verify %q: %w", path, err)
	}
	return m, nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("bundle: open %q: there is no such file", path)
	}
	if err != nil {
		return nil, fmt.Errorf("bundle: open: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("bundle: open %q: this is a folder; a bundle is a file that ends in .bespoke", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("bundle: open: %w", err)
	}
	if len(data) > MaxFile {
		return nil, fmt.Errorf("bundle: open %q: the file has more than %d bytes", path, MaxFile)
	}
	return data, nil
}

// Decode reads and verifies the bytes of a bundle.
func Decode(data []byte) (*Bundle, error) {
	m, parts, err := verify(data)
	if err != nil {
		return nil, fmt.Errorf("bundle: open: %w", err)
	}
	b, err := load(m, parts)
	if err != nil {
		return nil, fmt.Errorf("bundle: open: %w", err)
	}
	return b, nil
}

// verify unpacks the archive and checks each part against the manifest.
func verify(data []byte) (Manifest, map[string][]byte, error) {
	entries, err := readArchive(data)
	if err != nil {
		return Manifest{}, nil, err
	}
	if len(entries) == 0 || entries[0].name != PartManifest || entries[0].size > maxManifest {
		return Manifest{}, nil, fmt.Errorf("%w: its first part must be %s", errNotBundle, PartManifest)
	}
	head, err := entries[0].unpack()
	if err != nil {
		return Manifest{}, nil, err
	}
	m, err := readManifest(head)
	if err != nil {
		return m, nil, err
	}
	if len(entries)-1 != len(m.Parts) {
		return m, nil, fmt.Errorf("the archive has %d parts, the manifest lists %d", len(entries)-1, len(m.Parts))
	}
	parts := make(map[string][]byte, len(m.Parts))
	for i, p := range m.Parts {
		e := entries[i+1]
		if e.name != p.Name || e.size != p.Size {
			return m, nil, fmt.Errorf("the archive has part %q of %d bytes where the manifest lists %q of %d", e.name, e.size, p.Name, p.Size)
		}
		content, err := e.unpack()
		if err != nil {
			return m, nil, err
		}
		if got := sha(content); got != p.SHA256 {
			return m, nil, fmt.Errorf("part %q: its hash is %s, the manifest says %s", p.Name, got, p.SHA256)
		}
		parts[p.Name] = content
	}
	return m, parts, nil
}

// load makes a bundle of verified parts.
func load(m Manifest, parts map[string][]byte) (*Bundle, error) {
	b := &Bundle{Manifest: m, Scenario: parts[PartScenario]}
	if err := strictjson.Decode(parts[PartProfile], &b.Profile); err != nil {
		return nil, fmt.Errorf("%s: %w", PartProfile, err)
	}
	if err := checkProfile(b.Profile); err != nil {
		return nil, fmt.Errorf("%s: %w", PartProfile, err)
	}
	if data, ok := parts[PartPredictions]; ok {
		b.Predictions = new(table.Profile)
		if err := strictjson.Decode(data, b.Predictions); err != nil {
			return nil, fmt.Errorf("%s: %w", PartPredictions, err)
		}
		if err := checkProfile(*b.Predictions); err != nil {
			return nil, fmt.Errorf("%s: %w", PartPredictions, err)
		}
	}
	if err := strictjson.Decode(parts[PartCard], &b.Card); err != nil {
		return nil, fmt.Errorf("%s: %w", PartCard, err)
	}
	own := map[string][]byte{}
	for _, name := range []string{solution.PartSolution, solution.PartFeatures, solution.PartModel, solution.PartCalibration, solution.PartPayoffs} {
		if data, ok := parts[name]; ok {
			own[name] = data
		}
	}
	var err error
	if b.Solution, err = solution.Load(own); err != nil {
		return nil, err
	}
	if s := b.Solution; s.Task != m.Task || s.Target != m.Target || s.Model.Name() != m.Model {
		return nil, fmt.Errorf("%s says %s of %q by %s, the solution is %s of %q by %s", PartManifest, m.Task, m.Target, m.Model, s.Task, s.Target, s.Model.Name())
	}
	return b, nil
}

// checkProfile verifies what drift relies on: bins that agree with themselves.
func checkProfile(p table.Profile) error {
	for _, c := range p.Columns {
		b := c.Bins
		want := len(b.Levels) + 2
		if c.Kind == table.Number || c.Kind == table.Time {
			want = len(b.Cuts) + 2
		}
		if len(b.Counts) != want {
			return fmt.Errorf("column %q: %d bins have %d counts", c.Name, want, len(b.Counts))
		}
		total := 0
		for _, n := range b.Counts {
			if n < 0 || n > p.Rows {
				return fmt.Errorf("column %q: a bin has %d of %d rows", c.Name, n, p.Rows)
			}
			total += n
		}
		if total != p.Rows {
			return fmt.Errorf("column %q: the bins have %d rows together, the profile %d", c.Name, total, p.Rows)
		}
		for i, cut := range b.Cuts {
			if math.IsNaN(cut) || i > 0 && cut <= b.Cuts[i-1] {
				return fmt.Errorf("column %q: the cuts do not rise", c.Name)
			}
		}
	}
	return nil
}
