package web

import "math"

// sample is a report with every kind of block, with numbers as a run on
// credit-g gives them.
func sample() Document {
	ci := func(low, high float64) *Interval { return &Interval{Low: low, High: high, Level: 0.95} }
	return Document{
		Title:    "credit-g",
		Subtitle: "A lender decides whom to lend to: a bad loan costs five times what a good one earns.",
		Verdict:  "Lend to 52 % of applicants: 62,400 DEM a month more than today’s rule.",
		Tone:     Good,
		Facts:    []Fact{{"rows", "1,000 (200 held out)"}, {"seed", "1"}, {"trials", "40"}, {"version", "bespoke 0.1.0"}, {"scenario", "9c41f0d2"}},
		Headline: []Figure{
			{Label: "Money gained over today’s rule", Value: Quantity{Value: 62400, Interval: ci(21500, 104200), Unit: "DEM", Signed: true}, Per: "per month at 2,000 decisions", Tone: Good, Zero: true},
			{Label: "Over the most accurate model", Value: Quantity{Value: 8900, Interval: ci(-3100, 20400), Unit: "DEM", Signed: true}, Per: "per month", Zero: true},
			{Label: "Of all the money there is", Value: Quantity{Value: 0.46, Interval: ci(0.33, 0.58), Unit: "%", Decimals: 0}, Per: "of a perfect model’s"},
			{Label: "Realised over expected", Value: Quantity{Value: 0.97, Interval: ci(0.81, 1.14), Decimals: 2}, Per: "allowed 0.90 to 1.10"},
		},
		Gates:  sampleGates(),
		Footer: "Made by `bespoke run examples/credit-g`. Same scenario, data and seed give the same numbers.",
		Chapters: []Chapter{
			sampleEvaluate(), sampleNeed(), sampleData(), sampleDesign(), sampleTrain(), sampleExplain(), sampleBundle(), sampleMonitor(),
		},
	}
}

func sampleGates() []Gate {
	return []Gate{
		{"need", "Money in it", Passed, "A perfect model would earn 214,000 DEM a month; the costs are 1,040."},
		{"data", "Data fit to learn from", Warned, "2 findings, both handled; `purpose` has rare values."},
		{"evaluate", "Money as promised", Passed, "Realised over expected money is 0.97, inside 0.90 to 1.10."},
		{"bundle", "Within the limits", Passed, "0.21 ms at the 95th percentile, 1.4 MB; allowed 5 ms and 20 MB."},
	}
}

func sampleNeed() Chapter {
	return Chapter{
		Stage: "need", Title: "Is there money in it at all?",
		Lead: "Yes. Lending to everyone loses money, refusing everyone earns nothing, and knowing who pays back would be worth 107 DEM on each decision.",
		Blocks: []Block{
			Figures{
				{Label: "A perfect model", Value: Quantity{Value: 107, Unit: "DEM"}, Per: "per decision", Tone: Good},
				{Label: "The best constant action: refuse", Value: Quantity{Value: 0, Unit: "DEM"}, Per: "per decision"},
				{Label: "Costs of having a model", Value: Quantity{Value: -0.52, Unit: "DEM", Decimals: 2}, Per: "per decision at 2,000 a month", Tone: Bad},
			},
			Table{
				Title: "What each action is worth",
				Columns: []Column{
					{Title: "Action", Code: true},
					{Title: "good", Number: true, Unit: "DEM", Signed: true, Decimals: 0},
					{Title: "bad", Number: true, Unit: "DEM", Signed: true, Decimals: 0},
					{Title: "Formula"},
				},
				Rows: []Row{
					{Cells: []Cell{Str("grant"), {Value: 393, Tone: Good}, {Value: -2361, Tone: Bad}, Str("0.12 × credit_amount, −0.6 × credit_amount")}},
					{Cells: []Cell{Str("refuse"), Num(0), Num(0), Str("0")}},
				},
				Note: "Means over the rows of each outcome.",
			},
			Callout{Warn, "Today’s rule", "`refuse-none` lends to everybody. It is what the gain is measured against."},
		},
	}
}

