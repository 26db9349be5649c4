package scimclient

import (
	"context"
	"time"

	"rollcall/internal/scim"
)

// Type is a kind of resource.
type Type string

// The kinds of resources that are provisioned.
const (
	User  Type = "User"
	Group Type = "Group"
)

// Resource is a user or group as the service answered it.
type Resource struct {
	Type Type
	// ID is the service's own, never empty.
	ID string
	// ExternalID is ours, or that of another client; "" if the service keeps or tells none.
	ExternalID string
	// Name is the userName of a user, the displayName of a group.
	Name string
	// Version is the entity tag, as written in meta.version or the ETag header; "" if there is none.
	Version string
	// Body is the decoded JSON object, numbers as json.Number.
	Body map[string]any
}

// TokenSource returns the bearer token for a request. It is asked before every request and keeps what it got by itself.
type TokenSource func(ctx context.Context) (string, error)

// Method is what an Operation does.
type Method string

// The methods. Replace writes the whole resource (PUT), Patch parts of it.
const (
	Create  Method = "create"
	Replace Method = "replace"
	Patch   Method = "patch"
	Delete  Method = "delete"
)

// PatchOp is one operation of a PATCH (RFC 7644, section 3.5.2).
type PatchOp struct {
	// Op is add, replace or remove.
	Op string `json:"op"`
	// Path is the attribute; "" if Value is an object of attributes.
	Path string `json:"path,omitempty"`
	// Value is absent for most removals.
	Value any `json:"value,omitempty"`
}

// Operation is one change to one resource.
type Operation struct {
	Method Method
	Type   Type
	// ID is the service's own; "" for Create.
	ID string
	// Version makes the change conditional (If-Match) where the service offers entity tags; "" for any version.
	Version string
	// Body is the resource that Create and Replace write.
	Body map[string]any
	// Ops are what Patch does. Members of a group: at most Service.MaxMembersPerPatch in all of them together.
	Ops []PatchOp
	// Once: doing it twice may do harm, as with members who are added, of whom some services keep doubles. If its answer is lost it is Unknown. So
	// is every Create, whether it says so or not.
	Once bool
}

func (op Operation) once() bool { return op.Once || op.Method == Create }

// Status says what became of an Operation.
type Status string

// What may become of an Operation.
const (
	// Done means: the service has done it. A Delete of what is not there is done.
	Done Status = "done"
	// Refused means: the service will not do it; Fault says why. Sending the same again would bring the same.
	Refused Status = "refused"
	// Unknown means: a Create, or what may be done once only, was sent and nobody knows whether it was done. Look before it is sent again.
	Unknown Status = "unknown"
	// Later means: it was not done, or doing it again does no harm. Send it again, after RetryAfter.
	Later Status = "later"
)

// Outcome is what became of one Operation.
type Outcome struct {
	Status Status
	// Resource is what the service holds now, if it said so; nil after a Delete, and after a Patch or a bulk that was answered without a
	// body. After a Create that is Done it has at least an ID.
	Resource *Resource
	// Fault says why the operation is not Done: a *fault.Error whose Code is the scimType (scim.Uniqueness, ...), or else a code of this
	// package. Conflict: the name is taken. NotFound: the resource is gone. Stale: not the version. Invalid: the data. Nil if Done.
	Fault error
	// HTTPStatus is the status the service gave to this operation; 0 if it gave none.
	HTTPStatus int
	// RetryAfter is how long to wait; zero if the service did not say. For Later only.
	RetryAfter time.Duration
}

// Page asks for a page of a list.
type Page struct {
	// Cursor is ListPage.Next of the page before, "" for the first page.
	Cursor string
	// Count is how many resources are wanted at most; 0 for as many as the service gives at once.
	Count int
	// Without names attributes that are not wanted, such as "members".
	Without []string
}

// ListPage is a page of a list.
type ListPage struct {
	Resources []Resource
	// Total is how many there are on all pages, as the service says; -1 if it does not.
	Total int
	// Next asks for the following page; "" if this is the last one. It holds nothing secret and may be kept while the service's paging
	// stays the same; a cursor that the service no longer takes is a fault.Expired: start over.
	Next string
}

// Service is what a service can do: what it says about itself, corrected by the profile.
type Service struct {
	// Patch: PATCH is taken; else changes are sent by Replace.
	Patch bool
	// Bulk is nil if operations have to be sent one by one.
	Bulk *BulkLimits
	// ETag: entity tags are kept; Operation.Version has an effect.
	ETag bool
	// Cursor: lists are walked by cursor (RFC 9865) instead of by index.
	Cursor bool
	// MaxResults is how many resources a page holds at most; never 0.
	MaxResults int
	// MaxMembersPerPatch is how many members may be added and removed in one Patch; never 0.
	MaxMembersPerPatch int
	// MembersTold: a group that is read has its members. If not, they are known only to who put them there.
	MembersTold bool
	// Rename: userName of a user may be changed.
	Rename bool
	// Types are the resource types by name. A type that is missing cannot be provisioned.
	Types map[Type]ResourceType
	// Notes are sentences about what the service left unsaid, said wrongly, or was assumed instead.
	Notes []string
}

// BulkLimits bound one bulk request.
type BulkLimits struct {
	// MaxOperations is how many operations; MaxPayload how many bytes of body.
	MaxOperations, MaxPayload int
	// Replace: the bulk takes PUT; else those operations are sent one by one.
	Replace bool
}

// ResourceType is a kind of resource as the service takes it.
type ResourceType struct {
	Type Type
	// Endpoint is the path below the base address, such as "/Users".
	Endpoint string
	// Described: Core and Extensions are the service's own words. If not, nothing is known about attributes but Required and FilterBy.
	Described bool
	// Core is the schema of the resource, Extensions those it may have besides.
	Core       scim.Schema
	Extensions []scim.Schema
	// RequiredExtensions are the URNs of extensions without which a resource is refused.
	RequiredExtensions []string
	// Required are the paths of attributes that the profile knows to be required, whatever the schema says: "name.givenName", "emails".
	Required []string
	// FilterBy are the attributes by which Find can look; nil for any, empty for none.
	FilterBy []string
}
