package dotnet

// Budget is how many steps compiling and matching may still take. A step is an instruction that runs, a range of characters that is looked at
// or a part of a replacement that is written: some nanoseconds, and some bytes of memory. What is used is taken away, also by what
// fails; a negative number says that the budget did not suffice.
type Budget struct{ Steps int }

// What takes more than one step: an instruction that is compiled, and a part of a replacement that is read.
const (
	stepsToCompile = 8
	stepsToRead    = 4
)

// spend takes steps away and reports whether the budget suffices.
func (b *Budget) spend(steps int) bool {
	b.Steps -= steps
	return b.Steps >= 0
}
