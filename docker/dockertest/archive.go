package dockertest

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Spec describes an image of one layer.
type Spec struct {
	Ref          string // name and tag
	Files        []File
	Env          []string // "KEY=VALUE"
	Cmd          []string
	Entrypoint   []string
	ExposedPorts []string // "5000/tcp"
	Labels       map[string]string
	WorkingDir   string
	User         string
	Created      time.Time // zero: now
}

// File is a file, a folder (Path ends with a slash) or a symbolic link of an image.
type File struct {
	Path string // without a leading slash
	Mode int64
	Data []byte
	Link string // what a symbolic link points to
}

// Archive is the image in the form of `docker save`. Source of the format: moby's image/spec/v1.2.
func Archive(t testing.TB, spec Spec) io.Reader {
	t.Helper()
	layer := Tar(t, spec.Files)
	config := imageConfig(t, spec, layer)
	manifest := encode(t, []map[string]any{{
		"Config": "config.json", "RepoTags": []string{spec.Ref}, "Layers": []string{"layer.tar"},
	}})
	return bytes.NewReader(Tar(t, []File{
		{Path: "layer.tar", Mode: 0o644, Data: layer},
		{Path: "config.json", Mode: 0o644, Data: config},
		{Path: "manifest.json", Mode: 0o644, Data: manifest},
	}))
}

func imageConfig(t testing.TB, spec Spec, layer []byte) []byte {
	t.Helper()
	created := spec.Created
	if created.IsZero() {
		created = time.Now()
	}
	ports := map[string]struct{}{}
	for _, port := range spec.ExposedPorts {
		ports[port] = struct{}{}
	}
	return encode(t, map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"created":      created.UTC().Format(time.RFC3339Nano),
		"config": map[string]any{
			"Env": spec.Env, "Cmd": spec.Cmd, "Entrypoint": spec.Entrypoint, "ExposedPorts": ports,
			"Labels": spec.Labels, "WorkingDir": spec.WorkingDir, "User": spec.User,
		},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(layer)}},
	})
}

// Tar packs files in the order given.
func Tar(t testing.TB, files []File) []byte {
	t.Helper()
	var packed bytes.Buffer
	archive := tar.NewWriter(&packed)
	for _, file := range files {
		header := &tar.Header{Name: file.Path, Mode: file.Mode, Typeflag: tar.TypeReg, Size: int64(len(file.Data))}
		switch {
		case file.Link != "":
			header.Typeflag, header.Linkname, header.Size = tar.TypeSymlink, file.Link, 0
		case strings.HasSuffix(file.Path, "/"):
			header.Typeflag, header.Size = tar.TypeDir, 0
		}
		check(t, archive.WriteHeader(header))
		if header.Size > 0 {
			_, err := archive.Write(file.Data)
			check(t, err)
		}
	}
	check(t, archive.Close())
	return packed.Bytes()
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func encode(t testing.TB, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	check(t, err)
	return data
}
