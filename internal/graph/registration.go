package graph

import (
	"encoding/json"
	"fmt"
	"strings"
)

// graphAppID is the application id of Microsoft Graph in every cloud.
const graphAppID = "00000003-0000-0000-c000-000000000000"

// CallbackPath is where the browser comes back to from Microsoft, below the server's public address.
const CallbackPath = "/connect/callback"

// Registration is the app registration that a server needs in Entra.
type Registration struct {
	// Name that administrators see when they consent.
	Name string
	// RedirectURI is the server's public address with CallbackPath.
	RedirectURI string
	// Cloud by its name; "" is "global".
	Cloud string
}

// resourceAccess is how manifests name permissions: https://learn.microsoft.com/graph/api/resources/requiredresourceaccess.
type resourceAccess struct {
	ResourceAppID string          `json:"resourceAppId"`
	Access        []accessToGrant `json:"resourceAccess"`
}

type accessToGrant struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

func requiredAccess() []resourceAccess {
	required := resourceAccess{ResourceAppID: graphAppID}
	for _, permission := range Permissions() {
		required.Access = append(required.Access, accessToGrant{permission.RoleID, "Role"})
	}
	return []resourceAccess{required}
}

// Manifest is the application as Microsoft Graph describes it, for App registrations > the app > Manifest, or POST /applications
// (https://learn.microsoft.com/graph/api/application-post-applications). It is indented JSON.
func (r Registration) Manifest() string {
	text, err := json.MarshalIndent(map[string]any{
		"displayName": r.Name, "signInAudience": "AzureADMyOrg", "web": map[string]any{"redirectUris": []string{r.RedirectURI}},
		"requiredResourceAccess": requiredAccess(),
	}, "", "  ")
	if err != nil {
		panic("graph: the manifest cannot be written: " + err.Error()) // plain texts only
	}
	return string(text)
}

// azureClouds are the names of the clouds in Microsoft's command line, `az cloud list`.
var azureClouds = map[string]string{"global": "AzureCloud", "": "AzureCloud", "gcc-high": "AzureUSGovernment", "dod": "AzureUSGovernment", "china": "AzureChinaCloud"}

// Script is a shell script for Microsoft's command line (`az`) that makes the registration, its client secret and the consent of whoever runs it.
func (r Registration) Script() string {
	access, err := json.Marshal(requiredAccess())
	if err != nil {
		panic("graph: the permissions cannot be written: " + err.Error()) // plain texts only
	}
	cloud := azureClouds[r.Cloud]
	if cloud == "" {
		cloud = azureClouds["global"]
	}
	return fmt.Sprintf(`#!/bin/sh
# Registers %[1]s in Microsoft Entra ID. Needs Microsoft's command line (az); who runs it must be allowed to register applications,
# and to consent for the whole tenant or leave that to somebody else.
set -eu
umask 077
az cloud set --name %[2]s
az account show --output none 2>/dev/null || az login --allow-no-subscriptions --output none
access=$(mktemp)
trap 'rm -f "$access"' EXIT
cat > "$access" <<'JSON'
%[3]s
JSON
app=$(az ad app create --display-name %[1]s --sign-in-audience AzureADMyOrg --web-redirect-uris %[4]s --required-resource-accesses "@$access" --query appId --output tsv)
az ad sp create --id "$app" --output none
# A certificate instead of a secret: az ad app credential reset --id "$app" --cert @cert.pem --output none
az ad app credential reset --id "$app" --display-name rollcall --years 1 --query password --output tsv > rollcall-secret.txt
echo "Tenant id:     $(az account show --query tenantId --output tsv)"
echo "Client id:     $app"
echo "Client secret: in rollcall-secret.txt; it ends in a year"
# Consent for the whole tenant now, instead of in the set-up: az ad app permission admin-consent --id "$app"
`, shellQuote(r.Name), cloud, access, shellQuote(r.RedirectURI))
}

func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
