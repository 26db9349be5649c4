package attr

import (
	"fmt"
	"strings"
)

// CoreUser is the URN of SCIM's core schema of users (RFC 7643, section 4.1), whose attributes are named without it.
const CoreUser = "urn:ietf:params:scim:schemas:core:2.0:User"

// EnterpriseUser is the URN of SCIM's enterprise extension of users (RFC 7643, section 4.3).
const EnterpriseUser = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// Names of directory attributes that rules and state refer to.
const (
	UserName    = "userName"
	ExternalID  = "externalId"
	DisplayName = "displayName"
	Active      = "active"
	// Manager holds the object id, in the tenant, of the user's manager; the directory resolves it when reading.
	Manager = EnterpriseUser + ":manager"
	// ManagerValue holds the id, in the directory, of the manager of a user who was not synchronised (RFC 7643, section 4.3).
	ManagerValue = Manager + ".value"
	// DeletedAt is our own: since when (RFC 3339, UTC) the user is in the tenant's recycle bin.
	DeletedAt = "deletedAt"
)

// Path addresses one value of a directory record in the notation of SCIM (RFC 7644, section 3.5.2): an attribute, optionally of an
// extension, optionally the one value whose type equals something, optionally a sub-attribute.
type Path struct {
	// URN of the extension, empty for core attributes.
	URN string
	// Name of the attribute.
	Name string
	// FilterName and FilterValue select one value of a multi-valued attribute: `[type eq "work"]`. Empty for none.
	FilterName, FilterValue string
	// Sub names the sub-attribute. Empty for none.
	Sub string
}

// String returns the canonical form, the key of directory records.
func (p Path) String() string {
	var out strings.Builder
	if p.URN != "" {
		out.WriteString(p.URN)
		out.WriteByte(':')
	}
	out.WriteString(p.Name)
	if p.FilterName != "" {
		fmt.Fprintf(&out, "[%s eq %s]", p.FilterName, string(appendString(nil, p.FilterValue)))
	}
	if p.Sub != "" {
		out.WriteByte('.')
		out.WriteString(p.Sub)
	}
	return out.String()
}

// ParsePath reads a SCIM path of the forms that mappings use. The error says what is wrong and where.
func ParsePath(text string) (Path, error) {
	rest := strings.TrimSpace(text)
	var path Path
	if strings.HasPrefix(strings.ToLower(rest), "urn:") {
		head := rest
		if i := strings.IndexByte(rest, '['); i >= 0 {
			head = rest[:i]
		}
		colon := strings.LastIndexByte(head, ':')
		path.URN, rest = rest[:colon], rest[colon+1:]
	}
	end := strings.IndexAny(rest, "[.")
	if end < 0 {
		end = len(rest)
	}
	path.Name, rest = rest[:end], rest[end:]
	if !isName(path.Name) {
		return Path{}, fmt.Errorf("%q is not an attribute path: %q is not an attribute name", text, path.Name)
	}
	if strings.HasPrefix(rest, "[") {
		var err error
		if rest, err = path.parseFilter(rest); err != nil {
			return Path{}, fmt.Errorf("%q is not an attribute path: %w", text, err)
		}
	}
	if rest == "" {
		return path, nil
	}
	path.Sub = strings.TrimPrefix(rest, ".")
	if rest[0] != '.' || !isName(path.Sub) {
		return Path{}, fmt.Errorf("%q is not an attribute path: unexpected %q", text, rest)
	}
	return path, nil
}

// parseFilter reads `[name eq "value"]` and returns what follows.
func (p *Path) parseFilter(text string) (string, error) {
	end := strings.LastIndexByte(text, ']')
	if end < 0 {
		return "", fmt.Errorf("missing ]")
	}
	words := strings.SplitN(strings.TrimSpace(text[1:end]), " ", 3)
	if len(words) != 3 || !strings.EqualFold(words[1], "eq") || !isName(words[0]) {
		return "", fmt.Errorf(`between the brackets only a comparison such as type eq "work" is possible`)
	}
	value := strings.TrimSpace(words[2])
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return "", fmt.Errorf("the value %s must stand in double quotes", value)
	}
	reader := parser{data: value}
	unquoted, err := reader.text()
	if err != nil || reader.end() != nil {
		return "", fmt.Errorf("%s is not a string", value)
	}
	p.FilterName, p.FilterValue = words[0], unquoted
	return text[end+1:], nil
}

func isName(text string) bool {
	for i, c := range text {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '_' && c != '-' && c != '$' && (c < '0' || c > '9')) {
			return false
		}
	}
	return text != ""
}
