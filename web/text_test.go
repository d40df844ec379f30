package web

import (
	"os"
	"testing"
)

func TestShow(t *testing.T) { _ = Text(os.Stdout, sample(), 100, false) }
