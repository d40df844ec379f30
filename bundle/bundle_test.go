package bundle_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bespoke/bundle"
	"bespoke/bundle/bundletest"
	"bespoke/solution"
	"bespoke/table"

	"github.com/google/go-cmp/cmp"
)

var cases = map[string]func(testing.TB) bundletest.Case{
	"lender": bundletest.Lender, "booster": bundletest.Booster, "prices": bundletest.Prices, "undecided": bundletest.Undecided,
}

func TestDecidesTheSameBits(t *testing.T) {
	for name, make := range cases {
		t.Run(name, func(t *testing.T) {
			c := make(t)
			path := filepath.Join(t.TempDir(), "x.bespoke")
			m, err := bundle.Write(path, c.Bundle)
			if err != nil {
				t.Fatal(err)
			}
			b, err := bundle.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(m, b.Manifest); d != "" {
				t.Errorf("manifest (-written +opened):\n%s", d)
			}
			if d := cmp.Diff(c.Bundle.Profile, b.Profile) + cmp.Diff(c.Bundle.Predictions, b.Predictions) + cmp.Diff(c.Bundle.Card, b.Card); d != "" {
				t.Errorf("(-written +opened):\n%s", d)
			}
			want, err := c.Bundle.Solution.Predict(c.Rows, 1)
			if err != nil {
				t.Fatal(err)
			}
			got, err := b.Solution.Predict(c.Rows, 2)
			if err != nil {
				t.Fatal(err)
			}
			for i := range want {
				if math.Float64bits(want[i]) != math.Float64bits(got[i]) {
					t.Fatalf("prediction %d: %v in memory, %v from the file", i, want[i], got[i])
				}
			}
			if c.Bundle.Solution.Payoffs == nil {
				return
			}
			before, err := c.Bundle.Solution.Payoffs.Sheet(c.Rows, want, c.Truth, 1)
			if err != nil {
				t.Fatal(err)
			}
			after, err := b.Solution.Payoffs.Sheet(c.Rows, got, c.Truth, 1)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(before.Choose(), after.Choose()) + cmp.Diff(before.Expected, after.Expected); d != "" {
				t.Errorf("decisions (-memory +file):\n%s", d)
			}
		})
	}
}

func encode(t testing.TB, b bundle.Bundle) []byte {
	t.Helper()
	data, _, err := bundle.Encode(b)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSameContentSameBytes(t *testing.T) {
	again, err := bundletest.Again()
	if err != nil {
		t.Fatal(err)
	}
	a, b := encode(t, bundletest.Lender(t).Bundle), encode(t, again.Bundle)
	if !bytes.Equal(a, b) {
		t.Error("two bundles of the same content differ")
	}
	opened, err := bundle.Decode(a)
	if err != nil {
		t.Fatal(err)
	}
	if again := encode(t, *opened); !bytes.Equal(a, again) {
		t.Error("a bundle that was opened and written again differs")
	}
}

// Any zip program must be able to open a bundle.
func TestIsAZip(t *testing.T) {
	data := encode(t, bundletest.Lender(t).Bundle)
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		m[f.Name] = string(content)
	}
	var manifest bundle.Manifest
	if err := json.Unmarshal([]byte(m[bundle.PartManifest]), &manifest); err != nil || len(manifest.Parts) != len(m)-1 {
		t.Errorf("%d files, manifest %v, %v", len(m), manifest, err)
	}
	if !strings.HasPrefix(m[bundle.PartCardText], "# lender\n") {
		t.Errorf("card is %q", m[bundle.PartCardText])
	}
}

// Changing any single byte of the file must be noticed, or must change nothing:
// the last byte of a compressed part has bits that carry no data.
func TestEveryByteCounts(t *testing.T) {
	data := encode(t, bundletest.Undecided(t).Bundle)
	_, parts, err := bundle.Unpack(data)
	if err != nil {
		t.Fatal(err)
	}
	idle := 0
	for i := 0; i < len(data); i += 3 {
		damaged := bytes.Clone(data)
		damaged[i] ^= 0x20
		_, got, err := bundle.Unpack(damaged)
		if err != nil {
			continue
		}
		idle++
		if d := cmp.Diff(parts, got); d != "" {
			t.Fatalf("byte %d of %d was changed and not noticed (-before +after):\n%s", i, len(data), d)
		}
	}
	if idle > len(parts)+1 {
		t.Errorf("%d bytes carry nothing, want at most one a part", idle)
	}
	for _, n := range []int{0, 1, 21, 22, len(data) / 2, len(data) - 1} {
		if _, err := bundle.Decode(data[:n]); err == nil {
			t.Errorf("a bundle cut to %d bytes opened", n)
		}
	}
	for _, d := range [][]byte{append(bytes.Clone(data), 0), append([]byte{0}, data...), append(bytes.Clone(data), data...)} {
		if _, err := bundle.Decode(d); err == nil {
			t.Error("a bundle with bytes added opened")
		}
	}
}

