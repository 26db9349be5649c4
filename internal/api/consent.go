package api

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
)

// Leave asks where to send a browser.
type Leave struct {
	Step engine.SignInStep `json:"step,omitempty" enum:"sign-in,consent" doc:"consent if absent and the tenant is known, else sign-in."`
}

// Departure is where to send a browser.
type Departure struct {
	URL         string            `json:"url" format:"uri" doc:"The page at Microsoft. Only who asked for it can bring back what it answers, once."`
	Step        engine.SignInStep `json:"step" enum:"sign-in,consent,withdraw" doc:"What is done there."`
	RedirectURI string            `json:"redirectUri" format:"uri" doc:"Where the browser comes back to; the app registration must list it."`
	ExpiresAt   time.Time         `json:"expiresAt" doc:"Until when it may come back."`
}

// Return is what a browser brought back: the parameters of the address that Microsoft sent it to.
type Return struct {
	State            string `json:"state" minLength:"1" maxLength:"256" doc:"state."`
	Code             string `json:"code,omitempty" maxLength:"4096" doc:"code, of a sign-in."`
	AdminConsent     string `json:"adminConsent,omitempty" maxLength:"16" doc:"admin_consent, of a consent."`
	Tenant           string `json:"tenant,omitempty" maxLength:"256" doc:"tenant, of a consent."`
	Error            string `json:"error,omitempty" maxLength:"256" doc:"error, if Microsoft refused."`
	ErrorSubcode     string `json:"errorSubcode,omitempty" maxLength:"256" doc:"error_subcode."`
	ErrorDescription string `json:"errorDescription,omitempty" maxLength:"4096" doc:"error_description."`
}

// Arrival is what became of it.
type Arrival struct {
	Connection Connection        `json:"connection" doc:"The connection as it stands now. That Microsoft refused is its state."`
	Step       engine.SignInStep `json:"step" enum:"sign-in,consent,withdraw" doc:"What was done at Microsoft."`
	Deleted    *ident.ID         `json:"deletedInstance,omitempty" format:"uuid" doc:"The instance that was deleted after the consent was taken back. Its connection went with it if no other instance uses it."`
	Next       *Departure        `json:"next,omitempty" doc:"Where the browser must go now: to consent, after somebody signed in."`
}

// Registration is the app registration that this server needs in Entra.
type Registration struct {
	RedirectURI string       `json:"redirectUri" format:"uri" doc:"Where browsers come back to."`
	Permissions []Permission `json:"permissions" nullable:"false" doc:"The application permissions of Microsoft Graph."`
	Manifest    string       `json:"manifest" doc:"The application as Microsoft Graph describes it, as JSON."`
	Script      string       `json:"script" doc:"A shell script for Microsoft's command line (az) that makes it."`
}

func (s *server) serveConsent() {
	serve(s, operation{
		id: "getRegistration", method: http.MethodGet, path: inOrg + "/registration", tag: "Connections", summary: "Say what to register in Entra",
		detail: "With the server's public address, which must be https except on this machine.",
	}, func(ctx context.Context, in *struct {
		InOrganization
		Name  string `query:"name" default:"Rollcall" minLength:"1" maxLength:"120" doc:"The application's name, which administrators see when they consent."`
		Cloud string `query:"cloud" default:"global" maxLength:"64" doc:"The Microsoft cloud."`
	},
	) (*body[Registration], error) {
		redirect, err := engine.RedirectURI(exchangeOf(ctx).base)
		registration := graph.Registration{Name: in.Name, RedirectURI: redirect, Cloud: in.Cloud}
		return reply(Registration{RedirectURI: redirect, Permissions: permissions(nil), Manifest: registration.Manifest(), Script: registration.Script()}), err
	})
	serve(s, operation{
		id: "sendToMicrosoft", method: http.MethodPost, path: inOrg + "/connections/{id}/consent", tag: "Connections", summary: "Begin a sign-in or a consent at Microsoft",
		detail: "Also to renew consent. The browser comes back within ten minutes to the redirect address; give its parameters to returnFromMicrosoft, with the same token.",
	}, func(ctx context.Context, in *struct {
		InConnection
		Body *Leave
	},
	) (*body[Departure], error) {
		leave := engine.Leave{PublicURL: exchangeOf(ctx).base, Bound: boundTo(ctx)}
		if in.Body != nil {
			leave.Step = in.Body.Step
		}
		departure, err := s.Engine.SendAway(ctx, orgOf(ctx), in.ID, leave)
		return reply(Departure(departure)), err
	})
	serve(s, operation{
		id: "returnFromMicrosoft", method: http.MethodPost, path: inOrg + "/consent/callback", tag: "Connections", summary: "Take what a browser brought back from Microsoft",
		detail: "Once, and from whoever began. A consent is believed when the tenant itself confirms it. After withdrawConsent a refusal is an answer of 403, and nothing was deleted.",
	}, func(ctx context.Context, in *struct {
		InOrganization
		Body Return
	},
	) (*body[Arrival], error) {
		back := in.Body
		arrival, err := s.Engine.WelcomeBack(ctx, orgOf(ctx), engine.Return{
			Bound: boundTo(ctx), State: back.State, Code: back.Code, AdminConsent: back.AdminConsent, Tenant: back.Tenant,
			Error: back.Error, ErrorSubcode: back.ErrorSubcode, ErrorDescription: back.ErrorDescription,
		})
		if err != nil {
			return nil, err
		}
		connection, err := s.connectionOf(ctx, arrival.Connection)
		out := Arrival{Connection: connection, Step: arrival.Step}
		if arrival.Next != nil {
			next := Departure(*arrival.Next)
			out.Next = &next
		}
		if !arrival.Deleted.IsZero() {
			out.Deleted = &arrival.Deleted
		}
		return reply(out), err
	})
}

// Withdrawal asks for an instance to be deleted together with the consent of its tenant.
type Withdrawal struct {
	Shared bool `json:"shared,omitempty" doc:"Other instances of the connection may lose the consent too; they stop until it is renewed."`
}

func (s *server) serveWithdrawal() {
	serve(s, operation{
		id: "withdrawConsent", method: http.MethodPost, path: inOrg + "/instances/{id}/withdraw-consent", tag: "Instances", summary: "Delete an instance and take the tenant's consent back",
		detail: "Begins a sign-in of an Entra administrator at Microsoft. When its parameters come to returnFromMicrosoft, with the same token, what the tenant granted the app " +
			"is taken back in his name, and the instance is deleted. If other instances need the consent it fails with 409 ConsentShared, unless shared says that they may lose it.",
		failures: []int{http.StatusConflict},
	}, func(ctx context.Context, in *struct {
		InInstance
		Body *Withdrawal
	},
	) (*body[Departure], error) {
		want := engine.Withdrawal{PublicURL: exchangeOf(ctx).base, Bound: boundTo(ctx)}
		if in.Body != nil {
			want.Shared = in.Body.Shared
		}
		departure, err := s.Engine.SendToWithdraw(ctx, orgOf(ctx), in.ID, want)
		return reply(Departure(departure)), err
	})
}

// boundTo ties a sign-in to the token that begins it.
func boundTo(ctx context.Context) string { return "token/" + callerOf(ctx).token.ID.String() }
