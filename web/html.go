package web

import "io"

// Render writes the document as one self-contained HTML page.
func Render(w io.Writer, doc Document) error { return nil }
