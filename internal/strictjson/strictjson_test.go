package strictjson_test

import (
	"testing"

	"bespoke/internal/strictjson"
)

func TestDecode(t *testing.T) {
	var v struct {
		A int `json:"a"`
	}
	if err := strictjson.Decode([]byte(` {"a": 3} `), &v); err != nil || v.A != 3 {
		t.Errorf("decoded %+v, error %v", v, err)
	}
	for _, bad := range []string{"", "null", "3", "{", `{"a":1}{"a":2}`, `{"a":1} x`, `{"b":1}`, `{"a":"one"}`} {
		if err := strictjson.Decode([]byte(bad), &v); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
