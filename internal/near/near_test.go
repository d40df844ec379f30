package near_test

import (
	"strings"
	"testing"

	"bespoke/internal/near"
)

func TestName(t *testing.T) {
	known := []string{"class", "credit_amount", "age", "Churn"}
	for _, c := range []struct{ written, want string }{
		{"clas", "class"},
		{"calss", "class"},
		{"credit_amnt", "credit_amount"},
		{"churn", "Churn"},
		{"agr", "age"},
		{"zebra", ""},
		{"", ""},
	} {
		got, ok := near.Name(c.written, known)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("Name(%q) = %q, %v, want %q", c.written, got, ok, c.want)
		}
	}
	if got, want := near.Hint("clas", known), `; did you mean "class"?`; got != want {
		t.Errorf("Hint = %q, want %q", got, want)
	}
	if got, want := near.Offer("clas", known), `did you mean "class"?`; got != want {
		t.Errorf("Offer = %q, want %q", got, want)
	}
	if got, want := near.Offer("zebra", known), "there are class, credit_amount, age, Churn"; got != want {
		t.Errorf("Offer = %q, want %q", got, want)
	}
	many := strings.Split("abcdefghijklm", "")
	if got, want := near.Offer("zebra", many), "there are a, b, c, d, e, f, g, h, i, j and 3 more"; got != want {
		t.Errorf("Offer = %q, want %q", got, want)
	}
}
