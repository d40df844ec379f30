package ledger_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"bespoke/ledger"
)

func Example() {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	w, err := ledger.Open(dir, ledger.Default())
	if err != nil {
		panic(err)
	}
	at := time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)
	err = w.Append(context.Background(),
		ledger.Record{Decision: &ledger.Decision{ID: "1", Time: at, Action: "grant", Expected: 12, Inputs: []byte(`{"age":31}`)}},
		ledger.Record{Outcome: &ledger.Outcome{ID: "1", Value: "good"}},
	)
	if err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}

	r, err := ledger.OpenReader(dir)
	if err != nil {
		panic(err)
	}
	for r.Next() {
		switch rec := r.Record(); {
		case rec.Decision != nil:
			fmt.Println("decided", rec.Decision.Action, "for", string(rec.Decision.Inputs))
		case rec.Outcome != nil:
			fmt.Println("came out", rec.Outcome.Value)
		}
	}
	fmt.Println(r.Err(), r.Stats().Torn)
	// Output:
	// decided grant for {"age":31}
	// came out good
	// <nil> 0
}
