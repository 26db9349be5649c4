package secret_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rollcall/internal/fault"
	"rollcall/internal/secret"
)

func environment(value string) func(string) string {
	return func(name string) string {
		if name == secret.EnvironmentKey {
			return value
		}
		return ""
	}
}

func TestTheKeyIsMadeOnceForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sealing.key")
	made, err := secret.LoadOrCreateKey(path)
	if err != nil || len(made) != secret.KeySize {
		t.Fatalf("LoadOrCreateKey = %d bytes, %v", len(made), err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	again, err := secret.LoadOrCreateKey(path)
	if err != nil || !bytes.Equal(made, again) {
		t.Errorf("the second start has another key (%v)", err)
	}
	loaded, err := secret.LoadKey(environment(""), path)
	if err != nil || !bytes.Equal(made, loaded) {
		t.Errorf("LoadKey reads another key (%v)", err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, want the key file alone (%v)", left, err)
	}
}

func TestAKeyFileThatOthersCanReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sealing.key")
	if _, err := secret.LoadOrCreateKey(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := secret.LoadOrCreateKey(path)
		if f := fault.Of(err); f == nil || f.Kind != fault.Invalid || !strings.Contains(f.Remedy, "chmod 600") {
			t.Errorf("with mode %v: %v, want a refusal that says chmod 600", mode, err)
		}
	}
}

func TestTheKeyComesFromTheEnvironmentOrAFileButNotBoth(t *testing.T) {
	text := base64.StdEncoding.EncodeToString(newKey)
	got, err := secret.LoadKey(environment(text+"\n"), "")
	if err != nil || !bytes.Equal(got, newKey) {
		t.Errorf("LoadKey from the environment: %v", err)
	}
	for name, load := range map[string]func() ([]byte, error){
		"both":          func() ([]byte, error) { return secret.LoadKey(environment(text), "some.key") },
		"neither":       func() ([]byte, error) { return secret.LoadKey(environment(""), "") },
		"too short":     func() ([]byte, error) { return secret.LoadKey(environment("c2VjcmV0"), "") },
		"not base64":    func() ([]byte, error) { return secret.LoadKey(environment("hunter2!"), "") },
		"missing file":  func() ([]byte, error) { return secret.LoadKey(environment(""), filepath.Join(t.TempDir(), "none")) },
		"missing dir":   func() ([]byte, error) { return secret.LoadOrCreateKey(filepath.Join(t.TempDir(), "none", "key")) },
		"a folder":      func() ([]byte, error) { return secret.LoadKey(environment(""), t.TempDir()) },
		"an empty file": func() ([]byte, error) { return secret.LoadKey(environment(""), emptyFile(t)) },
	} {
		_, err := load()
		f := fault.Of(err)
		if f == nil || f.Kind != fault.Invalid || f.Remedy == "" {
			t.Errorf("%s: %v, want an invalid setting with its remedy", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error repeats the key: %v", name, err)
		}
	}
}

func emptyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
