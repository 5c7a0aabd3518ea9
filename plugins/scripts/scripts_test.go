package scripts

import (
	"archive/tar"
	"bytes"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/config"
	"github.com/slipwayhq/slipway/state"
)

// neighbours declares the properties of others that common asks for.
func neighbours(*plugin.Host) plugin.Plugin {
	return plugin.Plugin{Name: "neighbours", Properties: []state.Property{
		{Plugin: "scheduler", Name: "selected", Default: "docker-local"}, {Plugin: "builder", Name: "skip-cleanup"},
	}}
}

func TestStories(t *testing.T) { plugintest.Run(t, Plugin, config.Plugin, neighbours) }

func TestListsLoseNothingOfEachOther(t *testing.T) {
	w := plugintest.Make(t, Plugin, neighbours)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if got := w.Program("", "prop", "rpush", "x", "blog", "list", strconv.Itoa(i)); got.Code != 0 {
				t.Errorf("%+v", got)
			}
		})
	}
	all.Wait()
	if got := w.Program("", "prop", "llen", "x", "blog", "list"); got.Stdout != "20\n" {
		t.Errorf("%+v", got)
	}
}

// Security: no word of a script names a file outside of the properties.
func FuzzParsePart(f *testing.F) {
	for _, s := range []string{"blog", "--global", "..", ".", "", "a/b", "a\x00", "_all_", "a\nb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		part, err := ParsePart(s)
		if err == nil && (string(part) != s || filepath.Join("/a", s) == "/a" || filepath.Dir(filepath.Join("/a", s)) != "/a" || strings.ContainsAny(s, "\x00\n")) {
			t.Errorf("%q is taken", s)
		}
	})
}

func TestPropertiesStayInTheirFolder(t *testing.T) {
	w := plugintest.Make(t, Plugin, neighbours)
	for _, argv := range [][]string{
		{"set", "..", "x", "y", "v"},
		{"set", "x", "../..", "y", "v"},
		{"set", "x", "y", "../../../z", "v"},
		{"destroy", "x", ".."},
		{"destroy", "", ""},
		{"destroy", "x", ""},
		{"clone", "x", "a", "../b"},
		{"get", "x", "/etc", "passwd"},
		{"lwrite", "x", "a"},
		{"setup", "../x"},
	} {
		if got := w.Program("", append([]string{"prop"}, argv...)...); got.Code != 1 || got.Stderr == "" {
			t.Errorf("%v: %+v", argv, got)
		}
	}
}

func TestFirstFile(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{{Name: "d/", Typeflag: tar.TypeDir}, {Name: "l", Typeflag: tar.TypeSymlink, Linkname: "x"}, {Name: "f", Typeflag: tar.TypeReg, Size: 3}} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	if text, err := firstFile(bytes.NewReader(b.Bytes())); err != nil || string(text) != "abc" {
		t.Errorf("%q %v", text, err)
	}
	if _, err := firstFile(strings.NewReader("")); err == nil {
		t.Error("nothing has a first file")
	}
}
