package scimserver

import (
	"net/http"
	"strconv"
	"strings"

	"rollcall/internal/fault"
)

// Versions are weak ETags (RFC 7644, section 3.14): the number of the object's version and, where the answer tells something of other
// objects, behind a dot a digest of that. A condition of a write regards the number alone.

// tag is the ETag of a version.
func tag(version int64, digest string) string {
	text := strconv.FormatInt(version, 10)
	if digest != "" {
		text += "." + digest
	}
	return `W/"` + text + `"`
}

// condition is the header If-Match of a write; "" for none.
type condition string

// check fails as fault.Stale unless the object has one of the versions.
func (c condition) check(version int64) error {
	if c == "" {
		return nil
	}
	for one := range strings.SplitSeq(string(c), ",") {
		number, _, _ := strings.Cut(opaque(one), ".")
		if strings.TrimSpace(one) == "*" || number == strconv.FormatInt(version, 10) {
			return nil
		}
	}
	return fault.New(fault.Stale, "VersionMismatch", "the resource was changed meanwhile: it has the version %s", tag(version, "")).
		WithRemedy("Read it again and repeat the change.")
}

// opaque is what stands in an ETag, weak or not.
func opaque(etag string) string {
	return strings.Trim(strings.TrimPrefix(strings.TrimSpace(etag), "W/"), `"`)
}

// unchanged reports whether the client has the version already (If-None-Match).
func unchanged(r *http.Request, version string) bool {
	for one := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if one = strings.TrimSpace(one); one == "*" || one != "" && opaque(one) == opaque(version) {
			return true
		}
	}
	return false
}
