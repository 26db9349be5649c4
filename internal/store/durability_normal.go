//go:build walnormal

package store

// NORMAL, for measurements only: what InTx answered may be gone when the machine loses its power.
const synchronous, synchronousAnswer = "NORMAL", "1"
