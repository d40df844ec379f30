package textfile_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bespoke/data/textfile"
)

func prepare(t testing.TB, name string, content []byte) *textfile.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := textfile.Prepare(name, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func TestDialect(t *testing.T) {
	data := strings.Repeat("1,5;x y;\"a;b\"\n", 20)
	for _, c := range []struct {
		name, content string
		delimiter     byte
		quote, escape byte
		header        bool
		names         string
	}{
		{"semicolons with decimal commas", "a;b;c\n" + data, ';', '"', '"', true, "a b c"},
		{"commas", "a,b\n1,2\n3,4\n", ',', '"', '"', true, "a b"},
		{"tabs", "a\tb\n1\t2,5\n3\t4\n", '\t', '"', '"', true, "a b"},
		{"bars", "a|b\n1|2,5\n3|4,\n", '|', '"', '"', true, "a b"},
		{"apostrophes", "a,b,c\n'x,1',2,'y'\n'z','4',5\n'z','4','5'\n", ',', '\'', '\'', true, "a b c"},
		{"backslashes", "a,b\n\"x \\\" y\",2\n\"z\",4\n", ',', '"', '\\', true, "a b"},
		{"folders that end with a backslash", "a,b\n\"C:\\x\\\",2\n\"D:\\y\\\",4\n\"E\",5\n", ',', '"', '"', true, "a b"},
		{"one column", "a\n1\n2\n", ',', '"', '"', true, "a"},
		{"no header", "1,2\n3,4\n5,6\n", ',', '"', '"', false, "column_1 column_2"},
		{"words only, the first again below", "red,green\nblue,red\nred,blue\n", ',', '"', '"', false, "column_1 column_2"},
		{"words only, the first never below", "colour,size\nblue,small\nred,large\n", ',', '"', '"', true, "colour size"},
		{"numbers as names over words", "1,2\na,b\nc,d\n", ',', '"', '"', true, "1 2"},
		{"header with a line end", "\"a\nb\",c\n1,2\n", ',', '"', '"', true, "a\nb c"},
		{"every row ends with a comma", "a,b\n1,2,\n3,4,\n", ',', '"', '"', true, "a b column_3"},
		{"spaces around names", " a , b \n1,2\n", ',', '"', '"', true, "a b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _, err := prepare(t, "x.csv", []byte(c.content)).Dialect()
			if err != nil {
				t.Fatal(err)
			}
			if d.Delimiter != c.delimiter || d.Quote != c.quote || d.Escape != c.escape || d.Header != c.header || strings.Join(d.Names, " ") != c.names {
				t.Errorf("%q %q %q header %v %q", d.Delimiter, d.Quote, d.Escape, d.Header, d.Names)
			}
		})
	}
}

func TestDialectOfVeryLongRecords(t *testing.T) {
	names := make([]string, 60_000)
	for i := range names {
		names[i] = fmt.Sprintf("a rather long name %d", i)
	}
	row := strings.Repeat("1,", len(names)-1) + "2\n"
	d, _, err := prepare(t, "x.csv", []byte(strings.Join(names, ",")+"\n"+row+row)).Dialect()
	if err != nil || !slices.Equal(d.Names, names) || !d.Header {
		t.Errorf("%d names, error %v", len(d.Names), err)
	}
}

func TestHashIsThatOfTheStoredBytes(t *testing.T) {
	content := []byte("a,b\r\n1,2\n3,4\r\n") // will be converted
	f := prepare(t, "x.csv", content)
	sum := sha256.Sum256(content)
	if f.SHA256 != hex.EncodeToString(sum[:]) || f.Size != int64(len(content)) {
		t.Errorf("%s, %d bytes", f.SHA256, f.Size)
	}
	copied, err := os.ReadFile(f.Path)
	if err != nil || string(copied) != "a,b\n1,2\n3,4\n" {
		t.Errorf("%q, error %v", copied, err)
	}
	path := f.Path
	f.Close()
	if _, err := os.Stat(path); err == nil {
		t.Error("the copy stays after Close")
	}
}

func TestPrepareAsksWhetherItFits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(path, bytes.Repeat([]byte("1,2\n"), 1_000_000), 0o600); err != nil {
		t.Fatal(err)
	}
	tooMuch := errors.New("too much")
	_, err := textfile.Prepare("x.csv", path, func(n int64) error {
		if n > 2_000_000 {
			return tooMuch
		}
		return nil
	})
	if !errors.Is(err, tooMuch) {
		t.Errorf("error %v", err)
	}
}

// The count must agree with the standard library's reader on whatever a writer
// of CSV can write.
func TestCountRecordsAgreesWithTheStandardLibrary(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		cell := rapid.StringOfN(rapid.RuneFrom([]rune("ab ,;\"\n'é\\")), 0, 12, -1)
		for range rapid.IntRange(1, 30).Draw(t, "rows") {
			if err := w.Write([]string{cell.Draw(t, "a"), cell.Draw(t, "b"), "end"}); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		path := filepath.Join(dir, "x.csv")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		want, err := csv.NewReader(&b).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		got, err := textfile.CountRecords(path, textfile.Dialect{Delimiter: ',', Quote: '"', Escape: '"'})
		if err != nil {
			t.Fatal(err)
		}
		if got.Records != len(want) || got.Unclosed("x") != nil {
			t.Fatalf("%d records, want %d; %v", got.Records, len(want), got.Unclosed("x"))
		}
	})
}

func TestUnclosedQuotesAreFoundAtTheirLine(t *testing.T) {
	for content, want := range map[string]string{
		"a,b\n1,\"x\n2,y\n":                "line 2: the quote",
		"a,b\n\"1\n2\",3\n4,\"\n":          "line 4: the quote",
		"a,b\n1,\"x\"\n2,5\"\n":            "", // a quote inside a field is a letter
		"a,b\n\"\"\"\",\"\"\n":             "",
		"a,b\n1,\"\"\"\n":                  "line 2: the quote",
		"\xef\xbb\xbf\"a\",b\n1,\"x\"\n\n": "",
	} {
		f := prepare(t, "x.csv", []byte(content))
		c, err := textfile.CountRecords(f.Path, textfile.Dialect{Delimiter: ',', Quote: '"', Escape: '"'})
		if err != nil {
			t.Fatal(err)
		}
		got := c.Unclosed("x.csv")
		if (got != nil) != (want != "") || got != nil && !strings.Contains(got.Error(), want) {
			t.Errorf("%q: %v, want %s", content, got, want)
		}
	}
}

// FuzzDialect: whatever the bytes, preparing and judging them must end with a
// dialect that can be counted by, or with an error.
func FuzzDialect(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n", "\xff\xfea\x00,\x00", "a;b\r\n\"x;\ny\";2\r3", "20,2,x\n1,2,3\n", "sep=;\na;b\n", "\xef\xbb\xbf\"a", "a\\\"b,\"\\\"\"\n", "'a','b'\n'1','2'\n", "\n\n\x00", "é,\xe9\n",
	} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(dir, "x.csv")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := textfile.Prepare("x.csv", path, nil)
		if err != nil {
			return
		}
		defer file.Close()
		d, _, err := file.Dialect()
		if err != nil {
			return
		}
		if len(d.Names) == 0 || d.Delimiter == 0 || d.Quote == 0 || d.Escape == 0 {
			t.Fatalf("incomplete dialect %+v", d)
		}
		c, err := textfile.CountRecords(file.Path, d)
		if err != nil {
			t.Fatal(err)
		}
		if c.Records < 1 && c.Unclosed("x") == nil {
			t.Fatalf("%q has names %q but %d records", content, d.Names, c.Records)
		}
	})
}
