package modeltest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"bespoke/model"
)

func checkRepeats(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 150, 20)
	want := mustSave(t, mustFit(t, e, in))
	sameBytes(t, "second fit with the same seed", mustSave(t, mustFit(t, e, copied(in))), want)
}

func checkThreads(t *testing.T, e model.Entry, task model.Task) {
	// More rows than one block of any sensible split.
	in := learnable(e.Encoding, task, 1100, 21)
	in.Threads = 1
	want := mustSave(t, mustFit(t, e, in))
	for _, n := range []int{2, 3} {
		in.Threads = n
		sameBytes(t, fmt.Sprintf("%d threads against 1", n), mustSave(t, mustFit(t, e, in)), want)
	}
}

func checkSaved(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 120, 22)
	m := mustFit(t, e, in)
	data := mustSave(t, m)
	kept := bytes.Clone(data)
	loaded, err := e.Load(data)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	if loaded.Name() != m.Name() || loaded.Outputs() != m.Outputs() {
		t.Errorf("loaded %s with %d outputs; saved %s with %d", loaded.Name(), loaded.Outputs(), m.Name(), m.Outputs())
	}
	x := learnable(e.Encoding, task, 100, 23).X
	want := predictAll(t, m, task, x)
	sameBits(t, "predictions of the loaded model", predictAll(t, loaded, task, x), want)
	sameBytes(t, "saved, loaded and saved again", mustSave(t, loaded), kept)
	for i := range data { // the loaded model must not live on the caller's bytes
		data[i] = 0
	}
	sameBits(t, "predictions after the bytes were reused", predictAll(t, loaded, task, x), want)
}

func checkGarbage(t *testing.T, e model.Entry) {
	r := rand.New(rand.NewPCG(24, 1))
	noise := make([]byte, 300)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	for _, data := range [][]byte{nil, {}, {0}, []byte("{}"), []byte("[]"), []byte("null"), []byte("model"), noise, make([]byte, 1000)} {
		if m, err := tryLoad(e, data); err == nil || m != nil {
			t.Errorf("load of %d bytes %.20q: model %v, error %v; want an error and no model", len(data), data, m, err)
		}
	}
}

// tryLoad fails the test's data, not the test: a panic comes back as a model
// that is not nil with an error.
func tryLoad(e model.Entry, data []byte) (m model.Fitted, err error) {
	defer func() {
		if r := recover(); r != nil {
			m, err = panicked{}, fmt.Errorf("panic in Load of %s: %v", e.Name, r)
		}
	}()
	return e.Load(data)
}

type panicked struct{ model.Fitted }

// damages bounds how many places of a saved model are damaged.
const damages = 500

// checkDamaged cuts and changes a saved model: a cut one must be refused, a
// changed one must be refused or predict without panic.
func checkDamaged(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 60, 25)
	data := mustSave(t, mustFit(t, e, in))
	step := max(1, len(data)/damages)
	for n := 0; n < len(data); n += step {
		if m, err := tryLoad(e, data[:n:n]); err == nil || m != nil {
			t.Fatalf("first %d of %d bytes: model %v, error %v; want an error and no model", n, len(data), m, err)
		}
	}
	if m, err := tryLoad(e, append(bytes.Clone(data), data...)); err == nil || m != nil {
		t.Error("a model twice in a row: want an error and no model")
	}
	r := rand.New(rand.NewPCG(25, 1))
	for n := 0; n < len(data); n += step {
		flipped := bytes.Clone(data)
		flipped[n] ^= 1 << r.IntN(8)
		if err := survives(e, flipped, in.X); err != nil {
			t.Fatalf("byte %d of %d changed from %#x to %#x: %v", n, len(data), data[n], flipped[n], err)
		}
	}
}

// survives loads damaged bytes and, if that works, predicts with them.
func survives(e model.Entry, data []byte, x *model.Matrix) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	m, err := e.Load(data)
	if err != nil {
		if m != nil {
			return fmt.Errorf("an error and a model: %w", err)
		}
		return nil
	}
	if m.Outputs() < 1 || m.Outputs() > 1<<20 {
		return fmt.Errorf("loaded with %d outputs", m.Outputs())
	}
	out := make([]float64, m.Outputs())
	for i := range x.Rows {
		m.Predict(x.Row(i), out)
	}
	return nil
}

func checkAllocations(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 100, 26)
	m := mustFit(t, e, in)
	out, i := make([]float64, m.Outputs()), 0
	if n := testing.AllocsPerRun(200, func() { m.Predict(in.X.Row(i%100), out); i++ }); n != 0 {
		t.Errorf("Predict makes %v allocations per row; want 0", n)
	}
}

func checkConcurrent(t *testing.T, e model.Entry, task model.Task) {
	in := learnable(e.Encoding, task, 100, 27)
	m := mustFit(t, e, in)
	want := predictAll(t, m, task, in.X)
	var group sync.WaitGroup
	results := make([][]float64, 4)
	for g := range results {
		group.Go(func() {
			k := m.Outputs()
			out := make([]float64, len(want))
			for i := range in.X.Rows {
				m.Predict(in.X.Row(i), out[i*k:(i+1)*k])
			}
			results[g] = out
		})
	}
	group.Wait()
	for _, got := range results {
		sameBits(t, "predictions of four goroutines", got, want)
	}
}
