package directory

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"rollcall/internal/fault"
)

// The cost of a password's hash: OWASP's second choice for argon2id, 19 MiB and two passes.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonKey     = 32
)

// Lengths of passwords in characters (NIST SP 800-63B: length counts, composition rules do not).
const (
	MinPassword = 12
	MaxPassword = 256
)

// hashing bounds how many hashes are made at once, so that a flood of sign-ins cannot take all memory.
type hashing chan struct{}

// commonPasswords are passwords of twelve and more characters that everybody tries first, without regard to case.
var commonPasswords = []string{
	"123456789012", "1234567890123", "12345678901234", "111111111111", "000000000000", "qwertyuiop12", "qwertyuiopas", "qwertyuiop[]",
	"qwerty123456", "qwertyqwerty", "1q2w3e4r5t6y", "1qaz2wsx3edc", "123qweasdzxc", "abcdefghijkl", "abcd12345678", "abcabcabcabc",
	"password1234", "password12345", "password123456", "passwordpassword", "administrator", "administrator1", "adminadminadmin", "letmeinletmein",
	"welcome12345", "iloveyou1234", "changemeplease", "changeme1234", "correcthorsebatterystaple", "motdepasse123", "motdepasse1234", "azertyuiop12",
}

// CheckPassword fails as fault.Invalid, with the codes PasswordTooShort, PasswordTooLong, PasswordCommon or PasswordIsName, unless the password may be used
// by the person with the name and address.
func CheckPassword(password, name, email string) error {
	length := utf8.RuneCountInString(password)
	folded := strings.ToLower(password)
	local, _, _ := strings.Cut(strings.ToLower(email), "@")
	switch {
	case length < MinPassword:
		return fault.New(fault.Invalid, "PasswordTooShort", "the password has %d characters; it needs %d", length, MinPassword)
	case length > MaxPassword:
		return fault.New(fault.Invalid, "PasswordTooLong", "the password has more than %d characters", MaxPassword)
	case slices.Contains(commonPasswords, folded) || strings.Count(password, password[:1]) == len(password):
		return fault.New(fault.Invalid, "PasswordCommon", "the password is one that everybody tries first")
	case folded == strings.ToLower(email) || folded == strings.ToLower(name) || local != "" && strings.Trim(folded, "0123456789!.") == local:
		return fault.New(fault.Invalid, "PasswordIsName", "the password is the name or the address")
	}
	return nil
}

// hash returns the password's PHC string.
func (h hashing) hash(password string) (string, error) {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", fault.Wrap(fault.Internal, "", err, "make a salt")
	}
	key := h.key(password, salt, argonTime, argonMemory, argonThreads)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// matches reports whether the password is the one of the PHC string. An empty string costs as much and matches nothing, so that nobody
// learns by the time which addresses exist.
func (h hashing) matches(password, phc string) bool {
	memory, passes, threads, salt, want := uint32(argonMemory), uint32(argonTime), uint8(argonThreads), make([]byte, 16), []byte(nil)
	if parts := strings.Split(phc, "$"); len(parts) == 6 && parts[1] == "argon2id" {
		_, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads)
		var errSalt, errKey error
		salt, errSalt = base64.RawStdEncoding.DecodeString(parts[4])
		want, errKey = base64.RawStdEncoding.DecodeString(parts[5])
		if err != nil || errSalt != nil || errKey != nil {
			return false
		}
	}
	got := h.key(password, salt, passes, memory, threads)
	return len(want) == argonKey && subtle.ConstantTimeCompare(got, want) == 1
}

func (h hashing) key(password string, salt []byte, passes, memory uint32, threads uint8) []byte {
	h <- struct{}{}
	defer func() { <-h }()
	return argon2.IDKey([]byte(norm.NFKC.String(password)), salt, passes, memory, threads, argonKey)
}