func sampleData() Chapter {
	return Chapter{
		Stage: "data", Title: "Can this data teach it?",
		Lead: "1,000 rows, 20 columns, 30 % bad loans. Two things were found and handled.",
		Blocks: []Block{
			Findings{
				{Severity: Warn, Rule: "rare-categories", Message: "`purpose` has 3 values with fewer than 15 rows: vacation, retraining, domestic appliance.", Rows: 34, Action: "joined into one value"},
				{Severity: Bad, Rule: "duplicate-across-split", Message: "2 held-out rows are also among the training rows.", Rows: 2, Action: "removed from training"},
				{Severity: Good, Rule: "leakage", Message: "No single column predicts the outcome suspiciously well; the best is `checking_status` with AUC 0.71."},
				{Severity: Neutral, Rule: "class-balance", Message: "30.0 % of rows are bad.", Rows: 300},
			},
			Grid{
				Histogram{Title: "Amounts are skewed: half are below 2,320", Axis: "credit_amount", Unit: "DEM", Edges: []float64{0, 2000, 4000, 6000, 8000, 10000, 12000, 14000, 16000, 18424}, Series: []HistogramSeries{{Counts: []float64{432, 322, 110, 68, 28, 17, 12, 9, 2}}}}.Chart(),
				Histogram{Title: "Purposes", Axis: "purpose", Labels: []string{"radio/tv", "new car", "furniture", "used car", "business", "education", "repairs", "other"}, Series: []HistogramSeries{{Counts: []float64{280, 234, 181, 103, 97, 50, 22, 33}}}}.Chart(),
			},
			Fold{"All 20 columns", []Block{Table{
				Columns: []Column{{Title: "Column", Code: true}, {Title: "Kind"}, {Title: "Missing", Number: true, Unit: "%", Decimals: 1}, {Title: "Distinct", Number: true}, {Title: "Typical"}},
				Rows: []Row{
					{Cells: []Cell{Str("checking_status"), Str("category"), Num(0), Num(4), Str("no checking (394)")}},
					{Cells: []Cell{Str("duration"), Str("number"), Num(0), Num(33), Str("18 (12 to 24)")}},
					{Cells: []Cell{Str("credit_amount"), Str("number"), Num(0), Num(921), Str("2,320 (1,366 to 3,972)")}},
					{Cells: []Cell{Str("savings_status"), Str("category"), Num(0.183), Num(4), Str("<100 (603)")}},
				},
			}}},
		},
	}
}

func sampleDesign() Chapter {
	return Chapter{
		Stage: "design", Title: "What was tried, and why?",
		Lead: "Three kinds of model fit a thousand rows of mixed columns.",
		Blocks: []Block{
			Table{
				Columns: []Column{{Title: "Model", Code: true}, {Title: "Reason"}, {Title: "Trials", Number: true}},
				Rows: []Row{
					{Cells: []Cell{Str("linear.logistic.v1"), Str("Few rows: a straight line is hard to beat and easy to explain."), Num(14)}},
					{Cells: []Cell{Str("trees.boost.v1"), Str("Mixed columns with categories and thresholds."), Num(25)}},
					{Cells: []Cell{Str("baseline.prior.v1"), Str("What knowing nothing earns; every model must beat it."), Num(1)}},
				},
			},
			Code{Title: "scenario.yaml", Language: "yaml", Text: "scenario: credit-g\nneed:                        # is there money in it at all?\n  currency: DEM\n  volume: 2000 / month       # decisions\nvalue:\n  actions:\n    grant:  {good: 0.12 * credit_amount, bad: -0.6 * credit_amount}\n    refuse: {good: 0, bad: 0}\n"},
		},
	}
}

func sampleTrain() Chapter {
	points := []Trial{}
	for i := range 38 {
		x := float64(i)
		model, metric := "trees.boost.v1", 0.772+0.014*math.Sin(x*1.7)-0.0004*x
		if i%3 == 0 {
			model, metric = "linear.logistic.v1", 0.768+0.009*math.Sin(x)
		}
		points = append(points, Trial{Model: model, Label: "trial", Metric: metric, Money: 41000 + 420000*(metric-0.77) + 3900*math.Sin(x*2.9)})
	}
	points[4].Metric, points[4].Mark = 0.791, "most accurate"
	points[7].Money, points[7].Mark = 55100, "earns most"
	var best Line
	best.Name = "best so far"
	top := math.Inf(-1)
	for i, p := range points {
		top = math.Max(top, p.Money)
		best.Points = append(best.Points, LinePoint{X: float64(i + 1), Y: top})
	}
	return Chapter{
		Stage: "train", Title: "What came of the trials?",
		Lead: "The most accurate model is not the one that earns most.",
		Blocks: []Block{
			Trials{Title: "Every trial by quality and by money", Metric: "AUC", Unit: "DEM", Per: "per 1,000 decisions", Points: points, Caption: "Money is the mean over five folds of the rows that were not held out."}.Chart(),
			Lines{Title: "The search had settled by trial 8", X: "trial", Y: "money per 1,000 decisions", Unit: "DEM", Series: []Line{best}}.Chart(),
		},
	}
}

