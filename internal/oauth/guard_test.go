package oauth

import (
	"net/http"
	"strings"
	"testing"
)

func TestOnlyPublicAddressesAreConnectedTo(t *testing.T) {
	for address, public := range map[string]bool{
		"93.184.215.14:443": true, "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:443": true, "20.190.128.1:8443": true,
		"127.0.0.1:443": false, "127.8.9.1:443": false, "[::1]:443": false, "0.0.0.0:443": false, "[::]:443": false, "10.0.0.1:443": false,
		"172.16.3.4:443": false, "192.168.1.1:443": false, "169.254.169.254:80": false, "[fe80::1]:443": false, "[fe80::1%eth0]:443": false,
		"[fd00:ec2::254]:443": false, "100.100.100.200:443": false, "224.0.0.1:443": false, "255.255.255.255:443": false, "[ff02::1]:443": false,
		"[::ffff:127.0.0.1]:443": false, "[::ffff:10.0.0.1]:443": false, "[64:ff9b::7f00:1]:443": false, "[2002:7f00:1::]:443": false,
		"[::127.0.0.1]:443": false, "192.0.2.1:443": false, "198.18.0.1:443": false, "[2001:db8::1]:443": false, "localhost:443": false, "x": false,
	} {
		if err := checkPublic(address); (err == nil) != public {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestTheGuardHoldsWhateverANameResolvesTo(t *testing.T) {
	issuer := newSigner(t)
	_, port, _ := strings.Cut(issuer.host(), ":")
	guarded := Guarded(nil, issuer.roots())
	for _, address := range []string{issuer.server.URL, "https://localhost:" + port, "https://127.0.0.1.:" + port} {
		response, err := guarded.Get(address + "/keys")
		if err == nil {
			t.Errorf("%s was connected to", address)
			response.Body.Close()
		}
	}
	if issuer.fetches != 0 {
		t.Errorf("%d requests came through", issuer.fetches)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	issuer := newSigner(t)
	response, err := Guarded([]string{issuer.host()}, issuer.roots()).Get(issuer.server.URL + "/elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusFound || issuer.fetches != 0 {
		t.Errorf("%s, %d fetches", response.Status, issuer.fetches)
	}
}
