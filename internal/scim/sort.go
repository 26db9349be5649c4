package scim

import "strings"

// ParseSort reads the parameters sortBy and sortOrder (RFC 7644, section 3.4.2.3). Blank sortBy is nil: no order is asked for. What has several parts, or
// is not kept where it can be ordered by, is invalidValue. Of several values the primary one counts, or else the first; emails means emails.value.
func (t ResourceType) ParseSort(by, order string, profile Profile) (ref *Ref, descending bool, err error) {
	switch {
	case strings.EqualFold(order, "descending"):
		descending = true
	case order != "" && !strings.EqualFold(order, "ascending"):
		return nil, false, invalid(InvalidValue, "sortOrder is ascending or descending, not %s", quote(order))
	}
	if strings.TrimSpace(by) == "" {
		return nil, descending, nil
	}
	found, known := t.lookUp(strings.TrimSpace(by), profile)
	if !known || found.attribute == nil {
		return nil, false, invalid(InvalidValue, "there is no attribute %s to sort by", quote(by))
	}
	if found.sub == nil && found.attribute.MultiValued {
		found.sub = found.attribute.sub("value")
	}
	sorted := found.ref()
	meta := sorted.Name == "meta" && sorted.Sub != "created" && sorted.Sub != "lastModified"
	derived := sorted.Name == "manager" && sorted.Sub != "value" || sorted.Name == "provisionSource"
	listed := sorted.Multi && (sorted.Sub == "" || sorted.URN == "" && (sorted.Name == "groups" || sorted.Name == "members"))
	if listed || sorted.Type == Complex || meta || derived || found.attribute.Mutability == WriteOnly {
		return nil, false, invalid(InvalidValue, "%s cannot be sorted by: it has several parts, or no value that is kept", quote(by))
	}
	return &sorted, descending, nil
}
