// Package duck runs DuckDB inside the process as a reader of files: a database in
// memory that loads no extensions, reaches no network, writes no files but those of
// Options.Spill, and streams the result of one SELECT in chunks of typed columns.
//
//	db, err := duck.Open(duck.Options{Threads: 2, Memory: 1 << 30})
//	defer db.Close()
//	rows, err := db.Texts(ctx, "SELECT 'a' AS x")
package duck

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	bindings "github.com/duckdb/duckdb-go-bindings"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// DB is a DuckDB database in the process's memory. It is opened for one reading
// and used by one goroutine at a time. Results are streamed, so that its memory
// does not grow with the number of rows.
type DB struct {
	db  mapping.Database
	con mapping.Connection

	names int // given by next

	mu     sync.Mutex
	closed bool
}

// Next is a new suffix for the names of temporary tables.
func (d *DB) Next() string {
	d.names++
	return strconv.Itoa(d.names)
}

// minimumMemory is what DuckDB needs to read wide files at all.
const minimumMemory = 256 << 20

// Options say what a database may use.
type Options struct {
	// Threads is how many threads may work at once, at least 1.
	Threads int
	// Memory is how many bytes the whole reading may use; the database gets half
	// of them, but at least 256 MiB.
	Memory int64
	// Sandbox, when not nil, lists the only files and folders that SQL may read;
	// then nothing can be written either.
	Sandbox *Sandbox
	// Spill is the folder for what does not fit into the database's memory, such
	// as the rows of a query that sorts; empty keeps all in memory.
	Spill string
}

// Sandbox bounds what SQL may read. Paths are absolute.
type Sandbox struct {
	Files, Folders []string
}

// Open opens a database. Its settings cannot be changed afterwards by SQL.
func Open(o Options) (*DB, error) {
	var config mapping.Config
	if mapping.CreateConfig(&config) != mapping.StateSuccess {
		return nil, errors.New("data: opening DuckDB: no configuration")
	}
	defer mapping.DestroyConfig(&config)
	for _, s := range [][2]string{
		{"threads", strconv.Itoa(max(1, o.Threads))},
		{"memory_limit", fmt.Sprintf("%dB", max(minimumMemory, o.Memory/2))},
		{"autoinstall_known_extensions", "false"},
		{"autoload_known_extensions", "false"},
		{"allow_community_extensions", "false"},
		{"allow_unsigned_extensions", "false"},
		{"allow_persistent_secrets", "false"},
		{"temp_directory", o.Spill},
		{"preserve_insertion_order", "true"},
	} {
		if mapping.SetConfig(config, s[0], s[1]) != mapping.StateSuccess {
			return nil, fmt.Errorf("data: opening DuckDB: setting %s=%s was refused", s[0], s[1])
		}
	}
	d := &DB{}
	var message string
	if mapping.OpenExt("", &d.db, config, &message) != mapping.StateSuccess {
		return nil, fmt.Errorf("data: opening DuckDB: %s", FirstLine(message))
	}
	if mapping.Connect(d.db, &d.con) != mapping.StateSuccess {
		mapping.Close(&d.db)
		return nil, errors.New("data: opening DuckDB: no connection")
	}
	settings := []string{"SET TimeZone='UTC'", "SET lock_configuration=true"}
	if box := o.Sandbox; box != nil {
		settings = []string{
			settings[0], "SET allowed_paths=" + sqlList(box.Files), "SET allowed_directories=" + sqlList(box.Folders),
			"SET enable_external_access=false", settings[1],
		}
	}
	for _, s := range settings {
		if err := d.run(s); err != nil {
			d.Close()
			return nil, fmt.Errorf("data: opening DuckDB: %w", err)
		}
	}
	return d, nil
}

// Close ends the database; it may be called again.
func (d *DB) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.closed = true
	mapping.Disconnect(&d.con)
	mapping.Close(&d.db)
}

// interrupt stops the running statement.
func (d *DB) interrupt() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		mapping.Interrupt(d.con)
	}
}

// interruptWith interrupts while the context is over and the statement is not
// done: once may be too early, before the statement began.
func (d *DB) interruptWith(ctx context.Context, done <-chan struct{}) {
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		d.interrupt()
		select {
		case <-done:
			return
		case <-again.C:
		}
	}
}

// run runs a statement that returns nothing.
func (d *DB) run(sql string) error {
	var result mapping.Result
	defer mapping.DestroyResult(&result)
	if mapping.Query(d.con, sql, &result) != mapping.StateSuccess {
		return errors.New(mapping.ResultError(&result))
	}
	return nil
}

// Field is a column of a SELECT.
type Field struct {
	Name string
	Type mapping.Type
}

// prepared is one prepared statement.
type prepared struct {
	statement mapping.PreparedStatement
	fields    []Field
}

