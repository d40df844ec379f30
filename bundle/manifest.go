package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"bespoke/internal/strictjson"
	"bespoke/model"
	"bespoke/solution"
)

// Format is the number of the bundle format that this version writes. It reads
// this one and every earlier one.
const Format = 1

// The names of the parts beside those of the solution.
const (
	PartManifest    = "manifest.json"
	PartScenario    = "scenario.yaml"
	PartProfile     = "profile.json"
	PartPredictions = "predictions.json"
	PartCard        = "card.json"
	PartCardText    = "card.md"
)

// partRule says of one part whether it must be there and how large it may be.
type partRule struct {
	name     string
	required bool
	max      int
}

// rules list every part that a bundle of Format may have; anything else is
// refused.
var rules = []partRule{
	{PartScenario, true, 4 << 20},
	{PartProfile, true, 64 << 20},
	{PartPredictions, false, 16 << 20},
	{PartCard, true, 16 << 20},
	{PartCardText, true, 16 << 20},
	{solution.PartSolution, true, 64 << 20},
	{solution.PartFeatures, true, 256 << 20},
	{solution.PartModel, true, 1 << 30},
	{solution.PartCalibration, false, 64 << 20},
	{solution.PartPayoffs, false, 64 << 20},
}

const maxManifest = 1 << 20

// Manifest is the table of contents: what the bundle is and the hash of every
// part. Its JSON form has one spelling.
type Manifest struct {
	// Format is the number of the bundle format.
	Format int `json:"format"`
	// Bespoke is the version of the program that wrote the bundle.
	Bespoke string `json:"bespoke"`
	// Name is the scenario's name.
	Name string `json:"name"`
	// Task, Target, Outcomes and Model say what is decided and by which model.
	Task     model.Task `json:"task"`
	Target   string     `json:"target"`
	Outcomes []string   `json:"outcomes,omitempty"`
	Model    string     `json:"model"`
	// Parts are in order of name.
	Parts []Part `json:"parts"`
	// Hash names the content: the SHA-256, in hexadecimal, of this manifest
	// written with an empty Hash. It covers every part through its hash.
	Hash string `json:"hash"`
}

// Part is one file of the bundle.
type Part struct {
	Name string `json:"name"`
	// Size is in bytes, unpacked.
	Size int `json:"size"`
	// SHA256 is of the unpacked bytes, in hexadecimal.
	SHA256 string `json:"sha256"`
}

// Short is the first twelve characters of the hash, for people to read.
func (m Manifest) Short() string { return m.Hash[:min(12, len(m.Hash))] }

func sha(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// seal fills Parts and Hash from the parts.
func (m *Manifest) seal(parts map[string][]byte) error {
	m.Parts = nil
	for name, data := range parts {
		m.Parts = append(m.Parts, Part{Name: name, Size: len(data), SHA256: sha(data)})
	}
	slices.SortFunc(m.Parts, func(a, b Part) int { return strings.Compare(a.Name, b.Name) })
	var err error
	m.Hash, err = m.hash()
	return err
}

func (m Manifest) hash() (string, error) {
	m.Hash = ""
	data, err := m.encode()
	return sha(data), err
}

func (m Manifest) encode() ([]byte, error) {
	data, err := json.MarshalIndent(m, "", "  ")
	return append(data, '\n'), err
}

// readManifest decodes and checks a manifest. A bundle of a newer format is
// told apart from a broken one.
func readManifest(data []byte) (Manifest, error) {
	var version struct {
		Format  int    `json:"format"`
		Bespoke string `json:"bespoke"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", PartManifest, err)
	}
	if version.Format > Format {
		return Manifest{}, fmt.Errorf("format %d (written by bespoke %q) is newer than this program, which reads up to %d; use a newer bespoke", version.Format, version.Bespoke, Format)
	}
	if version.Format < 1 {
		return Manifest{}, fmt.Errorf("%s: format %d must be from 1 to %d", PartManifest, version.Format, Format)
	}
	var m Manifest
	if err := strictjson.Decode(data, &m); err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", PartManifest, err)
	}
	again, err := m.encode()
	if err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", PartManifest, err)
	}
	if !bytes.Equal(again, data) {
		return Manifest{}, fmt.Errorf("%s: it is not written in the form that bespoke writes", PartManifest)
	}
	hash, err := m.hash()
	if err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", PartManifest, err)
	}
	if m.Hash != hash {
		return Manifest{}, fmt.Errorf("%s: its hash is %s, its content has %s", PartManifest, m.Hash, hash)
	}
	return m, m.checkParts()
}

// checkParts verifies the list of parts against the rules.
func (m Manifest) checkParts() error {
	total := 0
	for i, p := range m.Parts {
		if i > 0 && p.Name <= m.Parts[i-1].Name {
			return fmt.Errorf("%s: part %q is out of order or twice", PartManifest, p.Name)
		}
		at := slices.IndexFunc(rules, func(r partRule) bool { return r.name == p.Name })
		if at < 0 {
			return fmt.Errorf("%s: part %q is not one that a bundle of format %d may have", PartManifest, p.Name, m.Format)
		}
		if p.Size < 0 || p.Size > rules[at].max {
			return fmt.Errorf("%s: part %q has %d bytes, at most %d are allowed", PartManifest, p.Name, p.Size, rules[at].max)
		}
		total += p.Size
	}
	if total > MaxContent {
		return fmt.Errorf("%s: the parts have %d bytes together, at most %d are allowed", PartManifest, total, MaxContent)
	}
	for _, r := range rules {
		if r.required && !slices.ContainsFunc(m.Parts, func(p Part) bool { return p.Name == r.name }) {
			return fmt.Errorf("%s: part %q is missing", PartManifest, r.name)
		}
	}
	return nil
}
