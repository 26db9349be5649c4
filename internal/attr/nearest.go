package attr

import "strings"

// Nearest returns the known name that is most like the one given, upper and lower case aside; "" if none is similar. Of equally near names
// it returns the first of the list.
func Nearest(name string, known []string) string {
	if len(name) > 100 {
		return "" // nobody mistypes a name into this
	}
	best, distance := "", len(name)/3+1
	for _, candidate := range known {
		if d := editDistance(strings.ToLower(name), strings.ToLower(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}

// editDistance counts the bytes to insert, remove or replace that turn a into b (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
