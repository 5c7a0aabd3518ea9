package events

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// pollInterval is how soon a new line is shown.
const pollInterval = 200 * time.Millisecond

// lastBytes bounds what is read to find the last lines.
const lastBytes = 1 << 20

// follow shows the end of a file as `tail -F` does: also of one that is yet to
// come, was rotated, or emptied.
type follow struct {
	path  string
	lines int
	out   io.Writer

	file *os.File
	at   int64
}

func (f follow) run(ctx context.Context, on bool) (err error) {
	defer func() {
		if f.file != nil {
			err = errors.Join(err, f.file.Close())
		}
	}()
	if err := f.open(); err != nil {
		return err
	}
	if f.file != nil {
		if err := f.last(); err != nil {
			return err
		}
	}
	if !on {
		return nil
	}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if err := f.more(); err != nil {
				return err
			}
		}
	}
}

func (f *follow) open() error {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	f.file, f.at = file, 0
	return err
}

// last shows the last lines.
func (f *follow) last() error {
	st, err := f.file.Stat()
	if err != nil {
		return err
	}
	start := max(st.Size()-lastBytes, 0)
	text := make([]byte, st.Size()-start)
	n, err := f.file.ReadAt(text, start)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	text = text[:n]
	f.at = start + int64(n)
	from := len(bytes.TrimSuffix(text, []byte("\n")))
	for range f.lines {
		if from = bytes.LastIndexByte(text[:from], '\n'); from < 0 {
			break
		}
	}
	_, err = f.out.Write(text[from+1:])
	return err
}

// more shows what was written since, and turns to the file that has taken the
// place of one that was rotated.
func (f *follow) more() error {
	if f.file == nil {
		if err := f.open(); err != nil || f.file == nil {
			return err
		}
	}
	st, err := f.file.Stat()
	if err != nil {
		return err
	}
	if st.Size() < f.at { // emptied, as logrotate's copytruncate does
		f.at = 0
	}
	n, err := io.Copy(f.out, io.NewSectionReader(f.file, f.at, st.Size()-f.at))
	f.at += n
	if err != nil {
		return err
	}
	now, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && os.SameFile(st, now)) {
		return nil
	}
	if err != nil {
		return err
	}
	old := f.file
	f.file = nil
	return errors.Join(old.Close(), f.open())
}
