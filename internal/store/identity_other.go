//go:build !linux

package store

import (
	"fmt"
	"os"
	"syscall"
)

// identity names the file itself, whatever its path: a copy has another one.
func identity(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("database %s: %w", path, err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", fmt.Errorf("database %s: the system does not tell one file from another", path)
	}
	return fmt.Sprintf("%d:%d", stat.Dev, stat.Ino), nil
}
