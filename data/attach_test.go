package data_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"bespoke/data"
	"bespoke/scenario"
	"bespoke/table"
)

// customers writes 20 customers, one of them without an outcome.
func customers(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	text := "id,age,churn\n"
	for i := range 20 {
		outcome := []string{"yes", "no"}[i%2]
		if i == 3 {
			outcome = ""
		}
		text += fmt.Sprintf("c%d,%d,%s\n", i, 20+i*i%37, outcome)
	}
	write(t, dir, "customers.csv", []byte(text))
	return dir
}

func TestAttach(t *testing.T) {
	dir := customers(t)
	inOrder, keyed := "loss,fee\n", "fee,id,loss\n"
	for i := range 20 {
		inOrder += fmt.Sprintf("%d,1.5\n", 100+i)
		keyed += fmt.Sprintf("1.5,c%d,%d\n", 19-i, 100+19-i)
	}
	write(t, dir, "order.csv", []byte(inOrder))
	write(t, dir, "keyed.csv", []byte(keyed))
	for _, file := range []scenario.ValueFile{{Path: "order.csv"}, {Path: "keyed.csv", Key: "id"}} {
		l, err := data.Read(context.Background(), scenario.Data{Source: scenario.Source{Path: "customers.csv"}, Target: "churn"}, dir, data.Options{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		names, err := l.Attach(context.Background(), file, dir, data.Options{Threads: 2})
		if err != nil {
			t.Fatalf("%s: %v", file.Path, err)
		}
		c, ok := l.Table.Column("loss")
		if !ok || c.Role != table.Info || len(names) != 2 || l.Table.Rows() != 19 {
			t.Fatalf("%s: added %q in %d rows", file.Path, names, l.Table.Rows())
		}
		for i, v := range c.Numbers {
			if want := float64(100 + l.Row(i) - 1); v != want {
				t.Errorf("%s: row %d has the loss %v, want %v", file.Path, i, v, want)
			}
		}
		if len(l.Sources) != 2 {
			t.Errorf("%s: %d sources", file.Path, len(l.Sources))
		}
	}
}

func TestAttachRefuses(t *testing.T) {
	dir := customers(t)
	rows := ""
	for i := range 20 {
		rows += fmt.Sprintf("c%d,%d\n", i, i*7)
	}
	write(t, dir, "short.csv", []byte("id,loss\n"+rows[:len(rows)-10]))
	write(t, dir, "twice.csv", []byte("id,loss\n"+rows+"c4,9\n"))
	write(t, dir, "lacking.csv", []byte("id,loss\n"+strings.ReplaceAll(rows, "c7,", "c70,")))
	write(t, dir, "clash.csv", []byte("id,age\n"+rows))
	for _, c := range []struct {
		file scenario.ValueFile
		want string
	}{
		{scenario.ValueFile{Path: "none.csv"}, "none.csv"},
		{scenario.ValueFile{Path: "short.csv"}, "they must be equal"},
		{scenario.ValueFile{Path: "twice.csv", Key: "id"}, `the key "c4" in the rows 5 and 21`},
		{scenario.ValueFile{Path: "lacking.csv", Key: "id"}, `no row with the id "c7", which row 8 of the data has`},
		{scenario.ValueFile{Path: "lacking.csv", Key: "di"}, `no column "di"`},
		{scenario.ValueFile{Path: "clash.csv", Key: "id"}, `"age" of "clash.csv" is in the data as well`},
	} {
		l, err := data.Read(context.Background(), scenario.Data{Source: scenario.Source{Path: "customers.csv"}, Target: "churn"}, dir, data.Options{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		_, err = l.Attach(context.Background(), c.file, dir, data.Options{Threads: 2})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "value: file: ") {
			t.Errorf("%+v: %v; want %q", c.file, err, c.want)
		}
	}
}
