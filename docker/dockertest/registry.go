package dockertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Registry serves one image on loopback until the test ends, by the pull half of the registry's protocol, and returns the
// reference to pull: "127.0.0.1:PORT/NAME:latest". user and password are asked for when user is not empty. Engines take
// plain HTTP from 127.0.0.0/8. Source: OCI distribution-spec v1.1, "Pulling manifests" and "Pulling blobs".
func Registry(t testing.TB, name string, spec Spec, user, password string) (ref string) {
	t.Helper()
	layer := Tar(t, spec.Files)
	config := imageConfig(t, spec, layer)
	const manifestType = "application/vnd.docker.distribution.manifest.v2+json"
	manifest := encode(t, map[string]any{
		"schemaVersion": 2,
		"mediaType":     manifestType,
		"config": map[string]any{
			"mediaType": "application/vnd.docker.container.image.v1+json", "size": len(config), "digest": digest(config),
		},
		"layers": []map[string]any{{
			"mediaType": "application/vnd.docker.image.rootfs.diff.tar", "size": len(layer), "digest": digest(layer),
		}},
	})
	blobs := map[string][]byte{digest(config): config, digest(layer): layer}
	manifests := map[string][]byte{"latest": manifest, digest(manifest): manifest}

	serve := func(w http.ResponseWriter, data []byte, mediaType string) {
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		w.Header().Set("Docker-Content-Digest", digest(data))
		_, _ = w.Write(data) // a client that went away needs no answer
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/{$}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /v2/"+name+"/manifests/{reference}", func(w http.ResponseWriter, r *http.Request) {
		if data, found := manifests[r.PathValue("reference")]; found {
			serve(w, data, manifestType)
			return
		}
		http.Error(w, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`, http.StatusNotFound)
	})
	mux.HandleFunc("GET /v2/"+name+"/blobs/{digest}", func(w http.ResponseWriter, r *http.Request) {
		if data, found := blobs[r.PathValue("digest")]; found {
			serve(w, data, "application/octet-stream")
			return
		}
		http.NotFound(w, r)
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Docker-Distribution-API-Version", "registry/2.0")
		givenUser, givenPassword, _ := r.BasicAuth()
		if user != "" && (givenUser != user || givenPassword != password) {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			http.Error(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`, http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/" + name + ":latest"
}
