package duck

import (
	"strings"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// Form is which of the three types that are read a value is cast to.
type Form uint8

// The forms.
const (
	Varchar   Form = iota // read with EachText
	Double                // read with Doubles
	Timestamp             // read with Micros
	Nested                // not read
)

// Plan says how a column of a DuckDB type is read.
type Plan struct {
	Form Form
	// cast is the expression to select, over the column's SQL name.
	cast string
	// Name is the type's name in SQL.
	Name string
}

// Cast is the expression that makes the plan's form of a column.
func (p Plan) Cast(column string) string { return strings.ReplaceAll(p.cast, "%s", column) }

// plans has every DuckDB type that is not nested.
var plans = map[mapping.Type]Plan{
	mapping.TypeBoolean:     {Varchar, "CAST(%s AS VARCHAR)", "BOOLEAN"},
	mapping.TypeTinyInt:     {Double, "CAST(%s AS DOUBLE)", "TINYINT"},
	mapping.TypeSmallInt:    {Double, "CAST(%s AS DOUBLE)", "SMALLINT"},
	mapping.TypeInteger:     {Double, "CAST(%s AS DOUBLE)", "INTEGER"},
	mapping.TypeBigInt:      {Double, "CAST(%s AS DOUBLE)", "BIGINT"},
	mapping.TypeUTinyInt:    {Double, "CAST(%s AS DOUBLE)", "UTINYINT"},
	mapping.TypeUSmallInt:   {Double, "CAST(%s AS DOUBLE)", "USMALLINT"},
	mapping.TypeUInteger:    {Double, "CAST(%s AS DOUBLE)", "UINTEGER"},
	mapping.TypeUBigInt:     {Double, "CAST(%s AS DOUBLE)", "UBIGINT"},
	mapping.TypeHugeInt:     {Double, "CAST(%s AS DOUBLE)", "HUGEINT"},
	mapping.TypeUHugeInt:    {Double, "CAST(%s AS DOUBLE)", "UHUGEINT"},
	mapping.TypeBigNum:      {Double, "CAST(%s AS DOUBLE)", "BIGNUM"},
	mapping.TypeFloat:       {Double, "CAST(%s AS DOUBLE)", "FLOAT"},
	mapping.TypeDouble:      {Double, "%s", "DOUBLE"},
	mapping.TypeDecimal:     {Double, "CAST(%s AS DOUBLE)", "DECIMAL"},
	mapping.TypeDate:        {Timestamp, "CAST(%s AS TIMESTAMP)", "DATE"},
	mapping.TypeTimestamp:   {Timestamp, "%s", "TIMESTAMP"},
	mapping.TypeTimestampS:  {Timestamp, "CAST(%s AS TIMESTAMP)", "TIMESTAMP_S"},
	mapping.TypeTimestampMS: {Timestamp, "CAST(%s AS TIMESTAMP)", "TIMESTAMP_MS"},
	mapping.TypeTimestampNS: {Timestamp, "CAST(%s AS TIMESTAMP)", "TIMESTAMP_NS"},
	mapping.TypeTimestampTZ: {Timestamp, "CAST(%s AT TIME ZONE 'UTC' AS TIMESTAMP)", "TIMESTAMP WITH TIME ZONE"},
	mapping.TypeVarchar:     {Varchar, "%s", "VARCHAR"},
	mapping.TypeEnum:        {Varchar, "CAST(%s AS VARCHAR)", "ENUM"},
	mapping.TypeUUID:        {Varchar, "CAST(%s AS VARCHAR)", "UUID"},
	mapping.TypeTime:        {Varchar, "CAST(%s AS VARCHAR)", "TIME"},
	mapping.TypeTimeNS:      {Varchar, "CAST(%s AS VARCHAR)", "TIME_NS"},
	mapping.TypeTimeTZ:      {Varchar, "CAST(%s AS VARCHAR)", "TIME WITH TIME ZONE"},
	mapping.TypeInterval:    {Varchar, "CAST(%s AS VARCHAR)", "INTERVAL"},
	mapping.TypeSQLNull:     {Varchar, "CAST(%s AS VARCHAR)", "NULL"},
}

// PlanOf gives the plan for a type; a type without one is nested.
func PlanOf(t mapping.Type) Plan {
	if p, ok := plans[t]; ok {
		return p
	}
	return Plan{Nested, "CAST(NULL AS VARCHAR)", "nested"}
}
