package entrasim_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"rollcall/internal/entrasim"
)

const redirect = "http://127.0.0.1:1/connect/callback"

// browse sends the browser's request without following the answer, and returns page and address to which it is sent.
func browse(t *testing.T, method, address string, form url.Values) (status int, page string, sent *url.URL) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var text strings.Builder
	if _, err := io.Copy(&text, answer.Body); err != nil {
		t.Fatal(err)
	}
	if location := answer.Header.Get("Location"); location != "" {
		if sent, err = url.Parse(location); err != nil {
			t.Fatal(err)
		}
	}
	return answer.StatusCode, text.String(), sent
}

func consentAddress(s *entrasim.Server, account string) string {
	query := url.Values{"client_id": {s.ClientID}, "scope": {"https://graph.microsoft.com/.default"}, "redirect_uri": {redirect}, "state": {"s1"}}
	if account != "" {
		query.Set("account", account+"@contoso.example")
	}
	return s.URL() + "/" + s.TenantID + "/v2.0/adminconsent?" + query.Encode()
}

func TestAnAdministratorConsentsOrCancels(t *testing.T) {
	s := &entrasim.Server{Users: 10}
	c := start(t, s)
	c.sim("POST", "/sim/consent/revoke", nil, 200)
	if _, page, _ := browse(t, "GET", consentAddress(s, ""), nil); !strings.Contains(page, "Simulated") || !strings.Contains(page, "alex.admin@contoso.example") || strings.Contains(page, "<script") {
		t.Errorf("page %s", page)
	}
	if _, page, _ := browse(t, "GET", consentAddress(s, "alex.admin"), nil); !strings.Contains(page, "User.Read.All") || !strings.Contains(page, `value="accept"`) {
		t.Errorf("page %s", page)
	}
	_, _, sent := browse(t, "POST", consentAddress(s, "alex.admin"), url.Values{"action": {"cancel"}})
	if q := sent.Query(); q.Get("error") != "access_denied" || q.Get("error_subcode") != "cancel" || q.Get("state") != "s1" || !strings.Contains(q.Get("error_description"), "AADSTS65004") {
		t.Errorf("canceled: %s", sent)
	}
	c.login()
	if a := c.do("GET", "/v1.0/users", nil); a.status != 403 {
		t.Errorf("without consent: %d", a.status)
	}
	_, _, sent = browse(t, "POST", consentAddress(s, "alex.admin"), url.Values{"action": {"accept"}})
	if q := sent.Query(); q.Get("admin_consent") != "True" || q.Get("tenant") != s.TenantID || q.Get("state") != "s1" || sent.Host != "127.0.0.1:1" {
		t.Errorf("accepted: %s", sent)
	}
	c.login()
	c.get("/v1.0/users")
}

func TestWhoMayNotConsentRequestsItAndAnAdministratorApproves(t *testing.T) {
	s := &entrasim.Server{Users: 10}
	c := start(t, s)
	c.sim("POST", "/sim/consent/revoke", nil, 200)
	address := consentAddress(s, "uma.user")
	if _, page, sent := browse(t, "POST", address, url.Values{"action": {"accept"}}); sent != nil || !strings.Contains(page, "Request approval") {
		t.Errorf("a user consented: %v %s", sent, page)
	}
	if _, page, _ := browse(t, "POST", address, url.Values{"action": {"request"}, "justification": {"<b>please</b>"}}); !strings.Contains(page, "was sent") {
		t.Errorf("page %s", page)
	}
	_, _, sent := browse(t, "POST", address, url.Values{"action": {"back"}})
	if q := sent.Query(); q.Get("error") != "access_denied" || !strings.HasPrefix(q.Get("error_description"), "AADSTS90094") {
		t.Errorf("went back: %s", sent)
	}
	portal := s.URL() + "/" + s.TenantID + "/admin-consent-requests"
	if _, page, _ := browse(t, "GET", portal, nil); !strings.Contains(page, "&lt;b&gt;please") || !strings.Contains(page, "pending") {
		t.Errorf("page %s", page)
	}
	requests := c.sim("GET", "/sim/consent/requests", nil, 200).list("value")
	if len(requests) != 1 || requests[0].text("account") != "uma.user@contoso.example" {
		t.Fatalf("requests %v", requests)
	}
	if status, _, _ := browse(t, "POST", portal, url.Values{"id": {requests[0].text("id")}, "action": {"approve"}}); status != 303 {
		t.Errorf("status %d", status)
	}
	c.sim("POST", "/sim/consent/requests/"+requests[0].text("id")+"/deny", nil, 404)
	c.login()
	c.get("/v1.0/users")
}

func TestWithoutTheWorkflowNothingCanBeRequested(t *testing.T) {
	s := &entrasim.Server{Users: 10}
	c := start(t, s)
	c.sim("POST", "/sim/consent/workflow", object{"enabled": false}, 200)
	_, page, _ := browse(t, "POST", consentAddress(s, "uma.user"), url.Values{"action": {"request"}})
	if strings.Contains(page, "Request approval") || len(c.sim("GET", "/sim/consent/requests", nil, 200).list("value")) != 0 {
		t.Errorf("page %s", page)
	}
}

