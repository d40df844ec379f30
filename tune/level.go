package tune

import (
	"math"
	"slices"
	"sync"

	"bespoke/model"

	"gonum.org/v1/gonum/floats"
)

// The second level is fitted by Newton's method with weights of 0 or more: each
// step minimises the quadratic model of the loss within that bound by cyclic
// coordinate descent, and is halved until the loss falls enough (Armijo). The
// loss is convex in weights and intercepts, so that what is found is the least.
// Columns are centred first; the intercepts then hardly depend on the weights.
const (
	mostSteps  = 50
	mostSweeps = 5000
	mostHalves = 30
	// enough is the share of the loss that a further step must bring.
	enough = 1e-10
	// fitBlock is how many rows are summed up together: sums are those of blocks in
	// order, whatever the number of threads.
	fitBlock = 4096
)

// fitting is one fit.
type fitting struct {
	*blend
	raw    [][]float64
	means  []float64 // of each column and output
	theta  []float64 // weights, then an intercept per output
	frozen []bool    // columns that are the same in all rows
}

// fit finds the weights of 0 or more, one per column of raw outputs, and the
// intercepts with the least mean loss of the rows. It is nil when they are not
// finite.
func (b *blend) fit(raw [][]float64) *level {
	f := &fitting{blend: b, raw: raw, means: make([]float64, len(raw)*b.width), theta: make([]float64, len(raw)+b.width), frozen: make([]bool, len(raw))}
	for j := range raw {
		f.centre(j)
		if f.frozen[j] = b.spread(raw[j]) == 0; !f.frozen[j] {
			f.theta[j] = 1 / float64(len(raw))
		}
	}
	loss := f.lossOf(f.theta)
	for range mostSteps {
		gradient, hessian := f.curve()
		step := f.step(gradient, hessian)
		next, least := f.search(step, floats.Dot(gradient, step), loss)
		if next == nil {
			break
		}
		gain := loss - least
		f.theta, loss = next, least
		if gain <= enough*loss {
			break
		}
	}
	return f.level()
}

// centre takes the mean of each output of a column over the rows.
func (f *fitting) centre(j int) {
	means := f.means[j*f.width : (j+1)*f.width]
	for _, i := range f.rows {
		floats.Add(means, f.raw[j][i*f.width:(i+1)*f.width])
	}
	floats.Scale(1/float64(len(f.rows)), means)
}

// level gives the fit in terms of columns that are not centred.
func (f *fitting) level() *level {
	p := len(f.raw)
	out := &level{weights: slices.Clone(f.theta[:p]), intercepts: slices.Clone(f.theta[p:])}
	for j, w := range out.weights {
		floats.AddScaled(out.intercepts, -w, f.means[j*f.width:(j+1)*f.width])
	}
	if f.task == model.Multiclass { // only their differences matter
		floats.AddConst(-floats.Sum(out.intercepts)/float64(f.width), out.intercepts)
	}
	if floats.HasNaN(out.weights) || floats.HasNaN(out.intercepts) || math.IsInf(floats.Norm(f.theta, 1), 0) {
		return nil
	}
	return out
}

// scores writes the raw outputs of row i into z.
func (f *fitting) scores(theta []float64, i int, z []float64) {
	p := len(f.raw)
	copy(z, theta[p:])
	for j, w := range theta[:p] {
		if w == 0 {
			continue
		}
		for k := range z {
			z[k] += w * (f.raw[j][i*f.width+k] - f.means[j*f.width+k])
		}
	}
}

// blocks runs work for each block of rows, several at a time, and gives what
// each summed up, in order.
func (f *fitting) blocks(size int, work func(rows []int, sum []float64)) []float64 {
	parts := make([][]float64, (len(f.rows)+fitBlock-1)/fitBlock)
	slots := make(chan struct{}, f.threads)
	var wg sync.WaitGroup
	for n := range parts {
		slots <- struct{}{}
		wg.Go(func() {
			parts[n] = make([]float64, size)
			work(f.rows[n*fitBlock:min(len(f.rows), (n+1)*fitBlock)], parts[n])
			<-slots
		})
	}
	wg.Wait()
	sum := make([]float64, size)
	for _, part := range parts {
		floats.Add(sum, part)
	}
	return sum
}

