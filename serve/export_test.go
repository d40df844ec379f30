package serve

import "bespoke/solution"

// Routes lists method and path of every operation.
func (s *Server) Routes() (out []string) {
	for _, r := range s.routes {
		out = append(out, r.op.Method+" "+r.op.Path)
	}
	return out
}

// Break makes every decision crash.
func (s *Server) Break() {
	s.solution = &solution.Solution{Schema: s.solution.Schema, Payoffs: s.solution.Payoffs}
}

// InFlight is how many requests are held.
func (s *Server) InFlight() int { return s.admit.inFlight() }
