package storytest_test

import (
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/storytest"
)

// With all features: a certificate changes ports and URLs at once, goes along
// with a new name, and not into a clone.
func TestCertificateOfADeployedApp(t *testing.T) {
	w := plugintest.MakeAll(t, storytest.Features)
	must := func(want, line string) {
		t.Helper()
		r := w.Dokku(strings.Fields(line)...)
		if r.Code != 0 || strings.TrimSpace(r.Stdout) != want {
			t.Errorf("%s: %+v", line, r)
		}
	}
	must("http://web1.example.com", "urls web1")
	must("", "ports:set web1 http:80:5000")
	if r := w.Dokku("certs:generate", "web1", "www.example.com"); r.Code != 0 || !strings.Contains(r.Stdout, "-----> Added www.example.com to web1\n") {
		t.Fatalf("%+v", r)
	}
	must("http:80:5000 https:443:5000", "ports:report web1 --ports-map")
	must("https://web1.example.com", "url web1")
	must("www.example.com", "certs:report web1 --ssl-hostnames")
	must("", "ports:clear web1")
	must("http:80:5000 https:443:5000", "ports:report web1 --ports-map-detected")
	for _, line := range []string{"apps:clone --skip-deploy web1 copy", "apps:rename --skip-deploy web1 moved"} {
		if r := w.Dokku(strings.Fields(line)...); r.Code != 0 {
			t.Fatalf("%s: %+v", line, r)
		}
	}
	must("false", "certs:report copy --ssl-enabled")
	must("true", "certs:report moved --ssl-enabled")
	must("-----> Removing SSL endpoint from moved", "certs:remove moved")
	must("http:80:5000", "ports:report moved --ports-map-detected")
}
