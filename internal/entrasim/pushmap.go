package entrasim

import "strings"

// The URNs of SCIM that Entra writes. The last is in every group that it makes and means nothing to anybody else.
const (
	scimUser       = "urn:ietf:params:scim:schemas:core:2.0:User"
	scimEnterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	scimGroup      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	scimPatch      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	adGroup        = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"

	managerPath = scimEnterprise + ":manager"
)

// A pushTarget is an attribute of the application: attribute, attribute.sub, or attribute[type eq "kind"].sub.
type pushTarget struct{ attribute, kind, sub string }

func (t pushTarget) path() string {
	switch {
	case t.kind != "":
		return t.attribute + `[type eq "` + t.kind + `"].` + t.sub
	case t.sub != "":
		return t.attribute + "." + t.sub
	}
	return t.attribute
}

// A pushMapping is one line of the attribute mapping. A value of "" is null, which Entra does not send.
type pushMapping struct {
	target pushTarget
	source func(*user) string
}

func textOf(p property) func(*user) string { return func(u *user) string { return u.text[p] } }

// numMapped is how many of the sixteen default mappings have values; the others are active and manager.
const numMapped = 14

// pushMappings are those of the gallery's application "Cisco Webex", but for active and manager. The first two find who exists already, in this order.
var pushMappings = [numMapped]pushMapping{
	{pushTarget{"userName", "", ""}, (*user).name},
	{pushTarget{"externalId", "", ""}, func(u *user) string { return u.id.String() }},
	{pushTarget{"displayName", "", ""}, textOf(propDisplayName)},
	{pushTarget{"name", "", "familyName"}, textOf(propSurname)},
	{pushTarget{"name", "", "givenName"}, textOf(propGivenName)},
	{pushTarget{"title", "", ""}, textOf(propJobTitle)},
	{pushTarget{"addresses", "work", "country"}, textOf(propUsageLocation)},
	{pushTarget{"addresses", "work", "locality"}, textOf(propCity)},
	{pushTarget{"addresses", "work", "streetAddress"}, textOf(propStreetAddress)},
	{pushTarget{"addresses", "work", "region"}, textOf(propState)},
	{pushTarget{"addresses", "work", "postalCode"}, textOf(propPostalCode)},
	{pushTarget{"phoneNumbers", "work", "value"}, func(u *user) string { return strings.Join(u.phones[:min(1, len(u.phones))], "") }},
	{pushTarget{"phoneNumbers", "mobile", "value"}, textOf(propMobilePhone)},
	{pushTarget{"phoneNumbers", "fax", "value"}, textOf(propFaxNumber)},
}

// numMatching is how many of the mappings find who exists already.
const numMatching = 2

// A pushObject is a JSON object on its way to or from the application.
type pushObject = map[string]any

// read returns the value of an attribute that the application answered with, "" for none.
func (t pushTarget) read(resource pushObject) string {
	value := resource[t.attribute]
	if t.kind != "" {
		list, _ := value.([]any)
		value = nil
		for _, item := range list {
			if one, is := item.(pushObject); is && one["type"] == t.kind {
				value = one
				break
			}
		}
	}
	if t.sub != "" {
		one, _ := value.(pushObject)
		value = one[t.sub]
	}
	text, _ := value.(string)
	return text
}

// write puts a value into a resource that is to be posted.
func (t pushTarget) write(resource pushObject, value string) {
	switch {
	case t.kind != "":
		list, _ := resource[t.attribute].([]any)
		for _, item := range list {
			if one, is := item.(pushObject); is && one["type"] == t.kind {
				one[t.sub] = value
				return
			}
		}
		resource[t.attribute] = append(list, pushObject{"type": t.kind, t.sub: value})
	case t.sub != "":
		one, is := resource[t.attribute].(pushObject)
		if !is {
			one = pushObject{}
			resource[t.attribute] = one
		}
		one[t.sub] = value
	default:
		resource[t.attribute] = value
	}
}

