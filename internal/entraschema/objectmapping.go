package entraschema

import (
	"strconv"
	"strings"
)

// quietMetadata are the values of metadata of object mappings that change nothing (Graph, objectMappingMetadataEntry). Others have no such
// value: they never change anything here.
var quietMetadata = map[string]string{
	"disablemonitoringforchanges": "false", "disposition": "normal", "excludefromreporting": "false", "escrowbehavior": "default",
	"unsynchronized": "false", "iscustomerdefined": "", "originaljoiningproperty": "",
}

// restrictingMetadata are those whose other values keep users from being provisioned.
var restrictingMetadata = []string{"Disposition", "Unsynchronized"}

// readObjectMapping reads the attribute mappings, and notes what the object mapping says beside them.
func (in *importer) readObjectMapping(mapping *node) {
	name := mapping.member("name").string()
	mapping.skip("id", "sourceObjectName", "targetObjectName", "scope")
	if enabled := mapping.member("enabled"); enabled.isFalse() {
		in.note(Changed, enabled, name, "the mapping is disabled in Entra; here it is in force as soon as it is saved")
	}
	in.readFlowTypes(mapping.member("flowTypes"), name)
	for _, entry := range mapping.member("metadata").list() {
		key, value := entry.member("key").string(), strings.Trim(entry.member("value").string(), `"`)
		quiet, known := quietMetadata[strings.ToLower(key)]
		if !known && value != "" || quiet != "" && !strings.EqualFold(quiet, value) {
			in.note(Dropped, entry, name, "the metadata %s is %s", label(key), label(value))
			in.restricted = in.restricted || isOneOf(key, restrictingMetadata)
		}
		in.unknown("the metadata", entry)
	}
	for _, attribute := range in.first(mapping.member("attributeMappings"), name) {
		in.readAttribute(attribute)
	}
	in.compareDefinitions()
}

// flowBits are the flags of objectFlowTypes.
var flowBits = []struct {
	name   string
	bit    int
	effect string
}{
	{"Add", 1, "Entra creates no users with it; here users are created"},
	{"Update", 2, "Entra updates no users with it; here users are updated"},
	{"Delete", 4, "Entra deactivates and deletes no users with it; here users who leave the scope are deactivated, as far as the thresholds allow"},
}

// readFlowTypes notes the object flows that are switched off: an instance always has all of them.
func (in *importer) readFlowTypes(flowTypes *node, name string) {
	text := flowTypes.string()
	if text == "" {
		return
	}
	bits, err := strconv.Atoi(text)
	if err != nil {
		for word := range strings.SplitSeq(text, ",") {
			known := false
			for _, flow := range flowBits {
				if strings.EqualFold(strings.TrimSpace(word), flow.name) {
					bits |= flow.bit
					known = true
				}
			}
			if !known && !strings.EqualFold(strings.TrimSpace(word), "None") {
				in.note(Dropped, flowTypes, name, "the flow type %s is not known here", label(word))
			}
		}
	}
	for _, flow := range flowBits {
		if bits&flow.bit == 0 {
			in.note(Changed, flowTypes, name, "the mapping goes without %s: %s", flow.name, flow.effect)
		}
	}
}
