package explain

import (
	"fmt"

	"bespoke/ensemble"
)

// meanModel attributes a weighted mean of models: raw outputs are averaged, so
// that contributions are averaged as well,
//
//	phi_j = sum over members m of weight_m phi_j of m
//
// with phi_j of m 0 where m does not read feature j. SHAP values are linear in
// the model (Lundberg and Lee 2017, section 4), so that the mean is explained as
// exactly as its members are. The intercepts of a stack belong to the base.
type meanModel struct {
	model   *ensemble.Model
	members []weighted
	base    []float64
}

// weighted is the attributor of a member, and where its features begin.
type weighted struct {
	Attributor
	weight       float64
	start, width int
}

func newMean(m *ensemble.Model) (*meanModel, error) {
	out := &meanModel{model: m}
	for i, member := range m.Members() {
		width := member.Model.Inputs()
		a, err := Of(member.Model, width)
		if err != nil {
			return nil, fmt.Errorf("explain: member %d of a mean: %w", i+1, err)
		}
		w := weighted{a, member.Weight, member.Start, width}
		out.members = append(out.members, w)
		base := a.New().Base
		if out.base == nil {
			out.base = make([]float64, len(base))
		}
		for k, v := range base {
			out.base[k] += w.weight * v
		}
	}
	for k, v := range m.Intercepts() {
		out.base[k] += v
	}
	return out, nil
}

func (m *meanModel) New() *Attribution {
	a := newAttribution(m.base, m.model.Inputs()).lack(m, m.model.SparseInputs())
	for _, w := range m.members {
		a.members = append(a.members, w.New())
	}
	return a
}

func (m *meanModel) Attribute(row []float64, a *Attribution) {
	clear(a.Phi)
	for i, w := range m.members {
		own := a.members[i]
		w.Attribute(row[w.start:w.start+w.width], own)
		for k := range a.Raw {
			to := a.Phi[k*a.Features+w.start:]
			for j, phi := range own.Phi[k*own.Features : (k+1)*own.Features] {
				to[j] += w.weight * phi
			}
		}
	}
	m.model.Raw(row, a.Raw)
	a.certify()
}
