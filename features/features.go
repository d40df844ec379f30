// Package features turns a table, or one row, into the numbers that a model
// reads: fitted steps, one file each.
package features
