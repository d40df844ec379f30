package source

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"bespoke/table"
)

// readPostgres runs a query on a PostgreSQL server in a read-only transaction
// and reads its rows. ${NAME} in the connection is taken from the environment;
// nothing of the connection but host and database appears in an error.
func readPostgres(ctx context.Context, j *job) (*Raw, error) {
	connection, err := expand(j.Source.Connection, j.Env)
	if err != nil {
		return nil, err
	}
	query, err := trimQuery(j.Source.Query)
	if err != nil {
		return nil, fmt.Errorf("%w; a connection needs one, such as SELECT * FROM loans", err)
	}
	config, err := postgresConfig(connection)
	if err != nil {
		return nil, err
	}
	p := &postgres{job: j, place: fmt.Sprintf("%s/%s", config.Host, config.Database), secrets: []string{config.Password, connection}}
	con, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, p.trouble("connecting", err)
	}
	defer func() { _ = con.Close(context.WithoutCancel(ctx)) }() // nothing is left to be written
	raw, err := p.read(ctx, con, query)
	if err != nil {
		return nil, err
	}
	return raw, nil
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand replaces ${NAME} by environment variables.
func expand(s string, env func(string) (string, bool)) (string, error) {
	var missing []string
	out := variable.ReplaceAllStringFunc(s, func(v string) string {
		name := v[2 : len(v)-1]
		value, ok := env(name)
		if !ok {
			missing = append(missing, name)
		}
		return value
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("data: source: connection: the environment has no variable %s", strings.Join(missing, ", "))
	}
	return out, nil
}

// postgresConfig parses the connection without showing it in errors.
func postgresConfig(connection string) (*pgx.ConnConfig, error) {
	u, err := url.Parse(connection)
	if err != nil {
		return nil, errors.New("data: source: connection: it is not a valid address (is a special character in the password not escaped?); the form is postgres://user:${PASSWORD}@host:5432/database")
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, fmt.Errorf("data: source: connection: %q is not read; the form is postgres://user:${PASSWORD}@host:5432/database", u.Scheme+"://")
	}
	config, err := pgx.ParseConfig(connection)
	if err != nil {
		return nil, errors.New("data: source: connection: it has an unknown or wrong setting; the form is postgres://user:${PASSWORD}@host:5432/database")
	}
	config.RuntimeParams["default_transaction_read_only"] = "on"
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["datestyle"] = "ISO, YMD"
	config.RuntimeParams["extra_float_digits"] = "3"
	config.RuntimeParams["application_name"] = "bespoke"
	// One process, in one order: so the same rows come in the same order.
	config.RuntimeParams["max_parallel_workers_per_gather"] = "0"
	config.RuntimeParams["synchronize_seqscans"] = "off"
	return config, nil
}

// postgres reads from one server.
type postgres struct {
	job     *job
	place   string
	secrets []string
}

// trouble wraps an error of the server without anything secret.
func (p *postgres) trouble(doing string, err error) error {
	var pg *pgconn.PgError
	message := err.Error()
	if errors.As(err, &pg) {
		message = pg.Message
		if pg.Hint != "" {
			message += " (" + pg.Hint + ")"
		}
		if pg.Position > 0 {
			message += fmt.Sprintf(" at character %d of the query", pg.Position)
		}
	}
	for _, s := range p.secrets {
		if s != "" {
			message = strings.ReplaceAll(message, s, "***")
		}
	}
	return fmt.Errorf("data: source: %s: %s: %s", p.place, doing, strings.Join(strings.Fields(message), " "))
}

func (p *postgres) read(ctx context.Context, con *pgx.Conn, query string) (*Raw, error) {
	tx, err := con.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead})
	if err != nil {
		return nil, p.trouble("beginning to read", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // nothing was written
	// Preparing first means that the text can only be one statement.
	statement, err := tx.Prepare(ctx, "", query)
	if err != nil {
		return nil, p.trouble("query", err)
	}
	if len(statement.Fields) == 0 {
		return nil, fmt.Errorf("data: source: %s: query: it gives no rows; only a SELECT is allowed", p.place)
	}
	rows, err := tx.Query(ctx, query, pgx.QueryExecModeDescribeExec, pgx.QueryResultFormats{pgx.TextFormatCode})
	if err != nil {
		return nil, p.trouble("query", err)
	}
	defer rows.Close()
	raw, err := p.collect(con, rows)
	if err != nil {
		return nil, err
	}
	if err := rows.Err(); err != nil {
		return nil, p.trouble("query", err)
	}
	if raw.Rows == 0 {
		return nil, fmt.Errorf("data: source: %s: query: it gives %d columns but no rows", p.place, len(raw.Columns))
	}
	return raw, nil
}

// collect reads the rows, every value in the server's text form.
func (p *postgres) collect(con *pgx.Conn, rows pgx.Rows) (*Raw, error) {
	fields := rows.FieldDescriptions()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	unique, findings := uniqueNames(names, p.place)
	raw := &Raw{Findings: findings}
	for i, f := range fields {
		form := postgresForm(f.DataTypeOID)
		kind := fmt.Sprintf("oid %d", f.DataTypeOID)
		if t, ok := con.TypeMap().TypeForOID(f.DataTypeOID); ok {
			kind = t.Name
			if strings.HasPrefix(kind, "_") {
				form = Nested
			}
		}
		raw.Columns = append(raw.Columns, newColumn(unique[i], form, kind))
		if form == Nested {
			raw.Findings = append(raw.Findings, nestedFinding(unique[i], p.place))
		}
	}
	before := int64(0)
	for rows.Next() {
		for i, value := range rows.RawValues() {
			if err := raw.Columns[i].addText(value); err != nil {
				return nil, fmt.Errorf("data: source: %s: row %d: %w", p.place, raw.Rows+1, err)
			}
		}
		raw.Rows++
		if raw.Rows%1024 == 0 {
			if err := p.job.budget.take(p.place, raw.size()-before); err != nil {
				return nil, err
			}
			before = raw.size()
		}
	}
	return raw, nil
}

// postgresForm says how a type of the server is held.
func postgresForm(oid uint32) Form {
	switch oid {
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.Float4OID, pgtype.Float8OID, pgtype.NumericOID, pgtype.OIDOID:
		return Numbers
	case pgtype.DateOID, pgtype.TimestampOID, pgtype.TimestamptzOID:
		return Times
	case pgtype.ByteaOID, pgtype.JSONOID, pgtype.JSONBOID, pgtype.RecordOID, pgtype.PointOID, pgtype.BoxOID, pgtype.PolygonOID:
		return Nested
	}
	return Texts
}

// addText appends a value in text form; nil is NULL.
func (c *Column) addText(value []byte) error {
	switch c.Form {
	case Texts:
		if c.Type == "bool" && len(value) == 1 {
			value = []byte(map[byte]string{'t': "true", 'f': "false"}[value[0]])
		}
		if !c.Text.Add(value) {
			return fmt.Errorf("column %q holds more than 4 GB of text in %d rows", c.Name, blockRows)
		}
	case Numbers:
		x, err := textNumber(value)
		if err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
		if c.Type == "int8" && math.Abs(x) >= largestExact {
			c.Inexact++
		}
		c.Numbers = append(c.Numbers, x)
	case Times:
		t, ok := int64(table.MissingTime), true
		if len(value) > 0 && !strings.Contains(string(value), "infinity") {
			t, ok = table.ParseTime(value)
		}
		if !ok {
			return fmt.Errorf("column %q: the time %q is outside the years 1 to 9999", c.Name, value)
		}
		c.Times = append(c.Times, t)
	case Nested:
	}
	return nil
}

func textNumber(value []byte) (float64, error) {
	switch string(value) {
	case "", "NaN":
		return math.NaN(), nil
	case "Infinity":
		return math.Inf(1), nil
	case "-Infinity":
		return math.Inf(-1), nil
	}
	x, ok := table.ParseNumber(value)
	if !ok {
		return 0, fmt.Errorf("the number %q is outside the range of float64", value)
	}
	return x, nil
}
