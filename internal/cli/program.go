package cli

import (
	"os"
	"path/filepath"
	"strings"
)

// callName is how this program can be called from a shell like the one in which it was started as started: by its name where the PATH leads
// to it, else by the path that was typed.
func callName(started, path string) string {
	name := filepath.Base(started)
	if started == name {
		return shellWord(name)
	}
	this, err := os.Stat(started)
	for _, folder := range filepath.SplitList(path) {
		if err != nil {
			break
		}
		found, failed := os.Stat(filepath.Join(folder, name))
		if failed == nil && !found.IsDir() && found.Mode()&0o111 != 0 { // the first one is what the shell runs
			if os.SameFile(this, found) {
				return shellWord(name)
			}
			break
		}
	}
	return shellWord(started)
}

// shellWord is the text as one word of a shell.
func shellWord(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@+,%", r)
	}
	if text != "" && strings.Trim(text, "-") != "" && !strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
