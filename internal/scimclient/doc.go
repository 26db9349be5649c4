// Package scimclient calls a remote SCIM service.
//
// A Client discovers what the service can do, reads its resources page by page and sends changes to it: in bulk where that is offered,
// side by side otherwise, as fast as the service lets it and never twice where that could make two of one. What services are known to do
// otherwise than the standard is data, a Profile; no other place knows a service by its name.
package scimclient
