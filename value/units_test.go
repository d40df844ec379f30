package value_test

import (
	"errors"
	"strings"
	"testing"

	"bespoke/scenario"
	"bespoke/table"
	"bespoke/value"
)

// rented is a payoff with units everywhere.
func rented(schema table.Schema, money string) value.Config {
	c := oneAction(schema, money)
	c.Currency = "EUR"
	c.Units = map[string]string{"amount": "EUR / month", "rate": "%"}
	c.Value.Params = map[string]scenario.Param{
		"months": {Value: 12, Unit: "months"}, "share": {Value: .45, Unit: "%"}, "dollars": {Value: 5, Unit: "USD"}, "bare": scenario.Known(3),
		"lost": {Unit: "EUR", Uncertain: &scenario.Distribution{Uniform: []float64{10, 20}}},
	}
	return c
}

func TestPayoffUnits(t *testing.T) {
	schema := loans(t).Schema()
	for _, c := range []struct{ money, want string }{
		{"amount * months", ""},
		{"amount * months - 60", ""},
		{"share * amount * months", ""},
		{"2 * amount", ""},
		{"-60 EUR", ""},
		{"-60", ""},
		{"lost", ""},
		{"-lost + amount * months", ""},
		{"lost * lost / lost", ""},
		{"amount", "value.actions.act: `amount` is EUR / month, a payoff must be in EUR (multiply by a number of months)"},
		{"share", "`share` is a plain number, a payoff must be in EUR (multiply by an amount in EUR)"},
		{"45 %", "`45 %` is a plain number, a payoff must be in EUR"},
		{"amount * months * months", "is EUR * month, a payoff must be in EUR (divide by a number of months)"},
		{"rate * amount * months", "is % * EUR, a payoff must be in EUR (divide by 100, and give the column no unit)"},
		{"dollars", "`dollars` is in USD, but need.currency is EUR (write every amount in one currency)"},
		{"-60 USD", "`-60 USD` is in USD, but need.currency is EUR"},
		{"months", "`months` is month, a payoff must be in EUR"},
		{"lost + months", "column 8: `months` is month and `lost` is EUR; + needs both in one unit"},
	} {
		_, err := value.Compile(rented(schema, c.money))
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.money, err)
			}
			continue
		}
		var e *value.Error
		if !errors.As(err, &e) || e.Path != "value.actions.act" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n got %v\nwant %s", c.money, err, c.want)
		}
	}
}

// Without a currency payoffs need only agree; without units nothing is checked.
func TestPayoffUnitsWithoutCurrency(t *testing.T) {
	schema := loans(t).Schema()
	c := rented(schema, "")
	c.Currency = ""
	c.Value.Actions = scenario.Actions{action("act", "good", "lost", "bad", "amount * months"), action("other", "good", "-5 EUR", "bad", "0")}
	compile(t, c)
	c.Value.Actions[1] = action("other", "good", "-5 USD", "bad", "0")
	if _, err := value.Compile(c); err == nil || err.Error() != "value: value.actions.other.good: `-5 USD` is USD, but another payoff is EUR (write every amount in one unit)" {
		t.Error(err)
	}
	c.Units, c.Value.Params = nil, map[string]scenario.Param{"months": scenario.Known(12)}
	c.Value.Actions = scenario.Actions{action("act", "good", "amount * months", "bad", "amount + months - months ** 3")}
	c.Currency = "EUR"
	compile(t, c)
	// A currency that no expression can name is not checked.
	c.Currency = "Fr./t"
	compile(t, c)
}

func TestUnitsThatCannotBeRead(t *testing.T) {
	for _, c := range []struct {
		change func(c *value.Config)
		want   string
	}{
		{func(c *value.Config) { c.Units = map[string]string{"amount": "5 EUR"} }, `value: data.columns.amount.unit: formula: unit: "5 EUR": "5 EUR" is no word; write words joined by * and /, such as EUR / month`},
		{func(c *value.Config) { c.Value.Params["months"] = scenario.Param{Unit: "a b"} }, "value: value.params.months.unit: "},
	} {
		config := rented(loans(t).Schema(), "1")
		c.change(&config)
		if _, err := value.Compile(config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
