package infer

import (
	"fmt"

	"bespoke/data/source"
	"bespoke/internal/spill"
	"bespoke/table"
)

// handOver puts the values of a typed column where those of its raw column are,
// which it lets go. Only numbers and times can be the same values.
func handOver(c *table.Column, raw *source.Column) error {
	if raw.Disk() == nil {
		return nil
	}
	if c != nil {
		switch {
		case len(c.Numbers) > 0 && len(raw.Numbers) > 0 && &c.Numbers[0] == &raw.Numbers[0]:
			c.OnDisk, raw.Numbers = true, nil
		case len(c.Times) > 0 && len(raw.Times) > 0 && &c.Times[0] == &raw.Times[0]:
			c.OnDisk, raw.Times = true, nil
		default:
			if err := Keep(c, raw.Disk()); err != nil {
				return err
			}
		}
	}
	raw.Free()
	return nil
}

// Keep moves the values of a column to a disk, where there is one. Texts stay in
// memory.
func Keep(c *table.Column, d *spill.Disk) error {
	if d == nil || c.OnDisk {
		return nil
	}
	var err error
	switch c.Kind {
	case table.Number:
		c.Numbers, err = spill.Copy(d, c.Numbers)
	case table.Category:
		c.Codes, err = spill.Copy(d, c.Codes)
	case table.Time:
		c.Times, err = spill.Copy(d, c.Times)
	case table.Text:
		return nil
	}
	if err != nil {
		return fmt.Errorf("data: keeping column %q on disk: %w", c.Name, err)
	}
	c.OnDisk = true
	return nil
}
