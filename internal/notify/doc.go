// Package notify sends e-mail about what needs somebody's attention.
//
// # How a mail goes
//
// Whoever finds something out calls Tell in the transaction that says so in the database: a row for each recipient in the outbox, with the facts, or
// nothing if no mail server is set. Run sends what is due: it notes the attempt with the time of the next one, sends, and notes the outcome. A row is told
// apart by event and recipient, so that an event told twice is one mail.
//
// # What each failure does
//
//   - The mail server is gone, refuses the sign-in or the sender, or answers 4xx: tried again after 1, 2, 5, 15, 30 minutes, 1, 2, 4 hours and so on every
//     6 hours. Three days after the event the mail is given up: an error in the log, and an event in the audit log.
//   - It refuses the recipient or the text for good (5xx): given up at once, for this recipient alone.
//   - The process ends after the mail server took a mail and before that is noted: the mail is sent again. Both have the same Message-ID, by which many
//     mail servers recognise the second one.
//   - The database is a copy: what waits there belongs to the original and is given up (Abandon).
package notify
