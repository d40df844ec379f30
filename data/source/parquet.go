package source

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"

	"bespoke/data/duck"
)

// readParquet reads a parquet file with DuckDB, on all threads.
func readParquet(ctx context.Context, j *job, name string) (*Raw, error) {
	path := j.abs(name)
	if err := checkParquet(path, name); err != nil {
		return nil, err
	}
	file, err := hashFile(path, name)
	if err != nil {
		return nil, err
	}
	db, err := j.open()
	if err != nil {
		return nil, err
	}
	size, err := db.Texts(ctx, fmt.Sprintf("SELECT CAST(sum(total_uncompressed_size) AS VARCHAR), CAST(sum(num_values) AS VARCHAR), "+
		"(SELECT CAST(sum(num_rows) AS VARCHAR) FROM parquet_file_metadata(%[1]s)), CAST(count(DISTINCT path_in_schema) AS VARCHAR) FROM parquet_metadata(%[1]s)", duck.Path(path)))
	if err != nil {
		return nil, fmt.Errorf("data: reading %q: %s", name, trouble(err, path, name))
	}
	rows := 0
	if len(size) == 1 && size[0][0] != "" {
		bytes, err1 := strconv.ParseInt(size[0][0], 10, 64)
		values, err2 := strconv.ParseInt(size[0][1], 10, 64)
		if err1 == nil && err2 == nil {
			if err := j.need(fmt.Sprintf("%q", name), bytes+12*values); err != nil {
				return nil, err
			}
			// The file says how many rows it has; it is believed where its values
			// are as many.
			n, err1 := strconv.ParseInt(size[0][2], 10, 64)
			columns, err2 := strconv.ParseInt(size[0][3], 10, 64)
			if err1 == nil && err2 == nil && n > 0 && columns > 0 && n <= values/columns {
				rows = int(n)
			}
		}
	}
	raw, err := j.readTyped(ctx, db, "read_parquet("+duck.Path(path)+")", fmt.Sprintf("%q", name), rows)
	if err != nil {
		if ctx.Err() != nil || j.budget.full() {
			return nil, err
		}
		return nil, fmt.Errorf("data: reading %q: %s", name, trouble(err, path, name))
	}
	if raw.Rows == 0 {
		return nil, fmt.Errorf("data: reading %q: the file has %d columns but no rows", name, len(raw.Columns))
	}
	raw.Files = []File{file}
	return raw, nil
}

// checkParquet looks for the four letters with which parquet files begin and
// end.
func checkParquet(path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("data: reading %q: %w", name, err)
	}
	defer func() { _ = f.Close() }() // only read from
	mark := make([]byte, 4)
	if _, err := io.ReadFull(f, mark); err != nil || string(mark) != "PAR1" {
		return fmt.Errorf("data: reading %q: it is not a parquet file (it does not begin with PAR1) although its name says so", name)
	}
	if _, err := f.Seek(-4, io.SeekEnd); err == nil {
		_, err = io.ReadFull(f, mark)
		if err != nil || string(mark) != "PAR1" {
			return fmt.Errorf("data: reading %q: the parquet file is cut short (it does not end with PAR1); fetch it again", name)
		}
	}
	return nil
}