// rebuild opens a bundle as parts, lets a test change them, and packs them
// again with an honest manifest unless the test changes that too.
func rebuild(t *testing.T, change func(parts map[string][]byte, m *bundle.Manifest)) error {
	t.Helper()
	data := encode(t, bundletest.Lender(t).Bundle)
	m, parts, err := bundle.Unpack(data)
	if err != nil {
		t.Fatal(err)
	}
	change(parts, &m)
	packed, err := bundle.Pack(m, parts)
	if err != nil {
		return err
	}
	_, err = bundle.Decode(packed)
	return err
}

// reseal brings the hashes that the solution keeps of its own parts up to date.
func reseal(t testing.TB, parts map[string][]byte) {
	t.Helper()
	var h map[string]json.RawMessage
	if err := json.Unmarshal(parts[solution.PartSolution], &h); err != nil {
		return // the fuzzer broke it
	}
	sums := map[string]string{}
	for _, name := range []string{solution.PartFeatures, solution.PartModel, solution.PartCalibration, solution.PartPayoffs} {
		if data, ok := parts[name]; ok {
			sum := sha256.Sum256(data)
			sums[name] = hex.EncodeToString(sum[:])
		}
	}
	var err error
	if h["parts"], err = json.Marshal(sums); err != nil {
		t.Fatal(err)
	}
	if parts[solution.PartSolution], err = json.Marshal(h); err != nil {
		t.Fatal(err)
	}
}

