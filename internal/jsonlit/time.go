package jsonlit

import "time"

// timeLayouts are the spellings of times that are read from text. A fraction
// of a second may follow the seconds in each (time.Parse allows it).
var timeLayouts = []string{
	time.RFC3339,
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04",
	"2006-01-02",
}

// TimeForms says in words which spellings Time reads.
const TimeForms = "2026-01-31, 2026-01-31 08:30:00 or 2026-01-31T08:30:00Z"

// Time reads a time as people write it in files and requests: ISO 8601 dates
// with or without a time of day and a zone. Without a zone it is UTC.
func Time(text string) (t time.Time, ok bool) {
	if len(text) < len("2006-01-02") || len(text) > 40 {
		return time.Time{}, false
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
