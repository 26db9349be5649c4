package app

import (
	"context"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"rollcall/internal/graph"
)

// managedWait is for one question to the machine's identity endpoint, its own tries included.
const managedWait = 30 * time.Second

// machineIdentity gets tokens for the managed identity with the client id that is assigned to this machine.
func machineIdentity(clientID string) graph.Managed {
	return func(ctx context.Context, resource string) (string, time.Duration, error) {
		ctx, cancel := context.WithTimeout(ctx, managedWait)
		defer cancel()
		identity, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ID: azidentity.ClientID(clientID)})
		if err != nil {
			return "", 0, err
		}
		token, err := identity.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{resource + "/.default"}})
		if err != nil {
			return "", 0, err
		}
		return token.Token, time.Until(token.ExpiresOn), nil
	}
}
