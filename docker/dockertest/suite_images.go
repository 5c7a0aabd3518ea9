package dockertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/docker"
)

func (s *suite) imageInspect(t *testing.T) {
	created := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	ref := Load(t, s.Engine, Spec{
		Ref: Name(t) + ":1.2", Files: s.Files, Env: []string{"A=1"}, Cmd: []string{"serve"}, Entrypoint: []string{"/entry"},
		ExposedPorts: []string{"8080/tcp", "53/udp", "53/tcp", "443/tcp"}, Labels: map[string]string{"role": "web"},
		WorkingDir: "/tmp", User: "nobody", Created: created,
	})
	image, err := s.Engine.ImageInspect(t.Context(), ref)
	check(t, err)
	if !strings.HasPrefix(image.ID, "sha256:") || len(image.ID) != 71 {
		t.Errorf("ID is %q", image.ID)
	}
	equalSlices(t, "tags", image.Tags, []string{ref})
	equalSlices(t, "environment", image.Env, []string{"A=1"})
	equalSlices(t, "command", image.Cmd, []string{"serve"})
	equalSlices(t, "entrypoint", image.Entrypoint, []string{"/entry"})
	equalSlices(t, "ports", image.ExposedPorts, []string{"53/tcp", "53/udp", "443/tcp", "8080/tcp"})
	equal(t, "label", image.Labels["role"], "web")
	equal(t, "folder", image.WorkingDir, "/tmp")
	equal(t, "user", image.User, "nobody")
	equal(t, "created", image.Created.Equal(created), true)
	if image.Size <= 0 || image.Architecture == "" {
		t.Errorf("size is %d, architecture %q", image.Size, image.Architecture)
	}
	byID, err := s.Engine.ImageInspect(t.Context(), image.ID)
	check(t, err)
	equal(t, "ID by ID", byID.ID, image.ID)
	_, err = s.Engine.ImageInspect(t.Context(), Name(t))
	isKind(t, err, docker.ErrNotFound)
}

func (s *suite) imageList(t *testing.T) {
	set := Name(t)
	spec := Spec{Files: s.Files, Labels: map[string]string{"set": set, "role": "web"}}
	spec.Ref, spec.Created = Name(t)+":old", time.Now().Add(-time.Hour)
	older := Load(t, s.Engine, spec)
	spec.Ref, spec.Created = Name(t)+":new", time.Now()
	newer := Load(t, s.Engine, spec)
	list := func(labels map[string]string) (tags []string) {
		images, err := s.Engine.ImageList(t.Context(), labels)
		check(t, err)
		for _, image := range images {
			equal(t, "label", image.Labels["set"], set)
			equal(t, "size", image.Size > 0, true)
			tags = append(tags, image.Tags...)
		}
		return tags
	}
	equalSlices(t, "newest first", list(map[string]string{"set": set}), []string{newer, older})
	equalSlices(t, "any role", list(map[string]string{"set": set, "role": ""}), []string{newer, older})
	equalSlices(t, "another role", list(map[string]string{"set": set, "role": "worker"}), nil)
}

func (s *suite) imageTag(t *testing.T) {
	ctx := t.Context()
	first, second := Load(t, s.Engine, Spec{Ref: Name(t) + ":1", Files: s.Files}), Name(t)
	check(t, s.Engine.ImageTag(ctx, first, second)) // without a tag it is latest
	image, err := s.Engine.ImageInspect(ctx, second+":latest")
	check(t, err)
	want := []string{first, second + ":latest"}
	slices.Sort(want)
	equalSlices(t, "tags", slices.Sorted(slices.Values(image.Tags)), want)
	check(t, s.Engine.ImageRemove(ctx, first, false)) // only the name
	image, err = s.Engine.ImageInspect(ctx, second)
	check(t, err)
	equalSlices(t, "tags", image.Tags, []string{second + ":latest"})
	check(t, s.Engine.ImageRemove(ctx, second, false)) // and the image
	_, err = s.Engine.ImageInspect(ctx, image.ID)
	isKind(t, err, docker.ErrNotFound)
	isKind(t, s.Engine.ImageRemove(ctx, second, true), docker.ErrNotFound)
	isKind(t, s.Engine.ImageTag(ctx, second, first), docker.ErrNotFound)
}

func (s *suite) imageInUse(t *testing.T) {
	ctx := t.Context()
	ref := Load(t, s.Engine, Spec{Ref: Name(t) + ":1", Files: s.Files})
	image, err := s.Engine.ImageInspect(ctx, ref)
	check(t, err)
	id := CreateWith(t, s.Engine, nil, ref, polite.Cmd...)
	isKind(t, s.Engine.ImageRemove(ctx, ref, false), docker.ErrConflict)
	check(t, s.Engine.Start(ctx, id))
	isKind(t, s.Engine.ImageRemove(ctx, image.ID, true), docker.ErrConflict)
	check(t, s.Engine.ImageRemove(ctx, ref, true)) // the name goes, the image stays
	_, err = s.Engine.ImageInspect(ctx, ref)
	isKind(t, err, docker.ErrNotFound)
	untagged, err := s.Engine.ImageInspect(ctx, image.ID)
	check(t, err)
	equalSlices(t, "tags", untagged.Tags, nil)
	check(t, s.Engine.Remove(ctx, id))
	check(t, s.Engine.ImageRemove(ctx, image.ID, false))
}

