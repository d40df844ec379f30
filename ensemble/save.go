package ensemble

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"bespoke/model"
)

// The saved form, little-endian; n is an unsigned varint, f a float64, s a
// varint length and that many bytes:
//
//	"BMEA" version(1 byte) members(n) { name(s) weight(f) start(n) model(s) }
//
// A mean has version 1. A stack has version 2, where intercepts(n) and so many
// f stand before the members.
const (
	saveMagic    = "BMEA"
	saveVersion  = 1
	stackVersion = 2
	memberMin    = 11 // bytes of the smallest member
)

// Entry lists the mean of models. It is loaded, never fitted: its members are
// fitted one by one and joined by New. load reads a saved member by the name of
// its entry; it must not read means.
func Entry(load func(name string, data []byte) (model.Fitted, error)) model.Entry {
	return model.Entry{
		Name:     Name,
		Title:    "mean of models",
		Summary:  "Weighted mean of the raw outputs of several fitted models.",
		Tasks:    []model.Task{model.Regression, model.Binary, model.Multiclass},
		Encoding: model.Native,
		Fit: func(context.Context, model.Params, model.Training) (model.Fitted, error) {
			return nil, errors.New("ensemble: fit: a mean is joined from fitted models, it does not learn by itself")
		},
		Load: func(data []byte) (model.Fitted, error) {
			m, err := read(data, load)
			if err != nil {
				return nil, fmt.Errorf("ensemble: load: %w", err)
			}
			return m, nil
		},
	}
}

// MarshalBinary writes the members one after the other.
func (m *Model) MarshalBinary() ([]byte, error) {
	b := append([]byte(saveMagic), saveVersion)
	if m.intercepts != nil {
		b[len(b)-1] = stackVersion
		b = binary.AppendUvarint(b, uint64(len(m.intercepts)))
		for _, v := range m.intercepts {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	b = binary.AppendUvarint(b, uint64(len(m.members)))
	for i, p := range m.members {
		data, err := p.Model.MarshalBinary()
		if err != nil {
			return nil, fmt.Errorf("ensemble: save: member %d: %w", i+1, err)
		}
		b = appendBytes(b, []byte(p.Model.Name()))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p.Weight))
		b = binary.AppendUvarint(b, uint64(p.Start))
		b = appendBytes(b, data)
	}
	return b, nil
}

func appendBytes(b, data []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(data))), data...)
}

// read reads what MarshalBinary wrote and trusts nothing; memory is bounded by
// the length of data.
func read(data []byte, load func(name string, data []byte) (model.Fitted, error)) (*Model, error) {
	d := decoder{rest: data}
	if string(d.take(len(saveMagic))) != saveMagic {
		return nil, errors.New("the data is not a mean of models")
	}
	v := d.take(1)
	if v == nil || v[0] != saveVersion && v[0] != stackVersion {
		return nil, fmt.Errorf("the version is neither %d nor %d", saveVersion, stackVersion)
	}
	var intercepts []float64
	if v[0] == stackVersion {
		intercepts = d.intercepts(len(data) / 8)
	}
	var members []Member
	for n := d.number(len(data) / memberMin); n > 0; n-- {
		m, err := d.member(load)
		if err != nil {
			return nil, fmt.Errorf("member %d: %w", len(members)+1, err)
		}
		members = append(members, m)
	}
	if d.cut || len(d.rest) > 0 {
		return nil, errors.New("the data is cut off, damaged or too long")
	}
	return join(members, intercepts)
}

// decoder reads values from bytes that nobody vouches for. After the first
// failure every read gives nothing.
type decoder struct {
	rest []byte
	cut  bool
}

// intercepts reads at most so many numbers; it never gives nil.
func (d *decoder) intercepts(most int) []float64 {
	out := []float64{}
	for n := d.number(most); n > 0; n-- {
		b := d.take(8)
		if d.cut {
			break
		}
		out = append(out, math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	return out
}

func (d *decoder) member(load func(name string, data []byte) (model.Fitted, error)) (Member, error) {
	name := string(d.take(d.number(math.MaxInt32)))
	weight := d.take(8)
	start := d.number(math.MaxInt32)
	data := d.take(d.number(math.MaxInt32))
	if d.cut {
		return Member{}, errors.New("the data ends too early")
	}
	fitted, err := load(name, data)
	if err != nil {
		return Member{}, err
	}
	raw, ok := fitted.(model.Raw)
	if !ok {
		return Member{}, fmt.Errorf("%s has no raw outputs to average", name)
	}
	return Member{Model: raw, Start: start, Weight: math.Float64frombits(binary.LittleEndian.Uint64(weight))}, nil
}

func (d *decoder) take(n int) []byte {
	if d.cut || n > len(d.rest) {
		d.cut, d.rest = true, nil
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

// number reads a whole number from 0 to most.
func (d *decoder) number(most int) int {
	x, n := binary.Uvarint(d.rest)
	if n <= 0 || x > uint64(max(most, 0)) {
		d.cut, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return int(x)
}