func sampleEvaluate() Chapter {
	curve := ProfitCurve{
		Title: "Lending to about half of the applicants earns most", Caption: "The band is the 95 % interval from 2,000 resamples of the 200 held-out rows. The dot is where the per-row decisions lie.",
		Action: "granted", Unit: "DEM", Per: "per 1,000 decisions",
		References: []Reference{{"refuse all", 0}, {"today: grant all", -6200}, {"perfect model", 107000}},
	}
	for i := 0; i <= 40; i++ {
		s := float64(i) / 40
		m := 150000*s - 156200*s*s*(0.55+0.45*s)
		curve.Points = append(curve.Points, CurvePoint{Share: s, Money: m, Interval: &Interval{Low: m - 4000 - 24000*s, High: m + 4000 + 22000*s}})
	}
	curve.Chosen = &CurvePoint{Share: 0.52, Money: 49300, Interval: &Interval{Low: 35400, High: 62600}}
	policy := func(name string, money, low, high float64) Policy {
		return Policy{Name: name, Money: money, Interval: &Interval{Low: low, High: high}}
	}
	policies := Policies{
		Title: "Every way to decide, on the same held-out rows", Unit: "DEM", Per: "per 1,000 decisions",
		Rows: []Policy{
			policy("refuse all", 0, 0, 0), policy("grant all (today)", -6200, -38000, 24100), policy("most accurate model, cut at 50 %", 31200, 8100, 53800),
			policy("most accurate model, decided by money", 44900, 29800, 59400), policy("the one that earns most", 49300, 35400, 62600), policy("perfect model", 107000, 98100, 116300),
		},
	}
	policies.Rows[4].Chosen = true
	calibration := Calibration{Title: "A promised 30 % is 30 %", Predicted: "predicted probability of bad", Observed: "share that was bad", Unit: "%"}
	for i, n := range []int{31, 38, 33, 27, 22, 17, 14, 9, 6, 3} {
		p := 0.05 + 0.1*float64(i)
		o := min(p+0.05*math.Sin(float64(i)*1.9), 1)
		half := 1.5 * math.Sqrt(p*(1-p)/float64(n))
		calibration.Bins = append(calibration.Bins, CalibrationBin{Predicted: p, Observed: o, Rows: n, Interval: &Interval{Low: max(o-half, 0), High: min(o+half, 1)}})
	}
	return Chapter{
		Stage: "evaluate", Title: "Does it earn what it promises?",
		Lead: "On 200 rows that no model had seen, deciding by expected money earned 49.3 DEM per decision, with an interval from 35.4 to 62.6.",
		Blocks: []Block{
			Table{
				Title: "Technology-driven against scenario-driven",
				Columns: []Column{
					{Title: "Choice"},
					{Title: "Model", Code: true},
					{Title: "AUC", Number: true, Decimals: 3, Help: "Chance that a bad loan is ranked above a good one."},
					{Title: "Money per 1,000 decisions", Number: true, Unit: "DEM", Decimals: 0, Signed: true, Whisker: true},
				},
				Rows: []Row{
					{Cells: []Cell{Str("most accurate"), Str("trees.boost.v1 #5"), Est(0.791, 0.722, 0.853), Est(44900, 29800, 59400)}},
					{Cells: []Cell{Str("earns most"), Str("linear.logistic.v1 #8"), Est(0.779, 0.708, 0.844), Est(49300, 35400, 62600)}, Chosen: true, Badge: "chosen"},
					{Cells: []Cell{Str("difference"), Str(""), Est(-0.012, -0.034, 0.009), {Value: 4400, Interval: &Interval{Low: -1550, High: 10200}, Tone: Good}}},
				},
				Note: "Paired bootstrap: both are judged on the same resampled rows.",
			},
			curve.Chart(), policies.Chart(),
			Grid{
				calibration.Chart(),
				Confusion{Title: "What was decided for whom", Actual: "outcome", Decided: "decision", Rows: []string{"good", "bad"}, Columns: []string{"grant", "refuse"}, Counts: [][]float64{{94, 46}, {10, 50}}, Money: [][]float64{{33100, 0}, {-23240, 0}}, Unit: "DEM"}.Chart(),
			},
		},
	}
}

