package source

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	bindings "github.com/duckdb/duckdb-go-bindings"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// duck is a DuckDB database in the process's memory. It is opened for one
// reading, may not load extensions or reach the network, writes no temporary
// files, and streams its results, so that its memory does not grow with the
// number of rows.
type duck struct {
	db  mapping.Database
	con mapping.Connection

	names int // given by next

	mu     sync.Mutex
	closed bool
}

// next is a new suffix for the names of temporary tables.
func (d *duck) next() string {
	d.names++
	return strconv.Itoa(d.names)
}

// minimumDuck is what DuckDB needs to read wide files at all.
const minimumDuck = 256 << 20

// sandbox bounds what SQL may read.
type sandbox struct {
	files, folders []string // absolute
}

// openDuck opens a database. Its settings cannot be changed afterwards by SQL.
// With a sandbox, exactly its files and folders can be read, and nothing can be
// written.
func openDuck(threads int, memory int64, box *sandbox) (*duck, error) {
	var config mapping.Config
	if mapping.CreateConfig(&config) != mapping.StateSuccess {
		return nil, errors.New("data: opening DuckDB: no configuration")
	}
	defer mapping.DestroyConfig(&config)
	for _, s := range [][2]string{
		{"threads", strconv.Itoa(threads)},
		{"memory_limit", fmt.Sprintf("%dB", max(minimumDuck, memory/2))},
		{"autoinstall_known_extensions", "false"},
		{"autoload_known_extensions", "false"},
		{"allow_community_extensions", "false"},
		{"allow_unsigned_extensions", "false"},
		{"allow_persistent_secrets", "false"},
		{"temp_directory", ""},
		{"preserve_insertion_order", "true"},
	} {
		if mapping.SetConfig(config, s[0], s[1]) != mapping.StateSuccess {
			return nil, fmt.Errorf("data: opening DuckDB: setting %s=%s was refused", s[0], s[1])
		}
	}
	d := &duck{}
	var message string
	if mapping.OpenExt("", &d.db, config, &message) != mapping.StateSuccess {
		return nil, fmt.Errorf("data: opening DuckDB: %s", firstLine(message))
	}
	if mapping.Connect(d.db, &d.con) != mapping.StateSuccess {
		mapping.Close(&d.db)
		return nil, errors.New("data: opening DuckDB: no connection")
	}
	settings := []string{"SET TimeZone='UTC'", "SET lock_configuration=true"}
	if box != nil {
		settings = []string{
			settings[0], "SET allowed_paths=" + sqlList(box.files), "SET allowed_directories=" + sqlList(box.folders),
			"SET enable_external_access=false", settings[1],
		}
	}
	for _, s := range settings {
		if err := d.run(s); err != nil {
			d.close()
			return nil, fmt.Errorf("data: opening DuckDB: %w", err)
		}
	}
	return d, nil
}

// open gives the job's database for reading files.
func (j *job) open() (*duck, error) {
	if j.duck == nil {
		d, err := openDuck(j.Threads, j.budget.limit, nil)
		if err != nil {
			return nil, err
		}
		j.duck = d
	}
	return j.duck, nil
}

func (d *duck) close() {
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
func (d *duck) interrupt() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		mapping.Interrupt(d.con)
	}
}

// run runs a statement that returns nothing.
func (d *duck) run(sql string) error {
	var result mapping.Result
	defer mapping.DestroyResult(&result)
	if mapping.Query(d.con, sql, &result) != mapping.StateSuccess {
		return errors.New(mapping.ResultError(&result))
	}
	return nil
}

// prepared is one prepared statement.
type prepared struct {
	statement mapping.PreparedStatement
	names     []string
	types     []mapping.Type
}

func (p *prepared) close() { mapping.DestroyPrepare(&p.statement) }

// errNotSelect is given for SQL that is not exactly one SELECT.
var errNotSelect = errors.New("only one SELECT statement is allowed")

// prepare prepares the one SELECT of the text and gives its columns; anything
// else is refused before it runs.
func (d *duck) prepare(sql string) (*prepared, error) {
	var statements mapping.ExtractedStatements
	count := mapping.ExtractStatements(d.con, sql, &statements)
	defer mapping.DestroyExtracted(&statements)
	if count == 0 {
		if message := mapping.ExtractStatementsError(statements); message != "" {
			return nil, errors.New(message)
		}
		return nil, errNotSelect
	}
	if count != 1 {
		return nil, errNotSelect
	}
	p := &prepared{}
	if mapping.PrepareExtractedStatement(d.con, statements, 0, &p.statement) != mapping.StateSuccess {
		defer p.close()
		return nil, errors.New(mapping.PrepareError(p.statement))
	}
	if mapping.PreparedStatementType(p.statement) != mapping.StatementTypeSelect {
		p.close()
		return nil, errNotSelect
	}
	for i := range mapping.PreparedStatementColumnCount(p.statement) {
		p.names = append(p.names, mapping.PreparedStatementColumnName(p.statement, i))
		p.types = append(p.types, mapping.PreparedStatementColumnType(p.statement, i))
	}
	return p, nil
}

// stream runs a SELECT and calls f with every chunk of rows in order. The next
// chunks are made while f works.
func (d *duck) stream(ctx context.Context, sql string, f func(chunk mapping.DataChunk, rows int) error) error {
	p, err := d.prepare(sql)
	if err != nil {
		return err
	}
	defer p.close()
	stop := context.AfterFunc(ctx, d.interrupt)
	defer stop()
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

// texts runs a SELECT of VARCHAR columns and returns its few rows.
func (d *duck) texts(ctx context.Context, sql string) ([][]string, error) {
	var out [][]string
	err := d.stream(ctx, sql, func(chunk mapping.DataChunk, rows int) error {
		width := int(mapping.DataChunkGetColumnCount(chunk))
		at := len(out)
		for range rows {
			out = append(out, make([]string, width))
		}
		for c := range width {
			eachText(mapping.DataChunkGetVector(chunk, mapping.IdxT(c)), rows, func(i int, s []byte) bool {
				out[at+i][c] = string(s)
				return true
			})
		}
		return nil
	})
	return out, err
}

// sqlText quotes a text for SQL.
func sqlText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// sqlPath quotes a path for a file function, in which *, ? and [ would be
// wildcards.
func sqlPath(path string) string {
	var b strings.Builder
	for _, r := range filepath.ToSlash(path) {
		if strings.ContainsRune("*?[", r) {
			b.WriteString("[" + string(r) + "]")
			continue
		}
		b.WriteRune(r)
	}
	return sqlText(b.String())
}

// sqlName quotes a name for SQL.
func sqlName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func sqlList(items []string) string {
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = sqlText(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// firstLine keeps the part of a message that says what is wrong.
func firstLine(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	return strings.TrimSpace(line)
}
