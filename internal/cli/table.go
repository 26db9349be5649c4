package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

const (
	// gap is between two columns.
	gap = "  "
	// indent is before what does not fit beside the first columns.
	indent = "    "
	// leastRoom is the least room that text is broken into.
	leastRoom = 20
)

// table collects rows and writes them in aligned columns.
type table struct {
	rows [][]string
}

func newTable(header ...string) *table { return &table{rows: [][]string{header}} }

// add appends a row; cells come from people and tenants, so what could move the cursor or break the line is made visible.
func (t *table) add(cells ...string) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = printable(cell)
	}
	t.rows = append(t.rows, row)
}

// write writes the table, or the sentence if it is empty. Where the screen is known and too narrow, the columns at the right, from the first
// that does not fit, go below their row, without their headings.
func (t *table) write(out io.Writer, screen int, empty string) error {
	if len(t.rows) == 1 {
		_, err := fmt.Fprintln(out, empty)
		return err
	}
	widths := t.widths()
	beside := fitting(widths, screen)
	for i, row := range t.rows {
		text := strings.TrimRight(aligned(row[:beside], widths), " ") + "\n"
		if i > 0 {
			text += below(row[beside:], screen)
		}
		if _, err := io.WriteString(out, text); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) widths() []int {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], displayWidth(cell))
		}
	}
	return widths
}

// fitting is how many columns fit beside each other; at least one. A screen of 0 is as wide as is needed.
func fitting(widths []int, screen int) int {
	used := 0
	for i, column := range widths {
		if used += column; screen > 0 && i > 0 && used > screen {
			return i
		}
		used += len(gap)
	}
	return len(widths)
}

func aligned(cells []string, widths []int) string {
	var line strings.Builder
	for i, cell := range cells {
		line.WriteString(cell)
		line.WriteString(strings.Repeat(" ", widths[i]-displayWidth(cell)+len(gap)))
	}
	return line.String()
}

// below lays cells out under their row: beside each other while they fit, and broken between words where one alone does not.
func below(cells []string, screen int) string {
	room := max(leastRoom, screen-len(indent))
	var lines []string
	for _, cell := range cells {
		last := len(lines) - 1
		switch {
		case cell == "":
		case last >= 0 && displayWidth(lines[last]+gap+cell) <= room:
			lines[last] += gap + cell
		default:
			lines = append(lines, wrapped(cell, room)...)
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return indent + strings.Join(lines, "\n"+indent) + "\n"
}

// wrapped breaks a text between words into lines that fit; a word that is too long stays whole.
func wrapped(text string, room int) []string {
	var lines []string
	for word := range strings.FieldsSeq(text) {
		if last := len(lines) - 1; last >= 0 && displayWidth(lines[last]+" "+word) <= room {
			lines[last] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}

// displayWidth is how many columns of a terminal the text takes: two for an ideograph, none for a mark on the letter before it.
func displayWidth(text string) int {
	columns := 0
	for _, r := range text {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case kind == width.EastAsianWide || kind == width.EastAsianFullwidth:
			columns += 2
		default:
			columns++
		}
	}
	return columns
}

// columns is how wide the screen is on which standard output is read; 0 where nobody says or it is no terminal.
func (in *invocation) columns() int {
	if told, err := strconv.Atoi(in.getenv("COLUMNS")); err == nil && told > 0 {
		return told
	}
	return terminalColumns(in.stdout)
}
