package expr

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const encodingsInWords = "Unicode, ASCII, UTF8 or UTF32"

var encodingFunctions = []function{
	{
		name: "ConvertFromBase64", meaning: "the text that is behind base64", gives: aText, cloudSync: true,
		parameters: append(required(aText, "source"), optional(aText, "encoding")...), prepare: prepareFromBase64, evaluate: evaluateFromBase64,
		examples: []example{
			{`ConvertFromBase64("SABlAGwAbABvACAAdwBvAHIAbABkACEA")`, nil, `"Hello world!"`},
			{`ConvertFromBase64("SGVsbG8gd29ybGQh", UTF8)`, nil, `"Hello world!"`},
		},
		choice: "The encoding is " + encodingsInWords + ", in quotes or without; Unicode, which is UTF-16, if it is left out. What the encoding cannot read becomes U+FFFD, or ? in ASCII, as in .NET.",
	},
	{
		name: "ConvertToBase64", meaning: "the source in UTF-16 as base64", gives: aText,
		parameters: required(aText, "source"), evaluate: evaluateToBase64,
		examples: []example{{`ConvertToBase64("Hello world!")`, nil, `"SABlAGwAbABvACAAdwBvAHIAbABkACEA"`}},
	},
	{
		name: "ConvertToUTF8Hex", meaning: "the source in UTF-8 as hexadecimal digits", gives: aText,
		parameters: required(aText, "source"), evaluate: evaluateToUTF8Hex,
		examples: []example{{`ConvertToUTF8Hex("Hello world!")`, nil, `"48656C6C6F20776F726C6421"`}},
	},
	{
		name: "CRef", meaning: "a distinguished name as a reference, for DNComponent", gives: aText, cloudSync: true,
		parameters: required(aText, "dn"), evaluate: evaluateCRef,
		examples: []example{{`DNComponent(CRef([dn]), 1)`, []string{"dn=cn=Joe,ou=Sales,dc=contoso,dc=com"}, `"Joe"`}},
		choice:   "The name is a text here, which CRef gives back as it is.",
	},
	{
		name: "DNComponent", meaning: "the value of one component of a distinguished name, counted from the left", gives: aText, cloudSync: true,
		parameters: append(required(aText, "dn"), required(aNumber, "componentNumber")...), evaluate: evaluateDNComponent,
		examples: []example{{`DNComponent([onPremisesDistinguishedName], 1)`, []string{"onPremisesDistinguishedName=CN=Joe,OU=Sales,DC=contoso,DC=com"}, `"Joe"`}},
		choice:   "The name is a text here; CRef around it may be written. If it has fewer components, the result is null. Of a component with several parts (CN=Joe+UID=7) the first counts.",
	},
	{
		name: "StringFromSid", meaning: "a security identifier as S-1-…", gives: aText, cloudSync: true,
		parameters: required(aText, "objectSid"), evaluate: evaluateStringFromSid,
		examples: []example{{`StringFromSid([objectSid])`, []string{"objectSid=AQUAAAAAAAUVAAAAtN6IKW2BFUwBX0puUAQAAA=="}, `"S-1-5-21-696835764-1276477805-1850367745-1104"`}},
		choice:   "The bytes are given as base64; a text that is S-1-… already stays.",
	},
}

func evaluateToBase64(c call) (Value, error) {
	return c.encode(3, func(text string) string { // at most two bytes for each one, and a third more
		units := utf16.Encode([]rune(text))
		bytes := make([]byte, 0, 2*len(units))
		for _, unit := range units {
			bytes = binary.LittleEndian.AppendUint16(bytes, unit)
		}
		return base64.StdEncoding.EncodeToString(bytes)
	})
}

func evaluateToUTF8Hex(c call) (Value, error) {
	return c.encode(2, func(text string) string { return strings.ToUpper(hex.EncodeToString([]byte(text))) })
}

// encode applies a function whose result is at most so many times as long.
func (c call) encode(times int, apply func(string) string) (Value, error) {
	text, present, err := c.text(0)
	if err != nil || !present {
		return Value{}, err
	}
	if len(text) > MaxText {
		return Value{}, c.fail("the source has %d bytes; at most %d are allowed", len(text), MaxText)
	}
	if err := c.charge(times * len(text)); err != nil {
		return Value{}, err
	}
	return c.made(apply(text))
}

// decoders make text of bytes.
var decoders = map[string]func([]byte) string{
	"":        decodeUTF16,
	"unicode": decodeUTF16,
	"ascii":   decodeASCII,
	"utf8":    func(bytes []byte) string { return strings.ToValidUTF8(string(bytes), "\uFFFD") },
	"utf32":   decodeUTF32,
}

// prepareFromBase64 checks a constant encoding.
func prepareFromBase64(p *preparation) any {
	if encoding, constant := p.constant(1); constant && decoders[strings.ToLower(encoding)] == nil {
		p.fail(1, "is %s; it is %s", short(encoding), encodingsInWords)
	}
	return nil
}

