package entraschema

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"

	"rollcall/internal/fault"
)

// remedy says where the right document is found.
const remedy = "In the Entra admin center open Enterprise applications, the application, Provisioning, Mappings, " +
	"Provision Microsoft Entra ID Users, Show advanced options, Review your schema here, and download it; " +
	"or take the answer of GET /servicePrincipals/{id}/synchronization/jobs/{jobId}/schema"

// invalid is the error of a document that is not a schema, or holds no mapping of users.
func invalid(format string, args ...any) error {
	return fault.New(fault.Invalid, "InvalidSchema", format, args...).WithRemedy("%s", remedy)
}

// parse reads a JSON document in UTF-8 or UTF-16, with a byte order mark or without.
func parse(document []byte) (*node, error) {
	if len(document) > MaxBytes {
		return nil, invalid("the document has %d bytes; at most %d are read", len(document), MaxBytes)
	}
	text := decodeText(document)
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, invalid("the document is empty")
	}
	p := parser{decoder: json.NewDecoder(bytes.NewReader(text))}
	p.decoder.UseNumber()
	root, err := p.value(0)
	if err == nil {
		if _, more := p.decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the end of the document")
		}
	}
	if err != nil {
		line, column := position(text, p.decoder.InputOffset())
		return nil, invalid("the document is not JSON: line %d, column %d: %s", line, column, reason(err))
	}
	return root, nil
}

// decodeText returns the document in UTF-8 without byte order mark. JSON begins with an ASCII character, so that a zero
// byte beside it tells UTF-16.
func decodeText(document []byte) []byte {
	switch {
	case bytes.HasPrefix(document, []byte{0xEF, 0xBB, 0xBF}):
		return document[3:]
	case bytes.HasPrefix(document, []byte{0xFF, 0xFE}):
		return fromUTF16(document[2:], binary.LittleEndian)
	case bytes.HasPrefix(document, []byte{0xFE, 0xFF}):
		return fromUTF16(document[2:], binary.BigEndian)
	case len(document) > 1 && document[0] != 0 && document[1] == 0:
		return fromUTF16(document, binary.LittleEndian)
	case len(document) > 1 && document[0] == 0 && document[1] != 0:
		return fromUTF16(document, binary.BigEndian)
	}
	return document
}

func fromUTF16(document []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(document)/2)
	for i := range units {
		units[i] = order.Uint16(document[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// position returns line and column, in bytes, of an offset; both from 1.
func position(text []byte, offset int64) (line, column int) {
	before := text[:min(int(offset), len(text))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}

func reason(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it breaks off"
	}
	return err.Error()
}

// parser makes nodes of JSON tokens.
type parser struct {
	decoder *json.Decoder
	values  int
}

func (p *parser) value(depth int) (*node, error) {
	token, err := p.decoder.Token()
	if err != nil {
		return nil, err
	}
	if p.values++; p.values > MaxValues {
		return nil, fmt.Errorf("there are more than %d values", MaxValues)
	}
	if depth > MaxNesting {
		return nil, fmt.Errorf("values are nested deeper than %d", MaxNesting)
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			return p.array(depth)
		}
		return p.object(depth)
	case string:
		return &node{kind: stringNode, text: t}, nil
	case json.Number:
		return &node{kind: numberNode, text: t.String()}, nil
	case bool:
		return &node{kind: booleanNode, boolean: t}, nil
	}
	return &node{kind: nullNode}, nil
}

func (p *parser) array(depth int) (*node, error) {
	array := &node{kind: arrayNode}
	for p.decoder.More() {
		item, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		item.parent, item.index = array, len(array.items)
		array.items = append(array.items, item)
	}
	_, err := p.decoder.Token()
	return array, err
}

func (p *parser) object(depth int) (*node, error) {
	object := &node{kind: objectNode}
	for p.decoder.More() {
		key, err := p.decoder.Token()
		if err != nil {
			return nil, err
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		item.parent = object
		item.name, _ = key.(string)
		object.items = append(object.items, item)
	}
	_, err := p.decoder.Token()
	return object, err
}
