package objective

type queries struct{}
