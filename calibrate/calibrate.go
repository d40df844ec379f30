// Package calibrate maps a model's scores to probabilities that can be trusted
// with money: fitted maps, one file each.
package calibrate
