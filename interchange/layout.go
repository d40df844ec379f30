package interchange

import (
	"errors"

	"bespoke/trees"
)

// layout puts foreign nodes, known by number, into the order of trees.Tree: from
// the root on, level by level, the right child after the left one. read fills
// the node and gives its children; leaves have none. most is the number of nodes
// in the file: more than that are reached only where a node is its own ancestor
// or has two parents.
func layout(root, most int, read func(id int, n *trees.Node) (left, right int, err error)) ([]trees.Node, error) {
	nodes := make([]trees.Node, 1, most)
	ids := make([]int, 1, most)
	ids[0] = root
	for i := 0; i < len(nodes); i++ {
		n := trees.Node{Feature: -1}
		left, right, err := read(ids[i], &n)
		if err != nil {
			return nil, err
		}
		if !n.Leaf() {
			if len(nodes)+2 > most {
				return nil, errors.New("a node is its own ancestor or has two parents")
			}
			n.Left, n.Right = int32(len(nodes)), int32(len(nodes)+1)
			nodes = append(nodes, trees.Node{}, trees.Node{})
			ids = append(ids, left, right)
		}
		nodes[i] = n
	}
	return nodes, nil
}
