// Package scim holds SCIM 2.0 words: schemas, filters, paths, patches, errors (RFC 7643, RFC 7644).
//
// A Resource is a user or group as SCIM shows it, a tree; a directory keeps the same as a flat record (package attr). Nothing here reads or
// writes anything: a filter is found to fit a resource, a patch makes a new resource of one.
package scim
