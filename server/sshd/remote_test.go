package sshd

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

func TestStreamsAndExitCode(t *testing.T) {
	r := newRig(t, nil)
	got := runCommand(t, r.ssh(r.key("ann", ""), nil, "exit", "7"))
	if got != (result{"to stdout\n", "to stderr\n", 7}) {
		t.Errorf("got %+v", got)
	}
}

func TestTenMegabytesBothWays(t *testing.T) {
	r := newRig(t, nil)
	data := make([]byte, 10<<20)
	_, _ = rand.Read(data)
	cmd := r.ssh(r.key("ann", ""), nil, "cat")
	cmd.Stdin = bytes.NewReader(data)
	got := runCommand(t, cmd)
	if got.stdout != string(data) || got.code != 0 {
		t.Errorf("%d bytes came back, code %d, stderr %s", len(got.stdout), got.code, got.stderr)
	}
}

func TestRemoteCommandIsSplitAsDokkuDoes(t *testing.T) {
	r := newRig(t, nil)
	key := r.key("ann", "")
	if got := runCommand(t, r.ssh(key, nil, `argv 'a b' "c;d" $(touch x) * e\ f`)); got.stdout != `["a b" "c;d" "$(touch" "x)" "*" "e f"]`+"\n" {
		t.Errorf("got %+v", got)
	}
	if got := runCommand(t, r.ssh(key, nil, "argv 'a")); got.code != 1 || got.stderr != " !     The command cannot be read: a single quote is not closed\n" {
		t.Errorf("got %+v", got)
	}
}

func TestUnknownCommandsAndShellsAreRefused(t *testing.T) {
	r := newRig(t, nil)
	key := r.key("ann", "")
	if got := runCommand(t, r.ssh(key, nil, "bash")); got.code != 1 || !strings.Contains(got.stderr, "`bash` is not a dokku command.") {
		t.Errorf("bash: %+v", got)
	}
	if got := runCommand(t, r.ssh(key, nil)); got.code != 0 || !strings.Contains(got.stdout, "Print the list of commands") {
		t.Errorf("no command: %+v", got)
	}
	if got := runCommand(t, r.ssh(key, []string{"-s"}, "sftp")); got.code == 0 {
		t.Errorf("sftp: %+v", got)
	}
}

func TestIdentityIsTheKey(t *testing.T) {
	r := newRig(t, nil)
	key := r.key("ann", "")
	for _, user := range []string{"dokku", "git"} {
		got := runCommand(t, r.sshAs(user, key, nil, "who"))
		if !strings.HasPrefix(got.stdout, "user=dokku key=ann fp=SHA256:") || !strings.HasSuffix(got.stdout, "root=false\n") {
			t.Errorf("got %+v", got)
		}
	}
}

// Security: over TCP nobody says who they are.
func TestRemoteCallersSetNoIdentity(t *testing.T) {
	r := newRig(t, nil)
	cmd := r.ssh(r.key("ann", ""), []string{"-o", "SendEnv=NAME FINGERPRINT SLIPWAY_LOCK DOKKU_TRACE LANG"}, "who")
	cmd.Env = append(os.Environ(), "NAME=admin", "FINGERPRINT=SHA256:x", "SLIPWAY_LOCK=x", "DOKKU_TRACE=1", "LANG=C")
	if got := runCommand(t, cmd); !strings.Contains(got.stdout, " key=ann ") {
		t.Errorf("got %+v", got)
	}
	cmd = r.ssh(r.key("bob", ""), []string{"-o", "SendEnv=NAME FINGERPRINT SLIPWAY_LOCK DOKKU_TRACE LANG"}, "env")
	cmd.Env = append(os.Environ(), "NAME=admin", "FINGERPRINT=SHA256:x", "SLIPWAY_LOCK=x", "DOKKU_TRACE=1", "LANG=C")
	if got := runCommand(t, cmd); got.stdout != "LANG=C\n" {
		t.Errorf("got %+v", got)
	}
}

// asked makes a client ask whether the key would do and then leave it at that,
// because it does not recognise the answer.
type asked struct{ gossh.Signer }

func (s asked) PublicKey() gossh.PublicKey { return &askedKey{s.Signer.PublicKey(), 0} }

type askedKey struct {
	gossh.PublicKey
	calls int
}

// Marshal is called for the question, then to compare with the answer.
func (k *askedKey) Marshal() []byte {
	if k.calls++; k.calls == 1 {
		return k.PublicKey.Marshal()
	}
	return nil
}

