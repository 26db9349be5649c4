package graph

import (
	"net"
	"net/url"
	"strings"

	"rollcall/internal/fault"
)

// Cloud is one of Microsoft's separate clouds, or a simulated tenant: registrations, tokens and tenants of one are unknown to the others.
type Cloud struct {
	// Name is the word by which configurations name the cloud.
	Name string
	// LoginURL is where tokens come from, without the tenant: "https://login.microsoftonline.com".
	LoginURL string
	// GraphURL is where Graph answers, without the version: "https://graph.microsoft.com".
	GraphURL string
}

// Clouds lists the clouds of Microsoft that a tenant can live in: "global" (with GCC), "gcc-high", "dod" and "china" (21Vianet).
// Source: https://learn.microsoft.com/graph/deployments and https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud;
// they disagree about China's login host, the newer page is followed.
func Clouds() []Cloud {
	return []Cloud{
		{Name: "global", LoginURL: "https://login.microsoftonline.com", GraphURL: "https://graph.microsoft.com"},
		{Name: "gcc-high", LoginURL: "https://login.microsoftonline.us", GraphURL: "https://graph.microsoft.us"},
		{Name: "dod", LoginURL: "https://login.microsoftonline.us", GraphURL: "https://dod-graph.microsoft.us"},
		{Name: "china", LoginURL: "https://login.partner.microsoftonline.cn", GraphURL: "https://microsoftgraph.chinacloudapi.cn"},
	}
}

// baseURL checks an address of a cloud and returns it without a slash at its end. setting names it in the error.
func baseURL(setting, text string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(text, "/"))
	switch {
	case err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, fault.New(fault.Invalid, "InvalidURL", "%s %q is not an address such as https://graph.microsoft.com", setting, text)
	case base.Scheme == "https", base.Scheme == "http" && loopback(base.Hostname()):
		return base, nil
	}
	return nil, fault.New(fault.Invalid, "InsecureURL", "%s %q does not begin with https://", setting, text).
		WithRemedy("Plain http is accepted for addresses of this machine only")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// sameOrigin reports whether both addresses have the same scheme, host and port.
func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case strings.EqualFold(u.Scheme, "https"):
		return "443"
	}
	return "80"
}
