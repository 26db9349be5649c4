//go:build !walnormal

package store

// FULL: what InTx answered is on the disk, whatever ends the machine. PRAGMA synchronous answers with the number.
const synchronous, synchronousAnswer = "FULL", "2"