// Security: the identity is the key that signed, not the last one offered
// (CVE-2024-45337 in servers that remember it in their callback).
func TestIdentityIsTheKeyThatAuthenticated(t *testing.T) {
	r := newRig(t, nil)
	a, b := signer(t, r.key("ann", "")), signer(t, r.key("bob", ""))
	for _, tc := range []struct {
		name    string
		signers []gossh.Signer
		want    string
	}{
		{"A offered, B signed", []gossh.Signer{asked{a}, b}, " key=bob "},
		{"B offered, A signed", []gossh.Signer{asked{b}, a}, " key=ann "},
		{"A and B offered, A signed", []gossh.Signer{asked{a}, asked{b}, a}, " key=ann "},
		{"B and A offered, B signed", []gossh.Signer{asked{b}, asked{a}, b}, " key=bob "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, err := gossh.Dial("tcp", net.JoinHostPort("127.0.0.1", r.port), &gossh.ClientConfig{
				User: "dokku", HostKeyCallback: gossh.InsecureIgnoreHostKey(),
				Auth: []gossh.AuthMethod{gossh.PublicKeys(tc.signers...)},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			session, err := client.NewSession()
			if err != nil {
				t.Fatal(err)
			}
			out, err := session.Output("who")
			if err != nil || !strings.Contains(string(out), tc.want) {
				t.Errorf("got %q, %v", out, err)
			}
		})
	}
}

func TestOnlyDokkuAndGitLogIn(t *testing.T) {
	r := newRig(t, nil)
	key := r.key("ann", "")
	for _, user := range []string{"root", "admin"} {
		if got := runCommand(t, r.sshAs(user, key, nil, "who")); got.code != 255 || !strings.Contains(got.stderr, "Permission denied (publickey)") {
			t.Errorf("%s: %+v", user, got)
		}
	}
}

// Security: a line without Dokku's forced command gives a shell on the host,
// and no name to go by here.
func TestKeysWithoutANameAreRefused(t *testing.T) {
	r := newRig(t, nil)
	key := r.key("", "")
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.cfg.KeysFile, public, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := runCommand(t, r.ssh(key, nil, "who")); got.code != 255 {
		t.Errorf("got %+v", got)
	}
}

func TestKeysFileIsReadAgainWhenItChanges(t *testing.T) {
	r := newRig(t, nil)
	ann := r.key("ann", "")
	if got := runCommand(t, r.ssh(ann, nil, "who")); got.code != 0 {
		t.Fatalf("ann: %+v", got)
	}
	bob := r.key("bob", "")
	if got := runCommand(t, r.ssh(bob, nil, "who")); got.code != 0 {
		t.Errorf("bob after ssh-keys:add: %+v", got)
	}
	if err := os.Remove(r.cfg.KeysFile); err != nil {
		t.Fatal(err)
	}
	if got := runCommand(t, r.ssh(ann, nil, "who")); got.code != 255 {
		t.Errorf("ann after removal: %+v", got)
	}
}

func TestRestrictionsOfAKeyHold(t *testing.T) {
	r := newRig(t, nil)
	if got := runCommand(t, r.ssh(r.key("here", `from="127.0.0.0/8"`), nil, "who")); got.code != 0 {
		t.Errorf("here: %+v", got)
	}
	if got := runCommand(t, r.ssh(r.key("plain", "no-pty"), []string{"-tt"}, "tty")); !strings.Contains(got.stderr, "PTY allocation request failed") {
		t.Errorf("plain: %+v", got)
	}
	for name, options := range map[string]string{"elsewhere": `from="192.0.2.0/24"`, "old": `expiry-time="20200101Z"`, "odd": "cert-authority"} {
		if got := runCommand(t, r.ssh(r.key(name, options), nil, "who")); got.code != 255 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// master starts a connection that others share; ssh's own option for it.
func (r *rig) master(key string) (options []string) {
	r.t.Helper()
	control := []string{"-o", "ControlPath=" + filepath.Join(r.dir, "c")}
	cmd := r.ssh(key, append([]string{"-o", "ControlMaster=yes", "-N"}, control...))
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	eventually(r.t, "the shared connection", func() bool {
		_, err := os.Stat(filepath.Join(r.dir, "c"))
		return err == nil
	})
	return control
}

func TestTwoSessionsOnOneConnection(t *testing.T) {
	r := newRig(t, nil)
	key := r.key("ann", "")
	shared := r.master(key)
	waiting := r.ssh(key, shared, "wait")
	if err := waiting.Start(); err != nil {
		t.Fatal(err)
	}
	r.event("started")
	if got := runCommand(t, r.ssh(key, shared, "exit", "5")); got.code != 5 {
		t.Errorf("second session: %+v", got)
	}
	_ = waiting.Process.Kill() // closes its session, not the connection
	r.event("canceled")
	_ = waiting.Wait()
	if got := runCommand(t, r.ssh(key, shared, "exit", "6")); got.code != 6 {
		t.Errorf("third session: %+v", got)
	}
}

// Security.
func TestARemovedKeyLosesItsOpenConnection(t *testing.T) {
	r := newRig(t, nil)
	key := r.key("ann", "")
	shared := r.master(key)
	if err := os.Remove(r.cfg.KeysFile); err != nil {
		t.Fatal(err)
	}
	if got := runCommand(t, r.ssh(key, shared, "who")); got.code != 1 || !strings.Contains(got.stderr, "may no longer be used") {
		t.Errorf("got %+v", got)
	}
}

func TestLostConnectionCancelsTheCommand(t *testing.T) {
	r := newRig(t, nil)
	cmd := r.ssh(r.key("ann", ""), nil, "wait")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.event("started")
	_ = cmd.Process.Kill()
	r.event("canceled")
	_ = cmd.Wait()
}

// `ssh dokku@host logs app -t | head -1` waited for ever: the client told no
// server that it did not take for OpenSSH that its output has no reader.
func TestOutputWithoutAReaderEndsTheCommand(t *testing.T) {
	r := newRig(t, nil)
	cmd := r.ssh(r.key("ann", ""), nil, "chatter")
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(output, make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	output.Close()
	r.event("canceled")
	_ = cmd.Wait()
}

// Security: the server is no way into its network.
func TestForwardingIsRefused(t *testing.T) {
	r := newRig(t, nil)
	key := r.key("ann", "")
	if got := runCommand(t, r.ssh(key, []string{"-W", "127.0.0.1:" + r.port})); got.code == 0 || !strings.Contains(got.stderr, "forwarding failed") {
		t.Errorf("-W: %+v", got)
	}
	if got := runCommand(t, r.ssh(key, []string{"-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:" + r.port}, "who")); got.code != 255 {
		t.Errorf("-R: %+v", got)
	}
	client, err := gossh.Dial("tcp", net.JoinHostPort("127.0.0.1", r.port), &gossh.ClientConfig{
		User: "dokku", HostKeyCallback: gossh.InsecureIgnoreHostKey(), Auth: []gossh.AuthMethod{gossh.PublicKeys(signer(t, key))},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range []string{"auth-agent-req@openssh.com", "x11-req"} {
		if ok, err := session.SendRequest(request, true, nil); ok || err != nil {
			t.Errorf("%s: %v %v", request, ok, err)
		}
	}
}

func TestFailedLoginsCloseTheDoor(t *testing.T) {
	r := newRig(t, nil)
	ann, stranger := r.key("ann", ""), r.key("", "")
	for range maxFailures {
		if got := runCommand(t, r.ssh(stranger, nil, "who")); !strings.Contains(got.stderr, "Permission denied (publickey)") {
			t.Fatalf("stranger: %+v", got)
		}
	}
	eventually(t, "the count of failures", func() bool { return r.FailedLogins() == maxFailures })
	if got := runCommand(t, r.ssh(ann, nil, "who")); got.code != 255 || strings.Contains(got.stderr, "Permission denied") {
		t.Errorf("after the failures: %+v", got)
	}
	if n := strings.Count(r.log.String(), "SSH login failed"); n != maxFailures {
		t.Errorf("%d log lines", n)
	}
	if got := runCommand(t, r.slipway(nil, "exit", "3")); got.code != 3 {
		t.Errorf("the socket: %+v", got)
	}
}

// Security: one address alone cannot keep the others out.
func TestOneAddressCannotTakeAllTheRoomForLogins(t *testing.T) {
	r := newRig(t, nil)
	key := r.key("ann", "")
	var conns []net.Conn
	for range maxHandshakesPerAddr + 1 {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", r.port))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns = append(conns, conn)
	}
	if _, err := conns[maxHandshakesPerAddr].Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("one more: %v", err)
	}
	conns[0].Close()
	eventually(t, "room again", func() bool { return r.ssh(key, nil, "who").Run() == nil })
}

func TestShutdownWaitsThenCancels(t *testing.T) {
	r := newRig(t, nil)
	cmd := r.slipway(nil, "wait")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.event("started")
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- r.Shutdown(ctx) }()
	eventually(t, "refusal of new callers", func() bool { return r.slipway(nil, "who").Run() != nil })
	select {
	case err := <-result:
		t.Fatalf("did not wait: %v", err)
	case <-r.events:
		t.Fatal("canceled at once")
	default:
	}
	cancel()
	r.event("canceled")
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d", code)
	}
	if want := " !     slipwayd is stopping and has ended wait. Call it again when slipwayd runs.\n"; said.String() != want {
		t.Errorf("it said %q", said.String())
	}
}

func signer(t *testing.T, file string) gossh.Signer {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := gossh.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
