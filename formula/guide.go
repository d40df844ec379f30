package formula

// Guide is the page about units and uncertain parameters, in Markdown.
const Guide = `
## Units
Parameters, columns and constants may say what they count: ` + "`200 EUR`, `45%`, `36 months`, `12 EUR / month`" + ` under ` + "`value.params`" + `, ` + "`unit:`" + ` under ` + "`data.columns`" + `, and a payoff that is one constant, such as ` + "`bad: -60 EUR`" + `. Units are words joined by ` + "`*` and `/`" + `; ` + "`months`" + ` and ` + "`month`" + ` are one word. They are checked as far as they are known: a number in an expression, and a column or parameter without a unit, fits anything, and so does every product with it.

- ` + "`+`, `-`, `%`, `? :`, `??`" + ` and comparisons need both sides in one unit. ` + "`*`, `/`" + ` and whole powers combine units.
- A share such as ` + "`45%`" + ` is a plain number. A column with the unit ` + "`%`" + ` holds hundredths: divide it by 100.
- A payoff whose unit is known must be in ` + "`need.currency`" + `. Money in another currency is an error, as is money per month: multiply it by a number of months.

## Uncertain parameters
A parameter that is not known has a distribution: ` + "`{beta: [6, 14]}`, `{normal: [mean, sd]}`, `{uniform: [low, high]}`" + `, or single values with their chances, ` + "`{points: {0: 55%, 1: 10%}, uniform: [0, 1]}`" + `, where the rest of the chance goes to the other values. Uncertain parameters are independent of each other; at most four are allowed.

Decisions use the money expected over them. A payoff that is linear in each of them is worked out once, at their means; any other is averaged over a grid (64 points for one parameter, 16 x 16 for two), which takes as many times longer. ` + "`need.today`" + ` cannot depend on an uncertain parameter.
`