// lossOf is the mean loss; that of numbers is half the squared error.
func (f *fitting) lossOf(theta []float64) float64 {
	sum := f.blocks(1, func(rows []int, sum []float64) {
		z := make([]float64, f.width)
		for _, i := range rows {
			f.scores(theta, i, z)
			sum[0] += f.lossAt(z, f.y[i])
		}
	})
	if f.task == model.Regression {
		sum[0] /= 2
	}
	return sum[0] / float64(len(f.rows))
}

// curve gives the first derivatives of the loss and the second, row after row.
func (f *fitting) curve() (gradient, hessian []float64) {
	d := len(f.theta)
	sum := f.blocks(d+d*d, func(rows []int, sum []float64) {
		z, share := make([]float64, f.width), make([]float64, f.width)
		inputs, mean := make([]float64, f.width*d), make([]float64, d)
		for _, i := range rows {
			f.scores(f.theta, i, z)
			f.inputs(i, inputs)
			f.add(z, share, inputs, mean, f.y[i], sum[:d], sum[d:])
		}
	})
	floats.Scale(1/float64(len(f.rows)), sum)
	return sum[:d], sum[d:]
}

// inputs writes what each parameter is multiplied by in each output of row i.
func (f *fitting) inputs(i int, inputs []float64) {
	d, p := len(f.theta), len(f.raw)
	clear(inputs)
	for k := range f.width {
		own := inputs[k*d : (k+1)*d]
		for j, raw := range f.raw {
			own[j] = raw[i*f.width+k] - f.means[j*f.width+k]
		}
		own[p+k] = 1
	}
}

// add adds the derivatives of a row with raw outputs z and truth y. share and
// mean are memory.
func (f *fitting) add(z, share, inputs, mean []float64, y float64, gradient, hessian []float64) {
	d := len(gradient)
	switch f.task {
	case model.Regression:
		floats.AddScaled(gradient, z[0]-y, inputs)
		outer(hessian, 1, inputs)
		return
	case model.Binary:
		p := 1 / (1 + math.Exp(-z[0]))
		floats.AddScaled(gradient, p-y, inputs)
		outer(hessian, p*(1-p), inputs)
		return
	case model.Multiclass:
	}
	all := logSum(z)
	clear(mean)
	for k, v := range z {
		share[k] = math.Exp(v - all)
		own := inputs[k*d : (k+1)*d]
		slope := share[k]
		if k == int(y) {
			slope--
		}
		floats.AddScaled(gradient, slope, own)
		floats.AddScaled(mean, share[k], own)
		outer(hessian, share[k], own)
	}
	outer(hessian, -1, mean)
}

// outer adds w times the outer product of x with itself.
func outer(to []float64, w float64, x []float64) {
	for j, v := range x {
		if v != 0 {
			floats.AddScaled(to[j*len(x):(j+1)*len(x)], w*v, x)
		}
	}
}

// step minimises the quadratic model within weights of 0 or more.
func (f *fitting) step(gradient, hessian []float64) []float64 {
	d, p := len(f.theta), len(f.raw)
	step, slope := make([]float64, d), slices.Clone(gradient)
	for range mostSweeps {
		largest := 0.0
		for j := range d {
			bend := hessian[j*d+j]
			if bend <= 0 || j < p && f.frozen[j] {
				continue
			}
			bend *= 1 + 1e-9 // columns may be the same
			by := -slope[j] / bend
			if j < p {
				by = max(by, -f.theta[j]-step[j])
			}
			if by == 0 {
				continue
			}
			step[j] += by
			floats.AddScaled(slope, by, hessian[j*d:(j+1)*d])
			largest = max(largest, by*by*bend)
		}
		if largest <= 1e-24*(1+math.Abs(floats.Dot(gradient, step))) {
			break
		}
	}
	return step
}

// search halves a step until the loss falls enough; nil when it never does.
func (f *fitting) search(step []float64, slope, loss float64) (next []float64, least float64) {
	p := len(f.raw)
	for n := range mostHalves {
		length := math.Ldexp(1, -n)
		next = slices.Clone(f.theta)
		floats.AddScaled(next, length, step)
		for j := range p {
			next[j] = max(0, next[j])
		}
		if least = f.lossOf(next); least < loss && least <= loss+1e-4*length*slope {
			return next, least
		}
	}
	return nil, loss
}
