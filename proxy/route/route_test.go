package route

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/proxy"
)

func example() proxy.Routes {
	return proxy.Routes{
		App: "blog", Hosts: []string{"blog.example.com", "*.blog.example.com"},
		Listeners: []proxy.Listener{{Scheme: "http", Port: 80, Upstreams: []string{"172.17.0.3:5000"}}},
		TLS:       &proxy.Certificate{CertFile: "/home/dokku/blog/tls/server.crt", KeyFile: "/home/dokku/blog/tls/server.key"},
	}
}

func TestStoreLoadDelete(t *testing.T) {
	dir := Dir(filepath.Join(t.TempDir(), "routes"))
	if apps, err := dir.Apps(); err != nil || len(apps) != 0 {
		t.Errorf("Apps of no folder = %v, %v", apps, err)
	}
	if err := dir.Store(example()); err != nil {
		t.Fatal(err)
	}
	got, err := dir.Load("blog")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(example(), got); diff != "" {
		t.Error(diff)
	}
	for range 2 {
		if err := dir.Delete("blog"); err != nil {
			t.Error(err)
		}
	}
	if _, err := dir.Load("blog"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load after Delete: %v", err)
	}
	if left, err := os.ReadDir(string(dir)); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestNamesThatLeaveTheFolder(t *testing.T) {
	dir := Dir(t.TempDir())
	for _, app := range []string{"", ".", "..", "../x", "a/b", "-rf", "a b", "A", "é", "a\n", "a\x00"} {
		var bad *proxy.InvalidError
		if _, err := dir.Load(app); !errors.As(err, &bad) {
			t.Errorf("Load(%q): %v", app, err)
		}
		if err := dir.Delete(app); !errors.As(err, &bad) {
			t.Errorf("Delete(%q): %v", app, err)
		}
		r := example()
		r.App = app
		if err := dir.Store(r); !errors.As(err, &bad) {
			t.Errorf("Store(%q): %v", app, err)
		}
	}
}

func TestStoreThatFailsLeavesTheOldFile(t *testing.T) {
	dir := Dir(t.TempDir())
	if err := dir.Store(example()); err != nil {
		t.Fatal(err)
	}
	// A folder that stands where the file goes makes rename fail, for root too.
	r := example()
	r.App = "shop"
	if err := os.MkdirAll(filepath.Join(string(dir), "shop.json", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := dir.Store(r); err == nil {
		t.Fatal("Store over a folder succeeded")
	}
	if apps, err := dir.Apps(); err != nil || !cmp.Equal(apps, []string{"blog"}) {
		t.Errorf("Apps = %v, %v", apps, err)
	}
	if left, err := os.ReadDir(string(dir)); err != nil || len(left) != 2 {
		t.Errorf("a temporary file is left behind: %v, %v", left, err)
	}
}

func TestUnknownFieldsOfALaterVersionAreIgnored(t *testing.T) {
	if _, err := Parse("blog", []byte(`{"app":"blog","hosts":["a.example.com"],"shiny":{"new":1}}`)); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "{}", "null", `{"app":"blog"}`, `{"app":"blog","hosts":["*.a.b"],"listeners":[{"scheme":"http","port":80,"upstreams":["[::1]:80"]}]}`, `{"app":"blog","hosts":[1]}`} {
		f.Add([]byte(s))
	}
	dir := Dir(f.TempDir())
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse("blog", data)
		if err != nil {
			var bad *proxy.InvalidError
			if !errors.As(err, &bad) {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		// What was parsed can be written and is the same when read again.
		if err := dir.Store(r); err != nil {
			t.Fatal(err)
		}
		again, err := dir.Load("blog")
		if err != nil {
			t.Fatal(err)
		}
		if err := dir.Store(again); err != nil {
			t.Fatal(err)
		}
	})
}

// Security: after a reboot an address may be another app's container.
func TestRoutesOfAnEarlierBootHaveNoUpstreams(t *testing.T) {
	if bootID() == "" {
		t.Skip("the kernel does not name its boots")
	}
	dir := Dir(t.TempDir())
	if err := dir.Store(example()); err != nil {
		t.Fatal(err)
	}
	same, err := dir.Load(example().App)
	if err != nil || len(same.Listeners[0].Upstreams) == 0 {
		t.Fatalf("in the same boot: %+v %v", same, err)
	}
	path := filepath.Join(string(dir), example().App+suffix)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data = []byte(strings.ReplaceAll(string(data), bootID(), "11111111-2222-3333-4444-555555555555"))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	later, err := dir.Load(example().App)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range later.Listeners {
		if len(l.Upstreams) > 0 {
			t.Errorf("after a reboot: %+v", l)
		}
	}
	if len(later.Hosts) != len(same.Hosts) {
		t.Error("the hosts are gone too")
	}
}
