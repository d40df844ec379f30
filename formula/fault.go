package formula

import (
	"fmt"
)

// Cause is why an expression has no value in a row.
type Cause struct {
	// Column is the column whose cell is missing; empty for other causes.
	Column string
	// Text says which part has no value and why.
	Text string
}

// Fault finds the innermost part of the program that has no value in the first
// row of the block; nil when the program has one.
func (p *Program) Fault(b *Block) *Cause {
	lanes := b.Lanes
	b.Lanes = 1
	defer func() { b.Lanes = lanes }()
	return fault(p.root, b)
}

// fault finds the innermost part without a value in the one row of the block,
// or nil when the expression has one.
func fault(n *node, b *Block) *Cause {
	if n.constant || n.defined(b) {
		return nil
	}
	args := n.args
	if n.over != nil {
		return n.unsettled(b)
	}
	if n.name == opChoice && len(args) == 3 {
		var c [1]float64
		n.args[0].eval(b, c[:])
		switch c[0] {
		case 1:
			args = n.args[1:2]
		case 0:
			args = n.args[2:3]
		default:
			args = n.args[:1]
		}
	}
	for _, a := range args {
		if c := fault(a, b); c != nil {
			return c
		}
	}
	if n.column >= 0 {
		return n.columnFault(b)
	}
	if why, ok := reasons[n.name]; ok {
		return &Cause{Text: fmt.Sprintf("%#q %s", n.source, why)}
	}
	return &Cause{Text: fmt.Sprintf("%#q is not a finite number", n.source)}
}

func (n *node) columnFault(b *Block) *Cause {
	c := b.columns[n.column]
	if c.Missing(b.First) {
		return &Cause{Column: c.Name, Text: fmt.Sprintf("the column %q is missing", c.Name)}
	}
	return &Cause{Text: fmt.Sprintf("the column %q is %v", c.Name, c.Value(b.First))}
}

// defined says whether the node has a value in the one row of the block.
func (n *node) defined(b *Block) bool {
	if n.kind == Text {
		var out [1]string
		n.evalText(b, out[:])
		return out[0] != ""
	}
	var out [1]float64
	n.eval(b, out[:])
	return finite(out[0])
}

// finite says whether a value is neither NaN nor infinite.
func finite(v float64) bool { return v-v == 0 }
