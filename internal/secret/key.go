package secret

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"rollcall/internal/fault"
)

// EnvironmentKey is the variable that may hold the sealing key.
const EnvironmentKey = "ROLLCALL_SEALING_KEY"

const howToMake = "Make one with: openssl rand -base64 32"

// LoadKey returns the sealing key from the environment (getenv is os.Getenv) or, if the variable is empty, from the file. Both hold
// KeySize bytes in base64 (RFC 4648, section 4). The variable and a file at once, or neither, are fault.Invalid, since it would be
// unclear which one counts.
func LoadKey(getenv func(string) string, path string) ([]byte, error) {
	text := getenv(EnvironmentKey)
	switch {
	case text != "" && path != "":
		return nil, fault.New(fault.Invalid, "TwoSealingKeys", "the sealing key is given twice, by %s and by the file %s", EnvironmentKey, path).
			WithRemedy("Keep one of them")
	case text != "":
		return decodeKey(EnvironmentKey, text)
	case path != "":
		return readKey(path)
	}
	return nil, fault.New(fault.Invalid, "NoSealingKey", "there is no sealing key").
		WithRemedy("Set %s, or name a file with --sealing-key-file. %s", EnvironmentKey, howToMake)
}

// LoadOrCreateKey returns the sealing key of the file, and makes the file with a new key, readable by its owner only, if there is none.
// A file that others may read is refused as fault.Invalid.
func LoadOrCreateKey(path string) ([]byte, error) {
	raw, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return raw, err
	}
	raw = make([]byte, KeySize)
	if _, err := rand.Read(raw); err != nil {
		return nil, fault.Wrap(fault.Internal, "", err, "make a sealing key")
	}
	if err := writeKey(path, raw); err != nil {
		if errors.Is(err, fs.ErrExist) { // another process was quicker
			return readKey(path)
		}
		return nil, fault.Wrap(fault.Invalid, "SealingKeyFile", err, "write the sealing key file").
			WithRemedy("Choose a folder in which this user may create files, or set %s", EnvironmentKey)
	}
	return raw, nil
}

// writeKey puts a complete file in place or none: a key file that a crash cut short would shut the server out.
func writeKey(path string, raw []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".sealing-key-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = temp.WriteString(base64.StdEncoding.EncodeToString(raw) + "\n")
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Link(temp.Name(), path) // unlike a rename it never replaces another's key
	}
	return errors.Join(err, os.Remove(temp.Name()))
}

func readKey(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // G304: the operator names the file
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close() //nolint:errcheck // closing what was only read loses nothing
	info, err := file.Stat()
	if err != nil {
		return nil, unreadable(path, err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fault.New(fault.Invalid, "SealingKeyFile", "others may read the sealing key file %s (mode %04o)", path, mode).
			WithRemedy("Run: chmod 600 %s", path)
	}
	text := make([]byte, 1024)
	n, err := file.Read(text)
	if err != nil {
		return nil, unreadable(path, err)
	}
	return decodeKey("the file "+path, string(text[:n]))
}

func unreadable(path string, err error) error {
	return fault.Wrap(fault.Invalid, "SealingKeyFile", err, "read the sealing key file").
		WithRemedy("Correct --sealing-key-file (%s), or let this user read it", path)
}

// decodeKey never repeats the text in its error.
func decodeKey(source, text string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != KeySize {
		return nil, fault.New(fault.Invalid, "InvalidSealingKey", "%s holds no sealing key: it needs %d bytes in base64", source, KeySize).
			WithRemedy(howToMake)
	}
	return raw, nil
}