// A pushDialect is how Entra writes: as it always did, or, where the tenant URL has the flag aadOptscim062020, to the letter of the RFC.
type pushDialect bool

func (optimized pushDialect) op(name string) string {
	if optimized {
		return strings.ToLower(name)
	}
	return name
}

// truth is a boolean: a text by default.
func (optimized pushDialect) truth(value bool) any {
	switch {
	case bool(optimized):
		return value
	case value:
		return "True"
	}
	return "False"
}

// A pushEdit is one value to be written. Adds: the application has none yet.
type pushEdit struct {
	adds  bool
	path  string
	value any
}

// patch is the message that writes edits. With the flag those of one kind are one operation without a path, whose value has dotted keys.
func (optimized pushDialect) patch(edits []pushEdit) pushObject {
	operations := []any{}
	together := map[bool]pushObject{}
	for _, edit := range edits {
		name := "Replace"
		if edit.adds {
			name = "Add"
		}
		switch {
		case !bool(optimized):
			operations = append(operations, pushObject{"op": name, "path": edit.path, "value": edit.value})
		case together[edit.adds] == nil:
			together[edit.adds] = pushObject{edit.path: edit.value}
			operations = append(operations, pushObject{"op": optimized.op(name), "value": together[edit.adds]})
		default:
			together[edit.adds][edit.path] = edit.value
		}
	}
	return message(operations)
}

func message(operations []any) pushObject {
	return pushObject{"schemas": []string{scimPatch}, "Operations": operations}
}

// manager is the message that sets a manager by his id in the application, or clears it for "".
func (optimized pushDialect) manager(id string) pushObject {
	var value any = id
	name := "Add"
	switch {
	case id == "":
		name = "Replace"
	case bool(optimized):
		name, value = "Replace", []any{pushObject{"$ref": "../Users/" + id, "value": id}}
	}
	return message([]any{pushObject{"op": optimized.op(name), "path": managerPath, "value": value}})
}

// join and leave are the messages that change members of a group.
func (optimized pushDialect) join(ids []string) pushObject {
	return message([]any{pushObject{"op": optimized.op("Add"), "path": "members", "value": references(ids)}})
}

func (optimized pushDialect) leave(ids []string) pushObject {
	if !optimized {
		return message([]any{pushObject{"op": "Remove", "path": "members", "value": references(ids)}})
	}
	operations := make([]any, len(ids))
	for i, id := range ids {
		operations[i] = pushObject{"op": "remove", "path": `members[value eq "` + id + `"]`}
	}
	return message(operations)
}

func references(ids []string) []any {
	list := make([]any, len(ids))
	for i, id := range ids {
		list[i] = pushObject{"$ref": nil, "value": id}
	}
	return list
}

// newUser is what is posted of a user.
func (optimized pushDialect) newUser(u pushUser) pushObject {
	resource := pushObject{
		"schemas": []string{scimUser, scimEnterprise}, "active": optimized.truth(u.active()), "meta": pushObject{"resourceType": "User"},
	}
	if !optimized {
		resource["roles"] = []any{}
	}
	for i, mapping := range pushMappings {
		if u.values[i] != "" {
			mapping.target.write(resource, u.values[i])
		}
	}
	return resource
}

// edits are what has to be written to a user for the application to hold what Entra does. Of somebody out of scope that is only that he is.
func (optimized pushDialect) edits(u pushUser, now pushObject) []pushEdit {
	var edits []pushEdit
	if was, _ := now["active"].(bool); was != u.active() {
		edits = append(edits, pushEdit{path: "active", value: optimized.truth(u.active())})
	}
	if !u.assigned {
		return edits
	}
	for i, mapping := range pushMappings {
		if was := mapping.target.read(now); u.values[i] != "" && u.values[i] != was {
			edits = append(edits, pushEdit{adds: was == "", path: mapping.target.path(), value: u.values[i]})
		}
	}
	return edits
}
