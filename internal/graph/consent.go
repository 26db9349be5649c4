package graph

import (
	"errors"
	"net/http"
	"strings"

	"rollcall/internal/fault"
)

// Codes of the faults that somebody in Entra has to mend. They stand for what Entra's login service says by AADSTS numbers and Graph by
// codes of its own, which the message names.
const (
	// ConsentMissing: the tenant has consented to nothing, or took it back.
	ConsentMissing = "ConsentMissing"
	// PermissionMissing: the tenant has consented, but not to what was asked.
	PermissionMissing = "PermissionMissing"
	// ApplicationRemoved: the tenant does not know the application: it was deleted, or never was there.
	ApplicationRemoved = "ApplicationRemoved"
	// ApplicationDisabled: the tenant has switched the application off.
	ApplicationDisabled = "ApplicationDisabled"
	// AccessPolicy: a conditional access policy blocks the application.
	AccessPolicy = "AccessPolicy"
	// SecretExpired and SecretWrong are about the client secret, TenantUnknown about the tenant id.
	SecretExpired = "SecretExpired"
	SecretWrong   = "SecretWrong"
	TenantUnknown = "TenantUnknown"
	// CertificateUnknown and IdentityUnknown are about the other credentials: the registration does not hold the certificate, or does not
	// take what the issuer signed.
	CertificateUnknown = "CertificateUnknown"
	IdentityUnknown    = "IdentityUnknown"
)

// plainWords says what an AADSTS number means to who administers the connection.
type plainWords struct {
	kind                  fault.Kind
	code, message, remedy string
}

const (
	renewSecret      = "Create a new client secret in Entra (App registrations > the app > Certificates & secrets) and enter its Value, not its Secret ID" //nolint:gosec // words, not a credential
	renewCertificate = "Upload the certificate's public part to the app registration (App registrations > the app > Certificates & secrets > Certificates), " +
		"compare the thumbprint, and check the clock of this machine"
	renewIdentity = "Compare issuer, subject and audience with the federated credential of the app registration (App registrations > the app > " +
		"Certificates & secrets > Federated credentials)"
	renewConsent = "An Entra administrator must grant admin consent to the app (Enterprise applications > the app > Permissions > Grant admin consent); " +
		"the next run notices by itself"
	restoreApp = "Check client id and tenant id; if the app was deleted in Entra, restore it (App registrations > Deleted applications, for 30 days) " +
		"or register it again and enter its client id and secret. Never delete the app in Entra while an instance uses it"
	leavePolicy = "Exclude the application from the policy, or run the server where the policy allows it"
)

// loginWords returns the words for a number, as https://learn.microsoft.com/entra/identity-platform/reference-error-codes has them.
func loginWords(number int) (plainWords, bool) {
	switch number {
	case 7000215, 7000216, 7000218:
		return plainWords{fault.Unauthenticated, SecretWrong, "Entra does not know this client secret", renewSecret}, true
	case 7000222:
		return plainWords{fault.Unauthenticated, SecretExpired, "the client secret has expired", renewSecret}, true
	case 700016, 50034:
		return plainWords{fault.Unauthenticated, ApplicationRemoved, "Entra does not know this application in this tenant", restoreApp}, true
	case 90002, 900021, 900023:
		return plainWords{fault.Unauthenticated, TenantUnknown, "Entra does not know this tenant", "Check the tenant id and the cloud of the connection"}, true
	case 700027, 700023, 700024, 7000214:
		return plainWords{fault.Unauthenticated, CertificateUnknown, "Entra does not take what the certificate signed", renewCertificate}, true
	case 70021, 700213, 700211, 700212, 5002730:
		return plainWords{fault.Unauthenticated, IdentityUnknown, "Entra does not take the token of the workload's identity", renewIdentity}, true
	case 7000112:
		return plainWords{
			fault.Denied, ApplicationDisabled, "the application is disabled in the tenant",
			"Enable it in Entra: Enterprise applications > the app > Properties > Enabled for users to sign in",
		}, true
	case 65001, 65004, 7000229, 500011, 650052:
		return plainWords{fault.Denied, ConsentMissing, "the tenant has not consented to the application", renewConsent}, true
	case 53003:
		return plainWords{fault.Denied, AccessPolicy, "a conditional access policy blocks the application", leavePolicy}, true
	}
	return plainWords{}, false
}

// deny puts plain words to Graph's refusal of a request: 403, and the 401 of an application that is gone. What Graph said becomes the cause.
func deny(refused *fault.Error, r request, status int, e *errorDetail) {
	said := refused.Message
	switch {
	case status == http.StatusUnauthorized && e.has("Authorization_IdentityNotFound"):
		refused.Code, refused.Message, refused.Remedy = ApplicationRemoved, "Entra does not know this application in this tenant any more", restoreApp
	case status != http.StatusForbidden:
		return
	case e.has("insufficient_claims"):
		refused.Code, refused.Message, refused.Remedy = AccessPolicy, "a conditional access policy blocks the application", leavePolicy
	default:
		what, needed := permission(r.route)
		if named := namedPermission(e); named != "" {
			needed = named
		}
		refused.Code, refused.Message = PermissionMissing, "the application may not read "+what+": the permission "+needed+" is missing"
		refused.Remedy = "Grant admin consent for " + needed +
			" to the app registration (Enterprise applications > the app > Permissions > Grant admin consent); the next run notices by itself"
	}
	if refused.Err != nil {
		said += ": " + refused.Err.Error()
	}
	refused.Err = errors.New(said)
}

// permission says what the route reads, and names the least application permission for it.
func permission(route string) (what, needed string) {
	switch route {
	case routeOrganization:
		return "the organization", "Organization.Read.All"
	case routeDomains:
		return "domains", "Domain.Read.All"
	case routeGroups, routeGroupsDelta, routeDeletedGroups, routeMembers, routeGroup, routeMemberOf, routeGroupMemberOf:
		return "groups and their members", "GroupMember.Read.All"
	}
	return "users", "User.Read.All"
}

// namedPermission returns the first permission that Graph says it wants, "" if it names none. Some of its services do: "API requires one of
// 'Place.Read.All, Place.ReadWrite.All'."
func namedPermission(e *errorDetail) string {
	for ; e != nil; e = e.InnerError {
		_, rest, found := strings.Cut(e.Message, "equires one of '")
		list, _, closed := strings.Cut(rest, "'")
		first, _, _ := strings.Cut(list, ",")
		if first = strings.TrimSpace(first); found && closed && first != "" && !strings.ContainsAny(first, " \t\r\n") {
			return first
		}
	}
	return ""
}

// withoutConsent makes the refusal of one permission that of all, if the token holds no permission at all.
func withoutConsent(err error, token string) {
	refused := fault.Of(err)
	if refused == nil || refused.Code != PermissionMissing || !holdsNothing(token) {
		return
	}
	refused.Code, refused.Message = ConsentMissing, "the tenant has not consented to the application, or took its consent back"
	refused.Remedy = renewConsent
}

// holdsNothing reports whether an access token says that it carries no application permission. Tokens for Graph are opaque to clients, so one
// that cannot be read says nothing: it only chooses the words.
func holdsNothing(token string) bool {
	claims, readable := claimsOf(token)
	return readable && len(claims.Roles) == 0
}
