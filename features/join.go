package features

import (
	"fmt"
	"slices"

	"bespoke/model"
	"bespoke/table"
)

// Join puts transformations that were fitted on the same table side by side, so
// that one row of features holds what several models read. starts says where the
// features of each part begin; equal parts share their place. Features whose
// names would meet are numbered. A sparse part is that of one part, and of those
// equal to it.
func Join(parts ...*Fitted) (joint *Fitted, starts []int, err error) {
	joint = &Fitted{encoding: model.Dense}
	at := make(map[string]int) // by the part as text
	width := 0
	for i, p := range parts {
		text, err := p.MarshalJSON()
		if err != nil {
			return nil, nil, err
		}
		start, seen := at[string(text)]
		if !seen && len(p.sparse) > 0 && len(joint.sparse) > 0 {
			return nil, nil, fmt.Errorf("features: join: part %d: it fills another sparse part than a part before it", i+1)
		}
		if !seen {
			joint.sparse = append(joint.sparse, p.sparse...)
			start, at[string(text)] = width, width
			width += len(p.features)
			if err := joint.take(p); err != nil {
				return nil, nil, fmt.Errorf("features: join: part %d: %w", i+1, err)
			}
		}
		starts = append(starts, start)
	}
	joint.sparse = nil
	if err := joint.assemble(); err != nil {
		return nil, nil, fmt.Errorf("features: join: %w", err)
	}
	return joint, starts, nil
}

// take adds the chains of p and the columns they read.
func (f *Fitted) take(p *Fitted) error {
	if p.encoding == model.Native { // the wider of the two
		f.encoding = model.Native
	}
	for _, c := range p.chains {
		own := *c
		f.chains = append(f.chains, &own)
	}
	for _, in := range p.inputs {
		switch i := slices.IndexFunc(f.inputs, func(g table.Field) bool { return g.Name == in.Name }); {
		case i < 0:
			f.inputs = append(f.inputs, in)
		case f.inputs[i].Kind != in.Kind || !slices.Equal(f.inputs[i].Levels, in.Levels):
			return fmt.Errorf("column %q is a %v with %d levels, in a part before it a %v with %d", in.Name, in.Kind, len(in.Levels), f.inputs[i].Kind, len(f.inputs[i].Levels))
		}
	}
	return nil
}

// sameLevels compares level names one by one only where that costs less than
// the rows do.
func sameLevels(a, b []string, thorough bool) bool {
	if len(a) != len(b) || len(a) == 0 || &a[0] == &b[0] {
		return len(a) == len(b)
	}
	return !thorough || slices.Equal(a, b)
}
