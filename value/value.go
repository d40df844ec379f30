// Package value is the money model: what each action is worth under each
// outcome for each row, which action to take, and what came of it.
//
// The same payoffs serve the need gate, the search, the decisions, the
// evaluation, explanations, serving and monitoring, so that a figure means the
// same everywhere. Money is positive for a gain.
package value