func (s *suite) imageLoadNonsense(t *testing.T) {
	if refs, err := s.Engine.ImageLoad(t.Context(), strings.NewReader("this is no archive")); err == nil {
		t.Errorf("loaded %q from nonsense", refs)
	}
	broken := errors.New("the other end went away")
	if _, err := s.Engine.ImageLoad(t.Context(), brokenReader{broken}); !errors.Is(err, broken) {
		t.Errorf("the reader's error is lost: %v", err)
	}
	ref := Name(t) + ":1"
	refs, err := s.Engine.ImageLoad(t.Context(), Archive(t, Spec{Ref: ref, Files: s.Files}))
	check(t, err)
	t.Cleanup(func() { _ = s.Engine.ImageRemove(context.Background(), ref, true) })
	equalSlices(t, "names", refs, []string{ref})
}

func (s *suite) imagePrune(t *testing.T) {
	ctx := t.Context()
	isKind(t, s.Engine.ImagePrune(ctx, nil), docker.ErrInvalid)
	set := Name(t)
	untag := func(labels map[string]string) (imageID string) {
		ref := Load(t, s.Engine, Spec{Ref: Name(t) + ":1", Files: s.Files, Labels: labels})
		image, err := s.Engine.ImageInspect(ctx, ref)
		check(t, err)
		replacement := Load(t, s.Engine, Spec{Ref: Name(t) + ":1", Files: s.Files})
		check(t, s.Engine.ImageTag(ctx, replacement, ref)) // takes the name over
		t.Cleanup(func() { _ = s.Engine.ImageRemove(context.Background(), image.ID, true) })
		return image.ID
	}
	ours, others := untag(map[string]string{"set": set}), untag(map[string]string{"set": "of another"})
	used := untag(map[string]string{"set": set, "used": "yes"})
	CreateWith(t, s.Engine, nil, used, polite.Cmd...)
	tagged := Load(t, s.Engine, Spec{Ref: Name(t) + ":1", Files: s.Files, Labels: map[string]string{"set": set, "tagged": "yes"}})
	check(t, s.Engine.ImagePrune(ctx, map[string]string{"set": set}))
	_, err := s.Engine.ImageInspect(ctx, ours)
	isKind(t, err, docker.ErrNotFound)
	for _, ref := range []string{others, used, tagged} {
		if _, err := s.Engine.ImageInspect(ctx, ref); err != nil {
			t.Errorf("pruned too much: %v", err)
		}
	}
}

func (s *suite) imagePull(t *testing.T) {
	ctx := t.Context()
	ref := s.Publish(t, Name(t), Spec{Files: s.Files, Cmd: []string{"serve"}})
	_, err := s.Engine.ImageInspect(ctx, ref)
	isKind(t, err, docker.ErrNotFound)
	var progress bytes.Buffer
	check(t, s.Engine.ImagePull(ctx, ref, "", &progress))
	t.Cleanup(func() { _ = s.Engine.ImageRemove(context.Background(), ref, true) })
	image, err := s.Engine.ImageInspect(ctx, ref)
	check(t, err)
	equalSlices(t, "command", image.Cmd, []string{"serve"})
	if text := progress.String(); !strings.Contains(text, "Status: Downloaded newer image for "+ref+"\n") || strings.Contains(text, "\r") {
		t.Errorf("progress is %q", text)
	}
	check(t, s.Engine.ImagePull(ctx, ref, "", nil)) // once more, in silence
	missing := strings.Replace(ref, ":latest", ":missing", 1)
	isKind(t, s.Engine.ImagePull(ctx, missing, "", io.Discard), docker.ErrNotFound)
}

// buildKit: the connection speaks HTTP/2, whose server answers the client's preface with a SETTINGS frame (RFC 9113, 3.4).
func (s *suite) buildKit(t *testing.T) {
	conn, err := s.Engine.DialBuildKit(t.Context())
	check(t, err)
	defer conn.Close()
	check(t, conn.SetDeadline(time.Now().Add(Patience)))
	_, err = conn.Write([]byte(http2Preface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"))
	check(t, err)
	frame := make([]byte, 9)
	_, err = io.ReadFull(conn, frame)
	check(t, err)
	equal(t, "type of the first frame", frame[3], 4)
}

// session: on this connection the engine is the HTTP/2 client.
func (s *suite) session(t *testing.T) {
	conn, err := s.Engine.DialSession(t.Context(), "h2c", map[string][]string{
		"X-Docker-Expose-Session-Uuid": {Name(t)}, "X-Docker-Expose-Session-Name": {"test"},
	})
	check(t, err)
	defer conn.Close()
	check(t, conn.SetDeadline(time.Now().Add(Patience)))
	preface := make([]byte, len(http2Preface))
	_, err = io.ReadFull(conn, preface)
	check(t, err)
	equal(t, "preface", string(preface), http2Preface)
}

const http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
