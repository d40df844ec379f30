//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
	"unsafe"

	"bespoke/internal/tabletest"
)

// pty opens a terminal of the given width: what is written to the program's
// side can be read from ours.
func pty(t *testing.T, width int) (ours, programs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no terminals here: %v", err)
	}
	t.Cleanup(func() { _ = ours.Close() })
	ioctl := func(request uintptr, arg unsafe.Pointer) {
		if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, ours.Fd(), request, uintptr(arg)); e != 0 {
			t.Skipf("there are no terminals here: %v", e)
		}
	}
	var locked, number int32
	ioctl(syscall.TIOCSPTLCK, unsafe.Pointer(&locked))
	ioctl(syscall.TIOCGPTN, unsafe.Pointer(&number))
	size := [4]uint16{50, uint16(width), 0, 0}
	ioctl(syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	programs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no terminals here: %v", err)
	}
	return ours, programs
}

// onTerminal is what a program wrote to a terminal.
type onTerminal struct {
	keys *os.File
	mu   sync.Mutex
	raw  strings.Builder
	end  chan struct{}
}

// press sends a key to the program.
func (o *onTerminal) press(t *testing.T, key byte) {
	t.Helper()
	if _, err := o.keys.Write([]byte{key}); err != nil {
		t.Fatal(err)
	}
}

func (o *onTerminal) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.raw.String()
}

// inTerminal starts the program with a terminal as its standard output and error.
func inTerminal(t *testing.T, width int, env []string, args ...string) (*exec.Cmd, *onTerminal) {
	t.Helper()
	ours, programs := pty(t, width)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(append(os.Environ(), asProgram+"=program", "TERM=xterm-256color", "NO_COLOR="), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = programs, programs, programs
	// The terminal is the program's own, so that its keys reach it as signals.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	_ = programs.Close() // the program has its own
	o := &onTerminal{keys: ours, end: make(chan struct{})}
	go func() {
		defer close(o.end)
		b := make([]byte, 4096)
		for {
			n, err := ours.Read(b)
			o.mu.Lock()
			o.raw.Write(b[:n])
			o.mu.Unlock()
			if err != nil { // EIO once the program has gone
				return
			}
		}
	}()
	return cmd, o
}

// wait waits for a text to be written.
func (o *onTerminal) wait(t *testing.T, text string) {
	t.Helper()
	for {
		if strings.Contains(o.text(), text) {
			return
		}
		select {
		case <-o.end:
			if !strings.Contains(o.text(), text) {
				t.Fatalf("%q was never shown in %q", text, o.text())
			}
		case <-time.After(5 * time.Millisecond):
		}
	}
}

var control = regexp.MustCompile(`^\x1b\[(\??[0-9;]*)([A-Za-z])`)

// screen is what is left to see of what was written to a terminal: it follows
// the few control sequences that move the cursor or erase.
func screen(t *testing.T, raw string) []string {
	t.Helper()
	lines, row, column := [][]rune{nil}, 0, 0
	for len(raw) > 0 {
		if m := control.FindStringSubmatch(raw); m != nil {
			n, _ := strconv.Atoi(m[1]) // none means one
			switch m[2] {
			case "A":
				row = max(0, row-max(1, n))
			case "G":
				column = max(1, n) - 1
			case "J":
				lines = append(lines[:row], lines[row][:min(column, len(lines[row]))])
			case "K":
				lines[row] = lines[row][:min(column, len(lines[row]))]
			case "m", "h", "l":
			default:
				t.Fatalf("unknown control sequence %q", m[0])
			}
			raw = raw[len(m[0]):]
			continue
		}
		c, size := utf8.DecodeRuneInString(raw)
		raw = raw[size:]
		switch c {
		case '\r':
			column = 0
		case '\n':
			row++
			for row >= len(lines) {
				lines = append(lines, nil)
			}
		default:
			for len(lines[row]) <= column {
				lines[row] = append(lines[row], ' ')
			}
			lines[row][column] = c
			column++
		}
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = strings.TrimRight(string(l), " ")
	}
	return out
}

var moving = regexp.MustCompile(`\[[=> ]{20,}\]|[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]`)

// TestProgressOnATerminal: while the program works there is a bar; afterwards
// there is none, finished bars have become lines in the order of the stages,
// and the result follows.
func TestProgressOnATerminal(t *testing.T) {
	dir := folder(t, map[string]string{"scenario.yaml": slower, "loans.csv": tabletest.CSV(tabletest.Loans(300, 3))})
	cmd, shown := inTerminal(t, 100, nil, "run", dir)
	<-shown.end
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, shown.text())
	}
	raw := shown.text()
	if !regexp.MustCompile(`train *\[=*>? *\] \d+ of 12`).MatchString(raw) {
		t.Errorf("there was never a bar in %q", raw)
	}
	lines := screen(t, raw)
	text := strings.Join(lines, "\n")
	if left := moving.FindString(text); left != "" {
		t.Errorf("%q was left on the screen:\n%s", left, text)
	}
	at := 0
	for _, want := range []string{"data      300 rows", "need ", "design ", "train     12 of 12 done in ", "train     ", "evaluate  ", "explain   3 of 3 done in ", "bundle    ", "", "loans", "Deciding by the model"} {
		for at < len(lines) && !strings.HasPrefix(lines[at], want) {
			at++
		}
		if at == len(lines) {
			t.Fatalf("%q does not follow in its place:\n%s", want, text)
		}
	}
	for _, l := range lines {
		if strings.HasPrefix(l, "report  ") {
			break // paths and commands are there to be copied, not folded
		}
		if n := len([]rune(l)); n > 100 {
			t.Errorf("a line of %d columns: %q", n, l)
		}
	}
	if !strings.Contains(raw, "\x1b[1") {
		t.Error("no colour on a terminal")
	}
}

