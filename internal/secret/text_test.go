package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"rollcall/internal/secret"
)

func TestACredentialDoesNotShowWhereverItIsPrinted(t *testing.T) {
	type holder struct {
		Name   string
		Secret secret.Text
	}
	h := holder{Name: "connection", Secret: "hunter2"}
	encoded, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("saved", "credential", h.Secret, "holder", h)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("saved", "credential", h.Secret, "holder", h)
	outputs := []string{
		string(encoded), log.String(), fmt.Sprint(h), fmt.Sprintf("%v %+v %#v %s %q", h, h, h, h.Secret, h.Secret),
		fmt.Sprint([]secret.Text{h.Secret}), fmt.Errorf("bad %v", h.Secret).Error(),
	}
	for _, output := range outputs {
		if strings.Contains(output, "hunter2") || !strings.Contains(output, "[redacted]") {
			t.Errorf("the credential is not hidden in %q", output)
		}
	}
	if h.Secret.Reveal() != "hunter2" {
		t.Error("Reveal must give the text")
	}
	if secret.Text("").String() != "" {
		t.Error("no credential must not look like one")
	}
}
