package store

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// identity names the file itself, whatever its path: a copy has another one. It is the file's number and the time of its birth. The device
// is part of it only where births are not known: its number may be another one after the machine was started anew, and every Auto Sync would
// be off then, as in a copy.
func identity(path string) (string, error) {
	var file unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO|unix.STATX_BTIME, &file); err != nil {
		return "", fmt.Errorf("database %s: %w", path, err)
	}
	if file.Mask&unix.STATX_BTIME == 0 {
		return fmt.Sprintf("%d:%d:%d", file.Dev_major, file.Dev_minor, file.Ino), nil
	}
	return fmt.Sprintf("%d born %d.%09d", file.Ino, file.Btime.Sec, file.Btime.Nsec), nil
}
