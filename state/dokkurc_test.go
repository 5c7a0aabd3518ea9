package state

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestDokkurcExportsVariablesOfDokku(t *testing.T) {
	s, err := Open(Config{Root: t.TempDir(), Lib: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Dokkurc(); got != nil {
		t.Error(got)
	}
	for path, text := range map[string]string{
		s.RootPath("dokkurc"):       "# comment\nexport DOKKU_IMAGE='a b' # image\nDOKKU_TRACE=1\nexport PATH=/tmp\nexport DOKKU_X=\"unterminated\n",
		s.RootPath(".dokkurc", "b"): "export DOKKU_IMAGE=c\nexport LD_PRELOAD=x\n",
		s.RootPath(".dokkurc", "a"): "export DOKKU_A=$(id)",
	} {
		if err := s.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(s.RootPath(".dokkurc", "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := []string{"DOKKU_IMAGE=a b", "DOKKU_TRACE=1", "DOKKU_A=$(id)", "DOKKU_IMAGE=c"}
	if got := s.Dokkurc(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSwitch(t *testing.T) {
	s, err := Open(Config{Root: t.TempDir(), Lib: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, on := range []bool{false, true, true, false, false} {
		if err := s.Switch("DOKKU_EVENTS", on); err != nil {
			t.Fatal(err)
		}
		if got := s.Switched("DOKKU_EVENTS"); got != on {
			t.Errorf("switched %v: %v", on, got)
		}
	}
}

func FuzzDokkurc(f *testing.F) {
	f.Add("export DOKKU_A=1 # x\nDOKKU_B='2'")
	f.Add("export LD_PRELOAD=x DOKKU_=")
	valid := regexp.MustCompile(`^DOKKU_[A-Z0-9_]+=`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, v := range parseDokkurc(text) {
			if !valid.MatchString(v) || strings.Contains(v, "\x00") {
				t.Errorf("%q gives %q", text, v)
			}
		}
	})
}
