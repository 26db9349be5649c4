package engine

import (
	"strings"

	"rollcall/internal/graph"
)

// awaitsConsent reports whether the instance waits for somebody in Entra to consent to its application, or to bring it back (B5).
func (q Quarantine) awaitsConsent() bool {
	return q.Code == graph.ConsentMissing || q.Code == graph.PermissionMissing || q.Code == graph.ApplicationRemoved
}

// whatWaits ends the explanation of an instance that waits for consent.
const (
	whatWaits   = "The configuration is kept, nobody is changed meanwhile, and the next good run goes on by itself."
	neverDelete = "Never delete the app in Entra: an app that is made anew has another client id and secret."
)

// waiting says in plain words what an instance waits for.
func (q Quarantine) waiting() string { return waitingFor(q.Reason, q.Remedy) }

// waitingFor says why there is no consent and what ends that; the warning is said once.
func waitingFor(reason, remedy string) string {
	if strings.Contains(remedy, "Never delete the app") {
		return sentences(reason, remedy, whatWaits)
	}
	return sentences(reason, remedy, whatWaits+" "+neverDelete)
}

// sentences joins texts, which have no full stop, to sentences; empty ones are left out.
func sentences(texts ...string) string {
	var all []string
	for _, text := range texts {
		if text = sentence(text, ""); text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, " ")
}
