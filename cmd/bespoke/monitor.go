package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bespoke/bundle"
	"bespoke/internal/near"
	"bespoke/ledger"
	"bespoke/monitor"
	"bespoke/pipeline"
	"bespoke/runs"
)

// monitoring are the flags of the verb.
type monitoring struct {
	log, outcomes, by, from, to string
	file                        ledger.OutcomeFile
	options                     monitor.Options
}

func newMonitor() *cobra.Command {
	m := monitoring{options: monitor.Default()}
	cmd := &cobra.Command{
		Use:   "monitor BUNDLE --log FOLDER",
		Short: "Say whether a bundle still earns what it promised",
		Long: `Say whether a bundle still earns what it promised: join the decisions that
` + "`bespoke serve --log`" + ` wrote with the outcomes that have come in since, compare
promised, expected and realised money, and look for rows that no longer look
like those it learnt from.

Outcomes come from the log itself (POST /v1/outcomes) and from --outcomes, a
file (csv, tsv, jsonl) with one row per case: either a column of decision ids
(--id) or one of your own names of the cases (--key), and a column with what
came of it (--outcome). An alarm ends the command with exit code 3, so that a
scheduled job can tell; warnings and notes do not.`,
		Example: `  bespoke monitor run/credit-g.bespoke --log decisions --outcomes paid.csv
  bespoke monitor run/credit-g.bespoke --log decisions \
    --outcomes paid.csv --key loan --outcome class
  bespoke monitor run/credit-g.bespoke --log decisions --by month --json`,
		GroupID:           "use",
		Args:              args(1, 1),
		ValidArgsFunction: completeFiles(bundleFiles),
		RunE: func(cmd *cobra.Command, given []string) error {
			t, err := newTerminal(cmd)
			if err != nil {
				return err
			}
			if err := m.settle(cmd); err != nil {
				return usageError{err}
			}
			return m.run(t, given[0])
		},
	}
	m.flags(cmd)
	return cmd
}

func (m *monitoring) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false // "its column" refers to the flag above
	flags.StringVar(&m.log, "log", "", "`folder` that `bespoke serve --log` wrote decisions to")
	flags.StringVar(&m.outcomes, "outcomes", "", "`file` of outcomes that came in later")
	flags.StringVar(&m.file.ID, "id", "", "its `column` of decision ids (default \"id\")")
	flags.StringVar(&m.file.Key, "key", "", "its `column` of your own names of the cases, instead of ids")
	flags.StringVar(&m.file.Value, "outcome", "outcome", "its `column` with what came of the case")
	flags.StringVar(&m.file.Time, "time", "", "its `column` that says when that became known")
	flags.StringVar(&m.options.Key, "row-key", "", "input `column` that names the case, where no key was sent with the row")
	flags.StringVar(&m.by, "by", string(m.options.Window), "`period` that figures are divided into: day, week or month")
	flags.StringVar(&m.from, "from", "", "first `day` of decisions, such as 2026-01-31")
	flags.StringVar(&m.to, "to", "", "last `day` of decisions")
	flags.Float64Var(&m.options.Confidence, "confidence", m.options.Confidence, "`level` of intervals; the rest is the share of false alarms")
	flags.IntVar(&m.options.MinRows, "min-rows", m.options.MinRows, "`number` of decisions that an alarm must rest on")
	// The flag is there: this function has just defined it.
	_ = cmd.RegisterFlagCompletionFunc("by", cobra.FixedCompletions(windows, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.MarkFlagDirname("log")
	_ = cmd.MarkFlagFilename("outcomes", "csv", "tsv", "jsonl", "ndjson")
}

var windows = []string{string(monitor.Day), string(monitor.Week), string(monitor.Month)}

// settle checks the flags and makes options of them.
func (m *monitoring) settle(cmd *cobra.Command) (err error) {
	if m.log == "" {
		return errors.New("monitor: --log is missing; it names the folder that `bespoke serve --log` wrote decisions to")
	}
	if info, err := os.Stat(m.log); err != nil || !info.IsDir() {
		return fmt.Errorf("--log: there is no folder %q", m.log)
	}
	if !slices.Contains(windows, m.by) {
		return fmt.Errorf("--by: %q is none of %s%s", m.by, strings.Join(windows, ", "), near.Hint(m.by, windows))
	}
	m.options.Window = monitor.Window(m.by)
	if m.options.From, err = day(m.from); err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	if m.options.To, err = day(m.to); err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	if m.to != "" {
		m.options.To = m.options.To.AddDate(0, 0, 1) // the day itself is included
	}
	if m.file.ID != "" && m.file.Key != "" {
		return errors.New("--id and --key exclude each other")
	}
	if m.outcomes == "" {
		for _, name := range []string{"id", "key", "outcome", "time"} {
			if cmd.Flags().Changed(name) {
				return fmt.Errorf("--%s names a column of a file, so --outcomes is needed", name)
			}
		}
	}
	if m.file.ID == "" && m.file.Key == "" {
		m.file.ID = "id"
	}
	return m.options.Validate()
}

func day(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, fmt.Errorf("%q is no day, such as 2026-01-31", text)
	}
	return t, nil
}

func (m *monitoring) run(t *terminal, path string) error {
	b, err := bundle.Open(path)
	if err != nil {
		return err
	}
	if m.outcomes != "" {
		m.options.Outcomes = &ledger.Outcomes{}
		stats, err := ledger.ReadOutcomesFile(m.outcomes, m.file, func(o ledger.Outcome) error {
			m.options.Outcomes.Add(o)
			return nil
		})
		if err != nil {
			return err
		}
		t.Event(runs.Event{Stage: "monitor", Message: fmt.Sprintf("%d outcomes read, %d rows have none yet", stats.Read, stats.Empty), Time: time.Now()})
	}
	r, err := monitor.Run(b, m.log, m.options)
	if err != nil {
		return err
	}
	if t.json {
		err = t.printJSON(r)
	} else {
		_, err = io.WriteString(t.out, r.Text())
	}
	return errors.Join(err, alarmed(r))
}

// alarmed is the gate of monitoring: an alarm, not a warning.
func alarmed(r *monitor.Report) error {
	for _, a := range r.Alarms {
		if a.Level == monitor.Grave {
			return &pipeline.GateError{
				Stage: "monitor", Sentence: a.Text,
				Hint: "Look at the drift above; learning again from newer rows with `bespoke run` is the usual cure.",
			}
		}
	}
	return nil
}
