package expr

import (
	"encoding/hex"
	"io"
	"strings"
)

var randomFunctions = []function{
	{
		name: "Guid", meaning: "a new random GUID", gives: aText, uses: Uses{Random: true}, evaluate: evaluateGUID,
		examples: []example{{`Guid()`, nil, ""}},
		choice:   "It is drawn for the user and the target attribute: the same user always gets the same GUID there.",
	},
	{
		name: "RandomString", meaning: "random characters, with at least so many of each sort", gives: aText, uses: Uses{Random: true},
		parameters: append(required(aNumber, "length", "minimumNumbers", "minimumSpecialCharacters", "minimumCapital", "minimumLowerCase"), optional(aText, "charactersToAvoid")...),
		prepare:    prepareRandomString, evaluate: evaluateRandomString,
		examples: []example{
			{`RandomString(10,2,2,2,1,"?,")`, nil, ""},
			{`Redact(RandomString(6,3,0,0,3))`, nil, ""},
		},
		choice: "The characters are those of Windows password complexity: digits, the letters A to Z and a to z, and " + specialCharacters + ". What the minimums leave free is drawn from all of them. It is drawn for the user and the target attribute: the same user always gets the same text there.",
	},
}

func evaluateGUID(c call) (Value, error) {
	var b [16]byte
	if err := c.random(b[:]); err != nil {
		return Value{}, err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // version 4, RFC 9562 section 5.4
	text := hex.EncodeToString(b[:])
	return textValue(text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]), nil
}

// random fills the buffer.
func (c call) random(buffer []byte) error {
	if c.in.Random == nil {
		return c.fail("there is no source of random values")
	}
	if err := c.charge(len(buffer)); err != nil {
		return err
	}
	if _, err := io.ReadFull(c.in.Random, buffer); err != nil {
		return c.fail("the source of random values fails: %s", err)
	}
	return nil
}

// below draws a number from 0 to less than n, each as likely as the others; n is at most 256.
func (c call) below(n int) (int, error) {
	var b [1]byte
	for {
		if err := c.random(b[:]); err != nil {
			return 0, err
		}
		if int(b[0]) < 256-256%n { // the bytes beyond would make the first numbers likelier
			return int(b[0]) % n, nil
		}
	}
}

// maxRandom is the most characters that RandomString draws.
const maxRandom = 256

// specialCharacters of the Windows policy "Password must meet complexity requirements".
const specialCharacters = "'-!\"#$%&()*,./:;?@[]^_`{|}~+<=>"

// sorts of characters, in the order of the parameters.
var sorts = [...]struct{ name, characters string }{
	{"digits", "0123456789"},
	{"special characters", specialCharacters},
	{"capital letters", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
	{"lower case letters", "abcdefghijklmnopqrstuvwxyz"},
}

// draw is what RandomString is asked for.
type draw struct {
	length   int64
	least    [len(sorts)]int64
	allowed  [len(sorts)]string
	together string
}

// newDraw takes the characters to avoid away.
func newDraw(length int64, least [len(sorts)]int64, avoid string) draw {
	d := draw{length: length, least: least}
	avoided := make(map[rune]bool, min(len(avoid), 256))
	for _, r := range avoid {
		avoided[r] = true
	}
	for i, sort := range sorts {
		d.allowed[i] = strings.Map(func(r rune) rune {
			if avoided[r] {
				return -1
			}
			return r
		}, sort.characters)
		d.together += d.allowed[i]
	}
	return d
}

// misfits says of each argument, counted from 0, that cannot be met why, in their order; none if all can. Arguments that are not known are
// taken for ones that can.
func (d *draw) misfits(known func(argument int) bool) (wrong []misfit) {
	fail := func(argument int, why string) {
		if known(argument) {
			wrong = append(wrong, misfit{argument, why})
		}
	}
	if d.length < 1 || d.length > maxRandom {
		fail(0, "is a number from 1 to 256")
	}
	sum := int64(0)
	avoid := len(sorts) + 1
	for i, least := range d.least {
		switch {
		case least < 0 || least > maxRandom:
			fail(i+1, "is a number from 0 to 256")
		case least > 0 && d.allowed[i] == "" && known(avoid):
			fail(i+1, "asks for "+sorts[i].name+", and charactersToAvoid leaves none")
		case known(i + 1):
			sum += least
		}
	}
	if sum > d.length && len(wrong) == 0 {
		fail(0, "is less than the minimums add up to")
	}
	if d.together == "" {
		fail(avoid, "leaves no character")
	}
	return wrong
}

// misfit is an argument, and why it cannot be met.
type misfit struct {
	argument int
	why      string
}

// prepareRandomString checks the arguments that are constant.
func prepareRandomString(p *preparation) any {
	var numbers [len(sorts) + 1]int64
	var known [len(sorts) + 2]bool
	for i := range numbers {
		numbers[i], known[i] = p.number(i)
	}
	avoid, constant := p.constant(len(numbers))
	known[len(numbers)] = constant || !p.given(len(numbers))
	d := newDraw(numbers[0], [len(sorts)]int64(numbers[1:]), avoid)
	for _, wrong := range d.misfits(func(argument int) bool { return known[argument] }) {
		p.fail(wrong.argument, "%s", wrong.why)
	}
	return nil
}

// evaluateRandomString draws the least number of each sort, the rest from all, and shuffles.
func evaluateRandomString(c call) (Value, error) {
	var numbers [len(sorts) + 1]int64
	for i := range numbers {
		number, err := c.integer(i)
		if err != nil {
			return Value{}, err
		}
		numbers[i] = number
	}
	avoid, _, err := c.text(len(numbers))
	if err != nil {
		return Value{}, err
	}
	d := newDraw(numbers[0], [len(sorts)]int64(numbers[1:]), avoid)
	if wrong := d.misfits(func(int) bool { return true }); wrong != nil {
		return Value{}, c.fail("%s %s", c.node.function.parameter(wrong[0].argument).name, wrong[0].why)
	}
	text := make([]byte, 0, d.length)
	for i, least := range d.least {
		if text, err = c.drawFrom(text, d.allowed[i], len(text)+int(least)); err != nil {
			return Value{}, err
		}
	}
	if text, err = c.drawFrom(text, d.together, int(d.length)); err != nil {
		return Value{}, err
	}
	for i := len(text) - 1; i > 0; i-- {
		j, err := c.below(i + 1)
		if err != nil {
			return Value{}, err
		}
		text[i], text[j] = text[j], text[i]
	}
	return textValue(string(text)), nil
}

// drawFrom appends characters until the text is so long.
func (c call) drawFrom(text []byte, characters string, length int) ([]byte, error) {
	for len(text) < length {
		i, err := c.below(len(characters))
		if err != nil {
			return nil, err
		}
		text = append(text, characters[i])
	}
	return text, nil
}
