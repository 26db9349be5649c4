package entraschema

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// choice is the object mapping that an import takes, with what it stands in.
type choice struct {
	schema, rule, objectMapping *node
	// place of rule and object mapping in the order of preference, and in the document.
	rank []int
}

// choose finds the object mapping of users, and notes all others.
func (in *importer) choose(root *node) (choice, error) {
	schemas, err := findSchemas(root)
	if err != nil {
		return choice{}, err
	}
	var found []choice
	var directions []string
	for _, schema := range schemas {
		for _, rule := range schema.member("synchronizationRules").list() {
			from, to := rule.member("sourceDirectoryName").string(), rule.member("targetDirectoryName").string()
			for _, mapping := range rule.member("objectMappings").list() {
				switch {
				case mapping.kind != objectNode || !isUser(mapping.member("sourceObjectName").string()):
				case from != "" && !isEntra(from):
					directions = append(directions, "from "+cut(from)+" to "+cut(to))
				default:
					found = append(found, choice{schema: schema, rule: rule, objectMapping: mapping, rank: rank(rule, mapping)})
				}
			}
		}
	}
	switch {
	case len(found) == 0 && len(directions) > 0:
		return choice{}, invalid("the schema brings users %s, not from Entra to an application", directions[0])
	case len(found) == 0:
		return choice{}, invalid("the schema has no mapping of users")
	}
	slices.SortStableFunc(found, func(a, b choice) int { return slices.Compare(a.rank, b.rank) })
	in.noteOthers(schemas, found[0])
	return found[0], nil
}

// findSchemas returns the document itself if it is a schema, or the schemas of the jobs or templates that it is or lists.
func findSchemas(root *node) ([]*node, error) {
	if root.kind != objectNode {
		return nil, invalid("the document is JSON, but no object: a schema has synchronizationRules")
	}
	var schemas []*node
	for _, holder := range append([]*node{root}, root.member("value").list()...) {
		schema := holder
		if s := holder.member("schema"); s != nil && s.kind == objectNode {
			schema = s
		}
		if rules := schema.member("synchronizationRules"); rules != nil {
			if err := refuseCut(rules); err != nil {
				return nil, err
			}
			schemas = append(schemas, schema)
		}
	}
	if schemas == nil {
		return nil, invalid("the document is JSON, but no synchronization schema: it has no synchronizationRules")
	}
	return schemas, nil
}

// refuseCut recognizes what PowerShell's ConvertTo-Json makes of things that are nested too deep: the name of their type.
func refuseCut(rules *node) error {
	cutShort := rules.kind == stringNode
	for _, rule := range rules.list() {
		mappings := rule.member("objectMappings")
		cutShort = cutShort || rule.kind == stringNode || mappings != nil && mappings.kind == stringNode
		for _, mapping := range mappings.list() {
			attributes := mapping.member("attributeMappings")
			cutShort = cutShort || mapping.kind == stringNode || attributes != nil && attributes.kind == stringNode
		}
	}
	if cutShort {
		return invalid("the schema was cut when it was written; with PowerShell use ConvertTo-Json -Depth 100")
	}
	return nil
}

// rank orders object mappings of users: enabled ones first, those to users, then by the rule's priority.
func rank(rule, mapping *node) []int {
	disabled, other := 0, 0
	if mapping.member("enabled").isFalse() {
		disabled = 1
	}
	if !isUser(mapping.member("targetObjectName").string()) {
		other = 1
	}
	priority, _ := strconv.Atoi(rule.member("priority").string())
	return []int{disabled, other, priority}
}

// isUser reports whether an object name means users: User, or a URN that ends with it.
func isUser(name string) bool {
	name = name[strings.LastIndexByte(name, ':')+1:]
	return strings.EqualFold(name, "User") || strings.EqualFold(name, "Users")
}

// isEntra reports whether a directory is the tenant, by one of the names that it has in schemas.
func isEntra(name string) bool {
	return slices.ContainsFunc([]string{sourceDirectory, "Microsoft Entra ID", "Microsoft Entra", "Entra ID", "Azure AD", "AAD"},
		func(known string) bool { return strings.EqualFold(known, name) })
}

// noteOthers notes the schemas, rules and object mappings that are not taken.
func (in *importer) noteOthers(schemas []*node, chosen choice) {
	for _, schema := range schemas {
		if schema != chosen.schema {
			in.note(Dropped, schema, schema.parent.member("id").string(), "the document has several schemas; only the first with a mapping of users is read")
			continue
		}
		schema.skip("id", "version", "directories", "metadata", "provisioningTaskIdentifier")
		for _, rule := range schema.member("synchronizationRules").list() {
			if rule != chosen.rule {
				in.note(Dropped, rule, rule.member("name").string(), "another rule, from %s to %s, with %d object mappings",
					label(rule.member("sourceDirectoryName").string()), label(rule.member("targetDirectoryName").string()), len(rule.member("objectMappings").list()))
			}
		}
	}
	for _, mapping := range chosen.rule.member("objectMappings").list() {
		if mapping != chosen.objectMapping {
			in.noteObjectMapping(mapping)
		}
	}
	in.noteJob(chosen.schema.parent)
}

// noteJob notes what the job or template around a schema says.
func (in *importer) noteJob(job *node) {
	if job == nil || job.kind != objectNode {
		return
	}
	job.skip("id", "schema", "status", "templateId", "factoryTag", "applicationId", "default", "discoverable", "description", "metadata")
	for _, member := range job.unread() {
		in.note(Dropped, member, member.name, "it belongs to the job, not to its schema: %s", cut(member.summary()))
	}
}

// noteObjectMapping notes an object mapping that is not taken.
func (in *importer) noteObjectMapping(mapping *node) {
	from, to := mapping.member("sourceObjectName").string(), mapping.member("targetObjectName").string()
	name := cmp.Or(mapping.member("name").string(), to)
	state := ""
	if mapping.member("enabled").isFalse() {
		state = ", which is disabled"
	}
	switch {
	case isUser(from):
		in.note(Dropped, mapping, name, "a second mapping of users%s; an instance has one", state)
	case strings.EqualFold(from, "Group"):
		in.note(Dropped, mapping, name, "the mapping of groups%s: attribute mappings are for users; whether groups are synchronised, and which, is set in the scope", state)
	default:
		in.note(Dropped, mapping, name, "the mapping of %s to %s%s: only users are read", label(from), label(to), state)
	}
}