// TestInterruptOnATerminal: Ctrl-C takes the bar away and leaves the hint.
func TestInterruptOnATerminal(t *testing.T) {
	dir := folder(t, map[string]string{"scenario.yaml": slower, "loans.csv": tabletest.CSV(tabletest.Loans(300, 3))})
	cmd, shown := inTerminal(t, 100, nil, "run", dir, "--trials", "60")
	shown.wait(t, " of 60")
	shown.press(t, 3) // Ctrl-C, which the terminal echoes
	<-shown.end
	_ = cmd.Wait() // the exit code follows
	if code := cmd.ProcessState.ExitCode(); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	text := strings.Join(screen(t, shown.text()), "\n")
	if left := moving.FindString(text); left != "" {
		t.Errorf("%q was left on the screen:\n%s", left, text)
	}
	for _, want := range []string{"stopping at a safe point", "error: interrupted", "to go on from there: bespoke run " + dir + " --trials 60"} {
		if !strings.Contains(text, want) {
			t.Errorf("the screen does not say %q:\n%s", want, text)
		}
	}
}

// TestNoColour: NO_COLOR, --no-color and a dumb terminal give plain text.
func TestNoColour(t *testing.T) {
	dir := ran(t)
	for name, c := range map[string]struct{ env, args []string }{
		"NO_COLOR":   {[]string{"NO_COLOR=1"}, nil},
		"--no-color": {nil, []string{"--no-color"}},
		"TERM=dumb":  {[]string{"TERM=dumb"}, nil},
	} {
		_, shown := inTerminal(t, 70, c.env, append([]string{"check", dir}, c.args...)...)
		<-shown.end
		raw := shown.text()
		if styled := regexp.MustCompile(`\x1b\[[0-9;]+m`).FindString(raw); styled != "" {
			t.Errorf("%s: %q is written", name, styled)
		}
		if name == "TERM=dumb" && strings.Contains(raw, "\x1b") {
			t.Errorf("a dumb terminal gets %q", raw)
		}
		if !strings.Contains(raw, "Is there money in it at all?") {
			t.Errorf("%s: %q", name, raw)
		}
	}
}

func TestHang(t *testing.T) {
	long := "need      " + strings.Repeat("word ", 30)
	for _, line := range strings.Split(strings.TrimSuffix(hang(long, 40), "\n"), "\n")[1:] {
		if !strings.HasPrefix(line, "          word") || len(line) > 40 {
			t.Errorf("%q", line)
		}
	}
	if got := hang("data      "+strings.Repeat("x", 99), 40); got != "data      "+strings.Repeat("x", 99)+"\n" {
		t.Errorf("a long word is folded to %q", got)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		400 * time.Millisecond: "0.4s", 12 * time.Second: "12s", 185 * time.Second: "3m05s", 130 * time.Minute: "2h10m",
	} {
		if got := span(d); got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
}
