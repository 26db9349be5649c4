package attr

import "encoding/base64"

// sealedMember is the one member of the object that stands for a sealed value.
const sealedMember = "$sealed"

// Seal returns what stands in a record for a value that is kept but not shown; blob is the value, sealed.
func Seal(blob []byte) any {
	return map[string]any{sealedMember: base64.StdEncoding.EncodeToString(blob)}
}

// Sealed returns the blob of a value that Seal made; false for any other value.
func Sealed(value any) ([]byte, bool) {
	object, ok := value.(map[string]any)
	if !ok || len(object) != 1 {
		return nil, false
	}
	text, ok := object[sealedMember].(string)
	if !ok {
		return nil, false
	}
	blob, err := base64.StdEncoding.DecodeString(text)
	return blob, err == nil
}
