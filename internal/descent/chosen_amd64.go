package descent

func walk(words []uint64, row *prepared, roots []uint32, values *[most]uint64) {
	walkGroups(&words[0], &row[0], &roots[0], len(roots)/together, &values[0])
}