func evaluateFromBase64(c call) (Value, error) {
	source, present, err := c.text(0)
	if err != nil || !present {
		return Value{}, err
	}
	encoding, _, err := c.text(1)
	if err != nil {
		return Value{}, err
	}
	decode := decoders[strings.ToLower(encoding)]
	if decode == nil {
		return Value{}, c.fail("the encoding is %s; it is %s", short(encoding), encodingsInWords)
	}
	bytes, err := c.fromBase64(source)
	if err != nil {
		return Value{}, err
	}
	if err := c.charge(4 * len(bytes)); err != nil {
		return Value{}, err
	}
	return c.made(decode(bytes))
}

// fromBase64 reads base64, white space aside.
func (c call) fromBase64(text string) ([]byte, error) {
	if strings.ContainsFunc(text, unicode.IsSpace) {
		text = strings.Join(strings.Fields(text), "")
	}
	if len(text) > 2*MaxText {
		return nil, c.fail("the source has %d bytes; at most %d are allowed", len(text), 2*MaxText)
	}
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, c.fail("%s is not base64", short(text))
	}
	return bytes, nil
}

func decodeUTF16(bytes []byte) string {
	units := make([]uint16, 0, len(bytes)/2+1)
	for ; len(bytes) >= 2; bytes = bytes[2:] {
		units = append(units, binary.LittleEndian.Uint16(bytes))
	}
	if len(bytes) == 1 {
		units = append(units, unicode.ReplacementChar)
	}
	return string(utf16.Decode(units))
}

func decodeUTF32(bytes []byte) string {
	var out strings.Builder
	for ; len(bytes) >= 4; bytes = bytes[4:] {
		point := binary.LittleEndian.Uint32(bytes)
		if point > unicode.MaxRune || !utf8.ValidRune(rune(point)) {
			point = unicode.ReplacementChar
		}
		out.WriteRune(rune(point))
	}
	if len(bytes) > 0 {
		out.WriteRune(unicode.ReplacementChar)
	}
	return out.String()
}

func decodeASCII(bytes []byte) string {
	out := make([]byte, len(bytes))
	for i, b := range bytes {
		if out[i] = b; b > unicode.MaxASCII {
			out[i] = '?'
		}
	}
	return string(out)
}

func evaluateCRef(c call) (Value, error) {
	return c.change(func(dn string) string { return dn })
}

func evaluateDNComponent(c call) (Value, error) {
	dn, _, err := c.text(0)
	if err != nil {
		return Value{}, err
	}
	number, err := c.integer(1)
	if err != nil {
		return Value{}, err
	}
	if number < 1 {
		return Value{}, c.fail("there is no component %d; they are counted from 1", number)
	}
	for rest := dn; rest != ""; number-- {
		var component string
		if component, rest = cutUnescaped(rest, ","); number > 1 {
			continue
		}
		component, _ = cutUnescaped(component, "+")
		_, value, found := strings.Cut(component, "=")
		if !found {
			return Value{}, c.fail("%s is not a distinguished name", short(dn))
		}
		return c.made(unescapeDN(value))
	}
	return Value{}, nil
}

// cutUnescaped cuts at the first separator that is neither behind a backslash nor between quotes (RFC 4514, RFC 2253 section 4).
func cutUnescaped(text, separator string) (before, after string) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && text[i] == separator[0]:
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

// unescapeDN resolves the escapes of an attribute value in a distinguished name (RFC 4514 section 2.4).
func unescapeDN(value string) string {
	value = strings.TrimLeft(value, " ")
	if trimmed := strings.TrimRight(value, " "); !strings.HasSuffix(trimmed, `\`) {
		value = trimmed
	}
	if len(value) >= 2 && strings.HasPrefix(value, `"`) && strings.HasSuffix(value, `"`) {
		value = value[1 : len(value)-1]
	}
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+2 < len(value) {
			if b, err := strconv.ParseUint(value[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(b))
				i += 2
				continue
			}
		}
		if value[i] == '\\' && i+1 < len(value) {
			i++
		}
		out = append(out, value[i])
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

func evaluateStringFromSid(c call) (Value, error) {
	source, _, err := c.text(0)
	if err != nil || source == "" {
		return Value{}, err
	}
	if isSID(source) {
		return textValue(source), nil
	}
	bytes, err := c.fromBase64(source)
	if err != nil {
		return Value{}, err
	}
	// Revision, number of sub-authorities, authority (6 bytes, big-endian), sub-authorities (4 bytes each, little-endian): [MS-DTYP] 2.4.2.2.
	if len(bytes) < 8 || bytes[0] != 1 || bytes[1] > 15 || len(bytes) != 8+4*int(bytes[1]) {
		return Value{}, c.fail("%s is not a security identifier", short(source))
	}
	authority := uint64(binary.BigEndian.Uint16(bytes[2:4]))<<32 | uint64(binary.BigEndian.Uint32(bytes[4:8]))
	text := strconv.AppendUint([]byte("S-1-"), authority, 10)
	for rest := bytes[8:]; len(rest) > 0; rest = rest[4:] {
		text = strconv.AppendUint(append(text, '-'), uint64(binary.LittleEndian.Uint32(rest)), 10)
	}
	return textValue(string(text)), nil
}

// isSID reports whether the text is a security identifier as people write it.
func isSID(text string) bool {
	rest, ok := strings.CutPrefix(text, "S-1-")
	return ok && rest != "" && strings.Trim(rest, "0123456789-") == "" && len(text) < 200
}
