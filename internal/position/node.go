package position

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// node builds the value of a part of the library's tree. What is refused is
// reported, and the rest can still be checked.
func (t *tree) node(from ast.Node, depth int) *Node {
	n := &Node{weight: 1}
	if from == nil {
		return n
	}
	n.Position = t.place(from.GetToken())
	if depth > MaxDepth {
		t.add(n.Position, "Y0005", fmt.Sprintf("lists and mappings inside each other more than %d deep", MaxDepth), "")
		n.Shape = Refused
		return n
	}
	switch x := from.(type) {
	case *ast.NullNode:
		if tk := x.GetToken(); tk.Type == token.NullType { // a word, not just nothing
			n.Text = tk.Value
		}
	case *ast.MappingNode:
		if !x.IsFlowStyle && len(x.Values) > 0 { // the library's place is the first colon
			n.Position = t.place(x.Values[0].Key.GetToken())
		}
		t.mapping(n, x.Values, depth)
	case *ast.SequenceNode:
		t.sequence(n, x.Values, depth)
	case *ast.LiteralNode:
		n.Shape, n.Quoted, n.Block, n.Text = Scalar, true, true, x.Value.Value
	case *ast.StringNode:
		quote := x.Token.Type
		n.Shape, n.Text, n.Quoted = Scalar, x.Value, quote == token.SingleQuoteType || quote == token.DoubleQuoteType
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		n.Shape, n.Text = Scalar, from.GetToken().Value
	case *ast.AnchorNode:
		return t.anchor(x, depth)
	case *ast.AliasNode:
		return t.alias(x)
	case *ast.TagNode:
		t.add(n.Position, "Y0008", fmt.Sprintf("the tag %q; tags are not used here", x.GetToken().Value), "remove it; put a number in quotes to make it a text")
		n.Shape = Refused
	default:
		t.add(n.Position, "Y0008", fmt.Sprintf("%s is not used here", from.Type()), "write plain keys, values and lists")
		n.Shape = Refused
	}
	return n
}

func (t *tree) mapping(n *Node, values []*ast.MappingValueNode, depth int) {
	n.Shape = Mapping
	seen := make(map[string]Position, len(values))
	for _, v := range values {
		e := Entry{Position: t.place(v.Key.GetToken())}
		switch k := v.Key.(type) {
		case *ast.StringNode:
			e.Key = k.Value
		case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode, *ast.NullNode:
			e.Key = v.Key.GetToken().Value
		default:
			t.add(e.Position, "Y0008", "this is no plain key", "write the keys out; anchors, aliases, tags, merge keys and lists cannot be keys")
			continue
		}
		if first, twice := seen[e.Key]; twice {
			t.add(e.Position, "Y0007", fmt.Sprintf("the key %q is there twice", e.Key), fmt.Sprintf("it was first given in line %d", first.Line))
			continue
		}
		seen[e.Key] = e.Position
		e.Value = t.node(v.Value, depth+1)
		if e.Value.Position.Line == 0 || e.Value.Shape == Null {
			e.Value.Position = e.Position
		}
		n.weight += e.Value.weight
		n.Entries = append(n.Entries, e)
	}
}

func (t *tree) sequence(n *Node, values []ast.Node, depth int) {
	n.Shape = Sequence
	for _, v := range values {
		item := t.node(v, depth+1)
		if item.Position.Line == 0 {
			item.Position = n.Position
		}
		n.weight += item.weight
		n.Items = append(n.Items, item)
	}
}

// anchor reads a value and remembers it under a name.
func (t *tree) anchor(x *ast.AnchorNode, depth int) *Node {
	name := x.Name.GetToken().Value
	t.anchors[name] = nil
	n := t.node(x.Value, depth+1)
	t.anchors[name] = n
	return n
}

// alias gives the value of an anchor: the same children at another place, so
// that nothing is copied however often it is used.
func (t *tree) alias(x *ast.AliasNode) *Node {
	at := t.place(x.GetToken())
	name := x.Value.GetToken().Value
	target, known := t.anchors[name]
	switch {
	case known && target == nil:
		t.add(at, "Y0008", fmt.Sprintf("the alias *%s stands inside its own anchor", name), "")
	case !known:
		t.add(at, "Y0008", fmt.Sprintf("the alias *%s has no anchor before it", name), fmt.Sprintf("mark a value above with &%s, or put the text in quotes", name))
	case target.weight+t.aliased > MaxNodes:
		if !t.bloated {
			t.add(at, "Y0001", fmt.Sprintf("aliases make this file larger than %d values", MaxNodes), "")
		}
		t.bloated = true
	default:
		t.aliased += target.weight
		n := *target
		n.Position = at
		return &n
	}
	return &Node{Position: at, Shape: Refused, weight: 1}
}
