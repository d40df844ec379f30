//go:build unix

package ledger_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"bespoke/ledger"
)

const killDir = "BESPOKE_LEDGER_KILL_DIR"

// TestMain lets the test binary act as the writer that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		appendForever(dir)
	}
	os.Exit(m.Run())
}

// appendForever prints the id of every record once it was acknowledged.
func appendForever(dir string) {
	opt := ledger.Default()
	opt.MaxBytes = 16 << 10
	w, err := ledger.Open(dir, opt)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ids := ledger.NewIDs(nil, nil)
	for i := 0; ; i++ {
		d := decision(i)
		if d.ID, err = ids.New(); err == nil {
			err = w.Append(context.Background(), ledger.Record{Decision: d})
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(d.ID)
	}
}

// Killing the writer at any moment loses nothing that it acknowledged, and the
// next one goes on in the same folder.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	kills := 20
	if testing.Short() {
		kills = 5
	}
	dir := filepath.Join(t.TempDir(), "ledger")
	rng := rand.New(rand.NewPCG(7, 7))
	acknowledged := map[string]bool{}
	for range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), killDir+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// The clock of a life starts with its first acknowledged record, so that
		// a busy machine does not end it before it has begun.
		var stop *time.Timer
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if stop == nil {
				stop = time.AfterFunc(time.Duration(rng.IntN(60))*time.Millisecond, func() { _ = cmd.Process.Kill() })
			}
			if len(lines.Text()) == 36 { // a whole line
				acknowledged[lines.Text()] = true
			}
		}
		_ = cmd.Wait() // it was killed
		if stop != nil {
			stop.Stop()
		}
	}
	got, stats := readAll(t, dir)
	for _, r := range got {
		delete(acknowledged, r.Decision.ID)
	}
	if len(acknowledged) > 0 || stats.Corrupt > 0 || stats.Gaps > 0 {
		t.Errorf("%d acknowledged records are lost; %+v", len(acknowledged), stats)
	}
	if len(got) < kills {
		t.Errorf("only %d records were written in %d lives", len(got), kills)
	}
	t.Logf("%d kills: %+v", kills, stats)
}
