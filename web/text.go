package web

import "io"

// Text writes the document for a terminal of the given width in columns (at
// least 40; 0 means 80). Without color no escape sequence is written.
func Text(w io.Writer, doc Document, width int, color bool) error { return nil }
