package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"rollcall/internal/fault"
)

// lockFile takes the lock that keeps a second process away: two would each think that it owns the runs. The operating system lets go of
// it when the process ends, however it ends.
func lockFile(path string) (*os.File, error) {
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the path
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "DatabaseRights", err, fmt.Sprintf("the folder of the database %s cannot be written", path)).
			WithRemedy("Give the user that runs Rollcall the right to write it, or name another path.")
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(lockedBy(path, lock, err), lock.Close())
	}
	if err := lock.Truncate(0); err == nil {
		_, err = lock.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
		if err != nil {
			return nil, errors.Join(explainWrite(path, err), lock.Close())
		}
	}
	return lock, nil
}

func lockedBy(path string, lock *os.File, err error) error {
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	owner := "another Rollcall process"
	if text, err := io.ReadAll(io.LimitReader(lock, 20)); err == nil && len(text) > 0 {
		owner += " (pid " + strings.TrimSpace(string(text)) + ")"
	}
	return fault.New(fault.Unavailable, "DatabaseInUse", "%s uses the database %s", owner, path).
		WithRemedy("Stop that process, or name another database.")
}

func explainWrite(path string, err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fault.Wrap(fault.Unavailable, "DiskFull", err, fmt.Sprintf("the disk of the database %s is full", path)).
			WithRemedy("Make room on it.")
	}
	return fault.Wrap(fault.Unavailable, "DiskError", err, fmt.Sprintf("writing beside the database %s failed", path)).
		WithRemedy("Look at the disk and at the system's log.")
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