func sampleExplain() Chapter {
	names := []string{"checking_status", "duration", "credit_amount", "savings_status", "credit_history", "purpose", "age", "other_parties", "installment_commitment", "personal_status", "foreign_worker", "num_dependents"}
	auc := Importance{Title: "For ranking", Measure: "AUC lost", Decimals: 3}
	money := Importance{Title: "For money", Measure: "money lost per 1,000 decisions", Unit: "DEM"}
	for i, n := range names {
		v := 0.074*math.Exp(-float64(i)*0.42) - 0.002
		auc.Rows = append(auc.Rows, ImportanceRow{Name: n, Value: v, Interval: &Interval{Low: v - 0.006 - v*0.12, High: v + 0.006 + v*0.12}})
		m := 21000*math.Exp(-float64((i*5)%12)*0.38) - 600
		money.Rows = append(money.Rows, ImportanceRow{Name: names[(i*5)%12], Value: m, Interval: &Interval{Low: m - 2200, High: m + 2200}})
	}
	for i := range money.Rows {
		for j := i + 1; j < len(money.Rows); j++ {
			if money.Rows[j].Value > money.Rows[i].Value {
				money.Rows[i], money.Rows[j] = money.Rows[j], money.Rows[i]
			}
		}
	}
	return Chapter{
		Stage: "explain", Title: "Why does it say that?",
		Lead: "What matters for ranking is not quite what matters for money: the amount decides how much is at stake.",
		Blocks: []Block{
			Grid{auc.Chart(), money.Chart()},
			Heading("One applicant"),
			Paragraph("Row 731 was refused: its expected money is −212 DEM. The reasons add up exactly to the prediction."),
			Waterfall{
				Title: "Why row 731 has a 58 % chance of being bad", Axis: "probability of bad", Unit: "%", Decimals: 1, Start: "average applicant", End: "this applicant", Base: 0.30, Up: Bad,
				Reasons: []Reason{{"checking_status", "<0", 0.142}, {"duration", "48", 0.118}, {"credit_amount", "5,951", 0.031}, {"age", "22", 0.042}, {"savings_status", "no known savings", -0.036}, {"other 15 columns", "", -0.017}},
			}.Chart(),
			Facts{{"additivity gap", "2.2e-16"}, {"method", "TreeSHAP, path-dependent"}, {"rows explained", "5"}, {"repeats", "5"}},
		},
	}
}

func sampleBundle() Chapter {
	return Chapter{
		Stage: "bundle", Title: "What do you take away?",
		Lead: "One file that decides again, verified and measured.",
		Blocks: []Block{
			Gates{{"bundle", "Latency", Passed, "0.21 ms at the 95th percentile; allowed 5 ms"}, {"bundle", "Size", Passed, "1.4 MB; allowed 20 MB"}, {"bundle", "Memory", Skipped, "no limit given"}},
			Code{Title: "Serve it", Language: "shell", Text: "bespoke serve examples/credit-g/run/credit-g.bespoke"},
		},
	}
}

func sampleMonitor() Chapter {
	promised, realised := Line{Name: "promised"}, Line{Name: "realised"}
	for i := range 12 {
		x := 1.7e9 + 604800*float64(i)
		promised.Points = append(promised.Points, LinePoint{X: x, Y: 14300})
		y := 14100 - 260*float64(i) + 900*math.Sin(float64(i)*2)
		realised.Points = append(realised.Points, LinePoint{X: x, Y: y, Interval: &Interval{Low: y - 2400, High: y + 2400}})
	}
	return Chapter{
		Stage: "monitor", Title: "Is it still earning?",
		Blocks: []Block{
			Lines{Title: "Profit per week", X: "week", Y: "profit", Unit: "DEM", Time: true, Series: []Line{promised, realised}}.Chart(),
			Grid{
				Drift{Title: "Two columns have moved", Rows: []DriftRow{{"credit_amount", 0.31}, {"purpose", 0.17}, {"duration", 0.06}, {"age", 0.03}, {"housing", 0.01}}}.Chart(),
				Histogram{Title: "credit_amount, then and now", Axis: "credit_amount", Unit: "DEM", Edges: []float64{0, 2000, 4000, 6000, 8000, 10000, 12000, 14000}, Series: []HistogramSeries{{"training", []float64{432, 322, 110, 68, 28, 17, 12}}, {"last month", []float64{101, 142, 98, 71, 44, 25, 19}}}}.Chart(),
			},
		},
	}
}
