package source

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"bespoke/data/textfile"
	"bespoke/scenario"
)

// FuzzReadersAgree: where DuckDB accepts a text that keeps to RFC 4180, and the
// count of its records is as expected, the plain reader must give the same cells. A
// difference means that a cell got lost or changed without anybody noticing.
func FuzzReadersAgree(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n3,4\n", "a;b\n\"x;\ny\";2\n", "a,b\n\"say \"\"hi\"\"\",2\n5\n6,7\n", "a,b\n,\n\"\",\"\"\n",
		"a,b\n 1 , 2\n", "a\tb\n\"1\t2\"\t3\n", "a,b\r\n1,2\r\n", "a,b\n1\"2,3\n", "\xef\xbb\xbfa,b\n1,2\n", "a,b\n1,é\n", "a,b\n\\,\"\\\"\n1,2\n",
	} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	j, err := newJob(Request{Dir: dir, Threads: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(j.close)
	f.Fuzz(func(t *testing.T, content []byte) { compareReaders(t, j, dir, content) })
}

func compareReaders(t *testing.T, j *job, dir string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "x.csv"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := j.prepareText("x.csv")
	if err != nil {
		return
	}
	defer text.Close()
	d, _, err := text.Dialect()
	if err != nil || len(d.Names) < 2 || d.Quote != '"' || d.Escape != '"' {
		return
	}
	strict := csv.NewReader(bytes.NewReader(content))
	strict.Comma, strict.FieldsPerRecord = rune(d.Delimiter), -1
	if _, err := strict.ReadAll(); err != nil {
		return // outside RFC 4180 readers may differ, and DuckDB is more lenient
	}
	d.Names, _ = uniqueNames(d.Names, "x.csv")
	count, err := textfile.CountRecords(text.Path, d)
	if err != nil || count.Unclosed("x.csv") != nil {
		return
	}
	rows := count.Records - d.Skipped
	if d.Header {
		rows--
	}
	ctx := context.Background()
	fast, reason, err := j.readFast(ctx, text, d, count, rows)
	if err != nil || reason != "" || rows < 1 {
		return
	}
	plain, err := j.readPlain(ctx, text, d)
	if err != nil {
		t.Fatalf("%q: only the plain reader fails: %v", content, err)
	}
	if fast.Rows != plain.Rows {
		t.Fatalf("%q: DuckDB gives %d rows, the plain reader %d", content, fast.Rows, plain.Rows)
	}
	for c, column := range fast.Columns {
		for i := range fast.Rows {
			if a, b := column.Text.At(i), plain.Columns[c].Text.At(i); !bytes.Equal(a, b) {
				t.Fatalf("%q: row %d, column %d: DuckDB gives %q, the plain reader %q", content, i, c, a, b)
			}
		}
	}
}

// DuckDB cuts files of more than some megabytes into parts for its threads; a
// part may begin inside a quoted field.
func TestReadersAgreeOnALargeFile(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 40 MB")
	}
	var b bytes.Buffer
	b.WriteString("id,text,y\n")
	for i := 0; b.Len() < 40<<20; i++ {
		switch {
		case i%7 == 3:
			fmt.Fprintf(&b, "%d,\"line one,\n\"\"line\"\" two,%d\n\n\",x\n", i, i)
		case i%50_000 == 11:
			fmt.Fprintf(&b, "%d,lost\n", i)
		default:
			fmt.Fprintf(&b, "%d,plain text %d,\"y\"\n", i, i%100)
		}
	}
	dir := t.TempDir()
	j, err := newJob(Request{Dir: dir, Threads: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	compareReaders(t, j, dir, b.Bytes())
	raw, err := Read(context.Background(), Request{Source: scenario.Source{Path: "x.csv"}, Dir: dir, Threads: 4})
	if err != nil {
		t.Fatal(err)
	}
	if len(raw.Findings) != 1 || raw.Findings[0].Check != "ragged rows" {
		t.Errorf("findings %+v", raw.Findings)
	}
}
