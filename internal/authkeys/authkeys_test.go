package authkeys

import (
	"crypto/ed25519"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

func publicText(t testing.TB, seed byte) string {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune('a'+seed)), ed25519.SeedSize)))
	public, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public)))
}

func TestNewLineHasDokkusForm(t *testing.T) {
	public := publicText(t, 0)
	line, err := NewLine("ann", public+" ann@laptop\n", "/home/dokku", DefaultOptions)
	if err != nil {
		t.Fatal(err)
	}
	want := `command="FINGERPRINT=` + line.Key.Fingerprint + ` NAME=\"ann\" ` + "`cat /home/dokku/.sshcommand`" +
		` $SSH_ORIGINAL_COMMAND",no-agent-forwarding,no-user-rc,no-X11-forwarding,no-port-forwarding ` + public + " ann@laptop"
	if line.Text != want {
		t.Errorf("got  %s\nwant %s", line.Text, want)
	}
	if line.Key.Name != "ann" || line.Key.PublicText() != public+" ann@laptop" || strings.Join(line.Key.Options, ",") != DefaultOptions {
		t.Errorf("read back as %+v", line.Key)
	}
}

func TestParseKeepsForeignLines(t *testing.T) {
	line, err := NewLine("ann", publicText(t, 0), "/home/dokku", "")
	if err != nil {
		t.Fatal(err)
	}
	text := "# team\n\n" + publicText(t, 1) + " a key with a shell\n" + line.Text + "\ngarbage\ncommand=\"other\" " + publicText(t, 2) + "\n"
	lines := Parse(text)
	if Format(lines) != text {
		t.Errorf("written back as %q", Format(lines))
	}
	for i, l := range lines {
		if (l.Key != nil) != (i == 3) {
			t.Errorf("line %d %q: key %v", i, l.Text, l.Key)
		}
	}
}

func TestFoldersWithBlanksAreQuoted(t *testing.T) {
	line, err := NewLine("ann", publicText(t, 0), "/home/my slipway", "")
	if err != nil || !strings.Contains(line.Text, "`cat '/home/my slipway/.sshcommand'`") {
		t.Errorf("%q %v", line.Text, err)
	}
	if _, err := NewLine("ann", publicText(t, 0), "/home/$(x)", ""); err == nil {
		t.Error("a folder that means something to a shell was accepted")
	}
}

// Security: the name stands between double quotes in a command of a shell.
func TestNamesThatMeanSomethingToAShellAreRefused(t *testing.T) {
	for _, name := range []string{"", "a\"b", "$(reboot)", "`reboot`", `a\`, "-rf", "a\nb", " a", "a\x00", strings.Repeat("x", 129), "\xff"} {
		if _, err := NewLine(name, publicText(t, 0), "/home/dokku", ""); err == nil {
			t.Errorf("%q was accepted", name)
		}
	}
	for _, name := range []string{"ann", "ann@laptop", "admin", "Ann Droid", "zoë"} {
		if _, err := NewLine(name, publicText(t, 0), "/home/dokku", ""); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestNewLineTakesExactlyOnePublicKey(t *testing.T) {
	for _, text := range []string{"", "bogus", publicText(t, 0) + "\n" + publicText(t, 1), `command="x" ` + publicText(t, 0), "ssh-ed25519 AAAA"} {
		if _, err := NewLine("ann", text, "/home/dokku", ""); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestRestrictions(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		options, addr string
		want          bool
	}{
		{DefaultOptions, "192.0.2.1", true},
		{`from="192.0.2.0/24"`, "192.0.2.1", true},
		{`from="192.0.2.0/24"`, "::ffff:192.0.2.1", true},
		{`from="192.0.2.0/24,!192.0.2.1"`, "192.0.2.1", false},
		{`from="192.0.2.*"`, "192.0.2.1", true},
		{`from="host.example"`, "192.0.2.1", false},
		{`from="2001:db8::1"`, "2001:db8::1", true},
		{`expiry-time="20260501Z"`, "192.0.2.1", false},
		{`expiry-time="202605011201Z"`, "192.0.2.1", true},
	} {
		line, err := NewLine("ann", publicText(t, 0), "/home/dokku", tc.options)
		if err != nil {
			t.Fatal(err)
		}
		r, err := line.Key.Restrictions()
		if err != nil {
			t.Fatalf("%s: %v", tc.options, err)
		}
		if got := r.Allow(netip.MustParseAddr(tc.addr), now); got != tc.want {
			t.Errorf("%s from %s: %v", tc.options, tc.addr, got)
		}
	}
}

// Security: an option that we do not know may forbid something.
func TestUnknownOptionsMakeAKeyUseless(t *testing.T) {
	for _, options := range []string{"cert-authority", "verify-required", "from", `expiry-time="soon"`, "something-new"} {
		line, err := NewLine("ann", publicText(t, 0), "/home/dokku", options)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := line.Key.Restrictions(); err == nil {
			t.Errorf("%s was accepted", options)
		}
	}
}

func FuzzParse(f *testing.F) {
	line, err := NewLine("ann", publicText(f, 0), "/home/dokku", DefaultOptions)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("# x\n" + line.Text + "\n")
	f.Add(`command="FINGERPRINT=x NAME=\"\" ",from="a" ssh-rsa AAAA`)
	f.Fuzz(func(t *testing.T, text string) {
		lines := Parse(text)
		written := Format(lines)
		if strings.TrimRight(written, "\n") != strings.TrimRight(text, "\n") {
			t.Fatalf("%q became %q", text, written)
		}
		for _, l := range lines {
			if l.Key == nil {
				continue
			}
			if err := ValidName(l.Key.Name); err != nil {
				t.Fatalf("%q has the name %q", l.Text, l.Key.Name)
			}
			_, _ = l.Key.Restrictions()
		}
	})
}
