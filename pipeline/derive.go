package pipeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bespoke/features"
	"bespoke/model"
	"bespoke/runs"
	"bespoke/scenario"
	"bespoke/text"
	"bespoke/train"
	"bespoke/zoo"
)

// gainShare is one over the share of a time budget that measuring gains may
// take, each encoding as much as any other.
const gainShare = 3

// gains tries the steps of derived features for the encodings that the
// candidates read, or gets what they brought from the journal.
func (l Learning) gains(ctx context.Context, out *Learnt) ([]train.Gain, error) {
	wish := l.Scenario.Derivation()
	if !wish.Auto() && len(wish.Force) == 0 {
		return nil, nil
	}
	var all []train.Gain
	each := encodings(out.Plan.Candidates)
	for _, e := range each {
		work := func() ([]train.Gain, error) {
			within := ctx
			if budget := time.Duration(l.Scenario.Budget.Time); budget > 0 {
				var cancel context.CancelFunc
				within, cancel = context.WithTimeoutCause(ctx, budget/time.Duration(gainShare*len(each)), train.ErrLate)
				defer cancel()
			}
			return out.Problem.MeasureGains(within, wish, e, l.Split, l.Threads)
		}
		var gains []train.Gain
		var err error
		if l.Store == nil {
			gains, err = work()
		} else {
			gains, _, err = runs.Once(ctx, l.Store, "gains", runs.KeyOf(l.Key, wish, e), work)
		}
		if err != nil {
			return nil, err
		}
		for _, g := range gains {
			l.Report.Tell(runs.Event{Stage: "train", Message: gainText(g)})
		}
		all = append(all, gains...)
	}
	return all, nil
}

// wideText is how the scenario has text read by models of a sparse part; nil as
// by any others.
func wideText(f *scenario.Features) *features.Wide {
	if f == nil || f.Text == nil {
		return nil
	}
	of := text.Words
	if f.Text.Ngrams == "characters" {
		of = text.Characters
	}
	return &features.Wide{Of: of, Size: f.Text.Size}
}

func gainText(g train.Gain) string {
	text := fmt.Sprintf("derived features, %s for %s models: loss %.5g to %.5g, gain %.2g ± %.2g", g.Step, g.Encoding, g.Before, g.After, g.Gain, g.Error)
	switch {
	case g.Before == 0 && g.After == 0:
		return fmt.Sprintf("derived features, %s for %s models: %s", g.Step, g.Encoding, g.Reason)
	case g.Kept:
		return text + ", kept"
	}
	return text + ", not kept"
}

// encodings are those of the candidates that read features at all, each once.
func encodings(candidates []model.Candidate) []model.Encoding {
	var out []model.Encoding
	for _, c := range candidates {
		if c.Model == zoo.Prior.Name {
			continue
		}
		if e, err := zoo.Find(c.Model); err == nil && !slices.Contains(out, e.Encoding) {
			out = append(out, e.Encoding)
		}
	}
	return out
}
