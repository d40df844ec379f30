package report

import (
	"fmt"

	"bespoke/value"
	"bespoke/web"
)

// scarce says what the decisions take of what is limited, what people who
// review bring, and what the uncertain parameters keep from being earned.
func (r *Result) scarce() []web.Block {
	e := r.Evaluate
	var blocks []web.Block
	if len(e.Usage) > 0 {
		blocks = append(blocks, r.usageTable())
	}
	if e.Desk != nil {
		blocks = append(blocks, web.Paragraph(e.Desk.Sentence))
	}
	if len(blocks) > 0 {
		blocks = append([]web.Block{web.Heading("What is scarce")}, blocks...)
	}
	if len(e.Uncertain) > 0 {
		blocks = append(blocks, web.Heading("What is not known for certain"))
		if e.Revealed != nil {
			blocks = append(blocks, web.Paragraph(e.Revealed.Sentence))
		}
		blocks = append(blocks, r.uncertainTable())
	}
	return blocks
}

func (r *Result) usageTable() web.Block {
	t := web.Table{
		Title: "What the decisions take",
		Columns: []web.Column{
			{Title: "Resource"},
			{Title: "taken", Number: true, Decimals: web.Auto},
			{Title: "there are", Number: true, Decimals: web.Auto},
			{Title: "share", Number: true, Unit: "%", Decimals: 0},
			{Title: "one more is worth", Number: true, Unit: r.currency(), Decimals: web.Auto},
		},
		Note: fmt.Sprintf("On the %d held-out rows; limits are for as many decisions. What one more unit is worth was learnt from out-of-fold rows: nobody should pay more for it.", r.Evaluate.Rows),
	}
	for _, u := range r.Evaluate.Usage {
		row := web.Row{Cells: []web.Cell{web.Str(u.Resource), web.Num(u.Used), web.Str("no limit"), web.Str(" "), web.Num(u.Price)}}
		if u.Limited {
			row.Cells[2] = web.Num(u.Limit)
			if u.Limit > 0 {
				row.Cells[3] = web.Num(u.Used / u.Limit)
			}
		}
		if u.Price == 0 {
			row.Cells[4] = web.Str("nothing")
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// uncertainTable shows what is believed of each uncertain parameter, and what
// knowing it before deciding would be worth.
func (r *Result) uncertainTable() web.Block {
	per, unit := r.period()
	t := web.Table{
		Title: "Uncertain numbers",
		Columns: []web.Column{
			{Title: "Number", Code: true},
			{Title: "believed to be"},
			{Title: "mean", Number: true, Decimals: web.Auto},
			{Title: "9 times in 10"},
		},
		Note: "What knowing is worth is the most that anyone should pay for a study that settles the number before it is decided.",
	}
	worth := map[string]value.Worth{}
	if k := r.Evaluate.Revealed; k != nil {
		t.Columns = append(t.Columns, web.Column{Title: "knowing it is worth, " + unit, Number: true, Unit: r.currency(), Decimals: web.Auto}, web.Column{Title: "it changes", Number: true, Unit: "% of decisions", Decimals: 1})
		for _, w := range k.Alone {
			worth[w.Name] = w
		}
	}
	for _, u := range r.Evaluate.Uncertain {
		row := web.Row{Cells: []web.Cell{
			web.Str(u.Name), web.Str(u.Text), web.Num(u.Mean), web.Str(fmt.Sprintf("%s to %s", value.Round(u.Low), value.Round(u.High))),
		}}
		if u.Unit != "" {
			row.Cells[1].Text += " " + u.Unit
		}
		if r.Evaluate.Revealed != nil {
			switch w, known := worth[u.Name]; {
			case !known:
				row.Cells = append(row.Cells, web.Str("–"), web.Str("–"))
			case w.Worth <= 0:
				row.Cells = append(row.Cells, web.Str("nothing"), web.Num(100*w.Changed))
			default:
				row.Cells = append(row.Cells, web.Num(w.Worth*per), web.Num(100*w.Changed))
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