func TestRefusals(t *testing.T) {
	if err := rebuild(t, func(map[string][]byte, *bundle.Manifest) {}); err != nil {
		t.Fatalf("an unchanged bundle: %v", err)
	}
	for name, c := range map[string]struct {
		change func(parts map[string][]byte, m *bundle.Manifest)
		want   string
	}{
		"an unknown part": {func(p map[string][]byte, _ *bundle.Manifest) { p["run.sh"] = []byte("rm") }, `part "run.sh" is not one that a bundle of format 1 may have`},
		"a path":          {func(p map[string][]byte, _ *bundle.Manifest) { p["../card.md"] = nil }, `part "../card.md" is not one`},
		"a part missing":  {func(p map[string][]byte, _ *bundle.Manifest) { delete(p, "model.bin") }, `part "model.bin" is missing`},
		"a newer format":  {func(_ map[string][]byte, m *bundle.Manifest) { m.Format, m.Bespoke = 2, "9.1" }, `format 2 (written by bespoke "9.1") is newer than this program, which reads up to 1`},
		"format 0":        {func(_ map[string][]byte, m *bundle.Manifest) { m.Format = 0 }, "format 0 must be from 1 to 1"},
		"another model":   {func(_ map[string][]byte, m *bundle.Manifest) { m.Model = "linear.ridge.v1" }, "the solution is"},
		"no model":        {func(p map[string][]byte, _ *bundle.Manifest) { p["model.bin"] = []byte("zzz") }, `solution: load: part "model.bin" was changed`},
		"a model that is none": {func(p map[string][]byte, _ *bundle.Manifest) {
			p["model.bin"] = []byte("zzz")
			reseal(t, p)
		}, "solution: load: model.bin: "},
		"bins that disagree": {func(p map[string][]byte, _ *bundle.Manifest) {
			p["profile.json"] = bytes.Replace(p["profile.json"], []byte(`"cuts": [`), []byte(`"cuts": [-1e9,`), 1)
		}, "bins have"},
		"an unknown field": {func(p map[string][]byte, _ *bundle.Manifest) {
			p["card.json"] = bytes.Replace(p["card.json"], []byte(`{`), []byte(`{"x":1,`), 1)
		}, `unknown field "x"`},
		"a card that goes on":  {func(p map[string][]byte, _ *bundle.Manifest) { p["card.json"] = append(p["card.json"], "{}"...) }, "more data follows"},
		"too large a manifest": {func(_ map[string][]byte, m *bundle.Manifest) { m.Name = strings.Repeat("x", 2<<20) }, "its first part must be manifest.json"},
	} {
		t.Run(name, func(t *testing.T) {
			err := rebuild(t, c.change)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "bundle: open: ") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestBombIsRefused(t *testing.T) {
	// 300 MB of zeros shrink to 300 kB: a thousand to one.
	err := rebuild(t, func(p map[string][]byte, _ *bundle.Manifest) {
		p["scenario.yaml"] = make([]byte, 4<<20)
	})
	if err != nil {
		t.Errorf("a part within its limit that shrinks well is stored as it is: %v", err)
	}
	bomb := bundle.Bomb("manifest.json", 1<<20+1<<19)
	if _, err := bundle.Decode(bomb); err == nil {
		t.Error("a bomb was opened")
	}
	// A stated size of 4 GB must not be allocated before it is checked.
	huge := bundle.Bomb("manifest.json", 1000)
	at := bytes.Index(huge, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(huge[22:], math.MaxUint32)
	binary.LittleEndian.PutUint32(huge[at+24:], math.MaxUint32)
	if _, err := bundle.Decode(huge); err == nil {
		t.Error("a stated size of 4 GB was accepted")
	}
}

func TestWriteRefuses(t *testing.T) {
	c := bundletest.Lender(t)
	for name, change := range map[string]func(b *bundle.Bundle){
		"no solution": func(b *bundle.Bundle) { b.Solution = nil },
		"NaN":         func(b *bundle.Bundle) { b.Card.Promise = &bundle.Promise{PerDecision: math.NaN()} },
		"bins": func(b *bundle.Bundle) {
			b.Profile = table.Profile{Rows: 1, Columns: []table.ColumnProfile{{Name: "x"}}}
		},
	} {
		b := c.Bundle
		change(&b)
		path := filepath.Join(t.TempDir(), "x.bespoke")
		if _, err := bundle.Write(path, b); err == nil || !strings.HasPrefix(err.Error(), "bundle: write: ") {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a file was left", name)
		}
	}
}

func TestWriteReplacesAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.bespoke")
	if err := os.WriteFile(path, []byte("older"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := bundle.Write(path, bundletest.Undecided(t).Bundle)
	if err != nil {
		t.Fatal(err)
	}
	got, err := bundle.Verify(path)
	if err != nil || got.Hash != m.Hash || len(got.Short()) != 12 {
		t.Errorf("verify: %v, %v", got, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
	if _, err := bundle.Write(filepath.Join(dir, "none", "x"), bundletest.Undecided(t).Bundle); err == nil {
		t.Error("a bundle was written into a folder that is not there")
	}
}

func TestOpenErrorsNameTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.bespoke")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a bundle ", 10)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, open := range []func() error{
		func() error { _, err := bundle.Open(path); return err },
		func() error { _, err := bundle.Verify(path); return err },
		func() error { _, err := bundle.Open(path + ".no"); return err },
	} {
		if err := open(); err == nil || !strings.Contains(err.Error(), "x.bespoke") {
			t.Errorf("got %v", err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, make := range cases {
		f.Add(encode(f, make(f).Bundle))
	}
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := bundle.Decode(data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "bundle: open: ") {
				t.Fatalf("error %v", err)
			}
			return
		}
		if _, m, err := bundle.Encode(*b); err != nil || m.Hash != b.Manifest.Hash {
			t.Fatalf("what opened has the hash %s, written again %s, %v", b.Manifest.Hash, m.Hash, err)
		}
	})
}

// FuzzParts changes one part and keeps the manifest honest, so that the fuzzer
// reaches what lies behind the hashes.
func FuzzParts(f *testing.F) {
	m, parts, err := bundle.Unpack(encode(f, bundletest.Lender(f).Bundle))
	if err != nil {
		f.Fatal(err)
	}
	for name, data := range parts {
		f.Add(name, data)
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		changed := map[string][]byte{}
		for k, v := range parts {
			changed[k] = v
		}
		changed[name] = data
		reseal(t, changed)
		packed, err := bundle.Pack(m, changed)
		if err != nil {
			return
		}
		b, err := bundle.Decode(packed)
		if err != nil {
			return
		}
		row := b.Solution.NewRow()
		// A bundle that opened must decide a row of missing values or say why
		// not; it must not crash.
		_ = b.Solution.Decide(row)
	})
}