// Fields gives the columns of the one SELECT of the text without running it;
// anything else is refused.
func (d *DB) Fields(sql string) ([]Field, error) {
	p, err := d.prepare(sql)
	if err != nil {
		return nil, err
	}
	defer p.close()
	return p.fields, nil
}

func (p *prepared) close() { mapping.DestroyPrepare(&p.statement) }

// ErrNotSelect is given for SQL that is not exactly one SELECT.
var ErrNotSelect = errors.New("only one SELECT statement is allowed")

// prepare prepares the one SELECT of the text.
func (d *DB) prepare(sql string) (*prepared, error) {
	var statements mapping.ExtractedStatements
	count := mapping.ExtractStatements(d.con, sql, &statements)
	defer mapping.DestroyExtracted(&statements)
	if count == 0 {
		if message := mapping.ExtractStatementsError(statements); message != "" {
			return nil, errors.New(message)
		}
		return nil, ErrNotSelect
	}
	if count != 1 {
		return nil, ErrNotSelect
	}
	p := &prepared{}
	if mapping.PrepareExtractedStatement(d.con, statements, 0, &p.statement) != mapping.StateSuccess {
		defer p.close()
		return nil, errors.New(mapping.PrepareError(p.statement))
	}
	if mapping.PreparedStatementType(p.statement) != mapping.StatementTypeSelect {
		p.close()
		return nil, ErrNotSelect
	}
	for i := range mapping.PreparedStatementColumnCount(p.statement) {
		p.fields = append(p.fields, Field{
			Name: mapping.PreparedStatementColumnName(p.statement, i),
			Type: mapping.PreparedStatementColumnType(p.statement, i),
		})
	}
	return p, nil
}

// Stream runs a SELECT and calls f with every chunk of rows in order; a chunk is
// valid during the call only. The next chunks are made while f works. It stops
// with the context.
func (d *DB) Stream(ctx context.Context, sql string, f func(chunk mapping.DataChunk, rows int) error) error {
	p, err := d.prepare(sql)
	if err != nil {
		return err
	}
	defer p.close()
	done := make(chan struct{})
	defer close(done)
	go d.interruptWith(ctx, done)
	var result mapping.Result
	defer mapping.DestroyResult(&result)
	if bindings.ExecutePreparedStreaming(p.statement, &result) != mapping.StateSuccess {
		return errors.New(mapping.ResultError(&result))
	}
	chunks := make(chan mapping.DataChunk, 4)
	quit := make(chan struct{})
	go fetch(result, chunks, quit)
	var failed error
	for chunk := range chunks {
		if failed == nil {
			failed = f(chunk, int(mapping.DataChunkGetSize(chunk)))
			if failed != nil {
				close(quit)
			}
		}
		mapping.DestroyDataChunk(&chunk)
	}
	if failed != nil {
		return failed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if message := mapping.ResultError(&result); message != "" {
		return errors.New(message)
	}
	return nil
}

// fetch sends chunk after chunk, until there is none or nobody wants more.
func fetch(result mapping.Result, chunks chan<- mapping.DataChunk, quit <-chan struct{}) {
	defer close(chunks)
	for {
		chunk := bindings.FetchChunk(result)
		if chunk.Ptr == nil {
			return
		}
		if mapping.DataChunkGetSize(chunk) == 0 {
			mapping.DestroyDataChunk(&chunk)
			return
		}
		select {
		case chunks <- chunk:
		case <-quit:
			mapping.DestroyDataChunk(&chunk)
			return
		}
	}
}

// Texts runs a SELECT of VARCHAR columns and returns its few rows; NULL is "".
func (d *DB) Texts(ctx context.Context, sql string) ([][]string, error) {
	var out [][]string
	err := d.Stream(ctx, sql, func(chunk mapping.DataChunk, rows int) error {
		width := int(mapping.DataChunkGetColumnCount(chunk))
		at := len(out)
		for range rows {
			out = append(out, make([]string, width))
		}
		for c := range width {
			EachText(mapping.DataChunkGetVector(chunk, mapping.IdxT(c)), rows, func(i int, s []byte) bool {
				out[at+i][c] = string(s)
				return true
			})
		}
		return nil
	})
	return out, err
}

// Text quotes a text for SQL.
func Text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Path quotes a path for a file function, in which *, ? and [ would be
// wildcards.
func Path(path string) string {
	var b strings.Builder
	for _, r := range filepath.ToSlash(path) {
		if strings.ContainsRune("*?[", r) {
			b.WriteString("[" + string(r) + "]")
			continue
		}
		b.WriteRune(r)
	}
	return Text(b.String())
}

func sqlList(items []string) string {
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = Text(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// FirstLine keeps the part of a message that says what is wrong.
func FirstLine(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	return strings.TrimSpace(line)
}
