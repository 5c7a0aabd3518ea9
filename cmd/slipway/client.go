package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"github.com/slipwayhq/slipway/internal/protocol"
	"github.com/slipwayhq/slipway/internal/words"
)

// answerTime is how long a running daemon may take to accept the connection.
const answerTime = 10 * time.Second

// errLost says that the daemon went away while the command ran.
var errLost = errors.New("slipwayd went away before the command ended. See its log, such as: journalctl -u slipwayd")

// errNotRunning says that no daemon is there.
var errNotRunning = errors.New("slipwayd is not running")

// run executes the command in the daemon at socket and returns its exit code.
// Errors are whole sentences for the user.
func run(socket string, argv []string, env map[string]string) (int, error) {
	client, err := connect(socket)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	ch, requests, err := client.OpenChannel("session", nil)
	if err != nil {
		return 0, fmt.Errorf("slipwayd does not take commands now: %w", err)
	}
	for name, value := range env {
		if _, err := ch.SendRequest("env", false, ssh.Marshal(struct{ Name, Value string }{name, value})); err != nil {
			return 0, errLost
		}
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGWINCH)
	term, err := openTerminal(ch)
	if err != nil {
		return 0, err
	}
	defer term.restore()
	ok, err := ch.SendRequest("exec", true, ssh.Marshal(struct{ Command string }{words.Quote(argv)}))
	if err != nil || !ok {
		return 0, errLost
	}
	go sendSignals(ch, signals, term)
	return copyStreams(ch, requests, term.raw)
}

// connect opens the connection. The socket's owner vouches for the daemon, so
// its host key is not checked; the daemon asks the kernel who we are.
func connect(socket string) (ssh.Conn, error) {
	dialled, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, dialError(socket, err)
	}
	conn := &withStdin{UnixConn: dialled}
	_ = conn.SetDeadline(time.Now().Add(answerTime)) // cannot fail on an open socket
	config := &ssh.ClientConfig{
		User:            protocol.User,
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), //nolint:gosec // see above
	}
	config.KeyExchanges = []string{ssh.KeyExchangeCurve25519} // the fastest; nothing leaves the machine
	config.Ciphers = []string{ssh.CipherAES128GCM}
	client, chans, requests, err := ssh.NewClientConn(conn, socket, config)
	if err != nil {
		conn.Close()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, fmt.Errorf("slipwayd does not answer on %s. Restart it: systemctl restart slipwayd", socket)
		}
		return nil, fmt.Errorf("slipwayd does not answer on %s as it should: %w", socket, err)
	}
	_ = conn.SetDeadline(time.Time{})
	go ssh.DiscardRequests(requests)
	go func() {
		for c := range chans {
			_ = c.Reject(ssh.Prohibited, "the client opens the channels")
		}
	}()
	return client, nil
}

func dialError(socket string, err error) error {
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ECONNREFUSED):
		return fmt.Errorf("%w (nothing answers on %s). Start it: systemctl start slipwayd, or slipwayd up where there is no systemd", errNotRunning, socket)
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("slipwayd may not be used by this user (%s). Run the command as root or as dokku, for instance with sudo", socket)
	default:
		return fmt.Errorf("slipwayd cannot be reached on %s: %w", socket, err)
	}
}

// copyStreams passes the three streams through until the command ends. Stdin is
// read when the command wants it, or from the start under a terminal; what is
// still to come on it does not hold up the end.
func copyStreams(ch ssh.Channel, requests <-chan *ssh.Request, raw bool) (int, error) {
	input := sync.OnceFunc(func() {
		go func() {
			_, _ = io.Copy(ch, os.Stdin) // fails when the command is over
			_ = ch.CloseWrite()
		}()
	})
	if raw {
		input()
	}
	var output sync.WaitGroup
	output.Go(func() { copyOutput(os.Stdout, ch) })
	output.Go(func() { copyOutput(os.Stderr, ch.Stderr()) })
	code, known := 0, false
	for req := range requests {
		var status struct{ Status uint32 }
		switch {
		case req.Type == protocol.WantInput:
			input()
		case req.Type == "exit-status" && ssh.Unmarshal(req.Payload, &status) == nil:
			code, known = int(status.Status), true
		}
		if req.WantReply {
			_ = req.Reply(false, nil)
		}
	}
	output.Wait()
	if !known {
		return 0, errLost
	}
	return code, nil
}

// copyOutput goes on reading when nobody takes the output (a full disk; a
// closed pipe ends us by SIGPIPE), so that the command can end.
func copyOutput(to io.Writer, from io.Reader) {
	if _, err := io.Copy(to, from); err != nil {
		_, _ = io.Copy(io.Discard, from)
	}
}

// sendSignals passes signals on; the second of those that end a program ends
// this one, whatever the command does.
func sendSignals(ch ssh.Channel, signals <-chan os.Signal, term *terminal) {
	names := map[os.Signal]string{syscall.SIGINT: "INT", syscall.SIGTERM: "TERM", syscall.SIGHUP: "HUP"}
	asked := false
	for sig := range signals {
		name, ends := names[sig]
		if !ends {
			term.resize(ch)
			continue
		}
		if asked {
			term.restore()
			os.Exit(128 + int(sig.(syscall.Signal)))
		}
		asked = true
		_, _ = ch.SendRequest("signal", false, ssh.Marshal(struct{ Signal string }{name})) // fails when the command is over
	}
}