func TestASignInThatIsWrongGoesNowhere(t *testing.T) {
	s := &entrasim.Server{Users: 10}
	c := start(t, s)
	for _, wrong := range []struct{ name, value, code string }{
		{"client_id", "x", "AADSTS700016"}, {"redirect_uri", "http://evil.example/", "AADSTS50011"}, {"redirect_uri", "javascript:alert(1)", "AADSTS50011"},
	} {
		u, err := url.Parse(consentAddress(s, ""))
		if err != nil {
			t.Fatal(err)
		}
		query := u.Query()
		query.Set(wrong.name, wrong.value)
		u.RawQuery = query.Encode()
		if status, page, sent := browse(t, "GET", u.String(), nil); status != 400 || sent != nil || !strings.Contains(page, wrong.code) {
			t.Errorf("%s=%s: %d %v %s", wrong.name, wrong.value, status, sent, page)
		}
	}
	c.sim("POST", "/sim/app/remove", nil, 200)
	if _, page, _ := browse(t, "GET", consentAddress(s, "alex.admin"), nil); !strings.Contains(page, "AADSTS700016") {
		t.Errorf("page %s", page)
	}
}

func TestACodeIsRedeemedOnceWithItsVerifier(t *testing.T) {
	s := &entrasim.Server{Users: 10}
	c := start(t, s)
	verifier := "a-verifier-of-forty-three-characters-or-more-0123"
	sum := sha256.Sum256([]byte(verifier))
	code := func() string {
		query := url.Values{
			"client_id": {s.ClientID}, "response_type": {"code"}, "redirect_uri": {redirect}, "scope": {"openid profile"}, "state": {"s2"}, "nonce": {"n2"},
			"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "account": {"alex.admin@contoso.example"},
		}
		_, page, sent := browse(t, "GET", s.URL()+"/organizations/oauth2/v2.0/authorize?"+query.Encode(), nil)
		if sent == nil || sent.Query().Get("state") != "s2" {
			t.Fatalf("%v %s", sent, page)
		}
		return sent.Query().Get("code")
	}
	redeem := func(code, verifier string) answer {
		return c.do("POST", "/"+s.TenantID+"/oauth2/v2.0/token", form("grant_type", "authorization_code", "client_id", s.ClientID, "client_secret", s.ClientSecret,
			"code", code, "redirect_uri", redirect, "code_verifier", verifier), "Content-Type", "application/x-www-form-urlencoded")
	}
	first := code()
	a := redeem(first, verifier)
	token, err := jwt.ParseSigned(a.body.text("id_token"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatalf("%v: %s", err, a.raw)
	}
	var claims map[string]any
	if err := token.UnsafeClaimsWithoutVerification(&claims); err != nil || claims["tid"] != s.TenantID || claims["nonce"] != "n2" || claims["preferred_username"] != "alex.admin@contoso.example" {
		t.Errorf("claims %v %v", claims, err)
	}
	if a := redeem(first, verifier); aadsts(a) != 54005 {
		t.Errorf("again: %s", a.raw)
	}
	if a := redeem(code(), "another"); aadsts(a) != 501481 {
		t.Errorf("another verifier: %s", a.raw)
	}
	late := code()
	c.sim("POST", "/sim/clock", object{"advance": "11m"}, 200)
	if a := redeem(late, verifier); aadsts(a) != 70008 {
		t.Errorf("late: %s", a.raw)
	}
}

func TestAnAssertionOfACertificateOrAnIssuerIsTaken(t *testing.T) {
	s := &entrasim.Server{Users: 10}
	c := start(t, s)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)},
		&x509.Certificate{SerialNumber: big.NewInt(1)}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	sign := func(algorithm jose.SignatureAlgorithm, key crypto.Signer, claims jwt.Claims) string {
		claims.Expiry = jwt.NewNumericDate(time.Now().Add(time.Minute))
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithHeader("x5t#S256", base64.RawURLEncoding.EncodeToString(sum[:])))
		if err != nil {
			t.Fatal(err)
		}
		text, err := jwt.Signed(signer).Claims(claims).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	ask := func(assertion string) answer {
		return c.do("POST", "/"+s.TenantID+"/oauth2/v2.0/token", form("grant_type", "client_credentials", "client_id", s.ClientID, "scope", "https://graph.microsoft.com/.default",
			"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion", assertion), "Content-Type", "application/x-www-form-urlencoded")
	}
	own := jwt.Claims{Issuer: s.ClientID, Subject: s.ClientID, Audience: jwt.Audience{s.URL() + "/" + s.TenantID + "/oauth2/v2.0/token"}}
	if a := ask(sign(jose.PS256, key, own)); aadsts(a) != 700027 {
		t.Errorf("not registered: %s", a.raw)
	}
	c.sim("POST", "/sim/certificates", object{"certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}, 201)
	if a := ask(sign(jose.PS256, key, own)); a.status != 200 {
		t.Errorf("registered: %s", a.raw)
	}
	elsewhere := own
	elsewhere.Audience = jwt.Audience{"https://elsewhere.example/"}
	if a := ask(sign(jose.PS256, key, elsewhere)); aadsts(a) != 700023 {
		t.Errorf("for somebody else: %s", a.raw)
	}
	federated := jwt.Claims{Issuer: "https://cluster.example", Subject: "system:serviceaccount:rollcall", Audience: jwt.Audience{"api://AzureADTokenExchange"}}
	if a := ask(sign(jose.ES256, other, federated)); aadsts(a) != 700213 {
		t.Errorf("unknown issuer: %s", a.raw)
	}
	c.sim("POST", "/sim/federated", object{
		"issuer": federated.Issuer, "subject": federated.Subject, "keys": jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: other.Public()}}},
	}, 201)
	if a := ask(sign(jose.ES256, other, federated)); a.status != 200 {
		t.Errorf("known issuer: %s", a.raw)
	}
}

// aadsts is the number of a refusal of the login service, 0 without one.
func aadsts(a answer) float64 {
	codes, _ := a.body["error_codes"].([]any)
	if len(codes) != 1 {
		return 0
	}
	number, _ := codes[0].(float64)
	return number
}
