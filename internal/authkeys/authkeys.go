// Package authkeys reads and writes the lines of ~dokku/.ssh/authorized_keys.
//
// Dokku gives each key a name by a forced command; only lines of this form are
// keys to Slipway, everything else in the file is kept as it is:
//
//	command="FINGERPRINT=SHA256:… NAME=\"ann\" `cat /home/dokku/.sshcommand` $SSH_ORIGINAL_COMMAND",no-agent-forwarding,no-user-rc,no-X11-forwarding,no-port-forwarding ssh-ed25519 AAAA… comment
//
// Source: dokku/sshcommand, acl-add; sshd(8), AUTHORIZED_KEYS FILE FORMAT.
package authkeys

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/crypto/ssh"
)

// DefaultOptions are what sshcommand puts behind the forced command unless
// SSHCOMMAND_ALLOWED_KEYS says otherwise.
const DefaultOptions = "no-agent-forwarding,no-user-rc,no-X11-forwarding,no-port-forwarding"

// Key is a public key with a name.
type Key struct {
	Name        string
	Fingerprint string   // SHA256:…, of Public
	Options     []string // as written, without command="…"
	Public      ssh.PublicKey
	Comment     string
}

// PublicText is the key alone: "ssh-ed25519 AAAA… comment".
func (k *Key) PublicText() string {
	text := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k.Public)))
	if k.Comment != "" {
		text += " " + k.Comment
	}
	return text
}

// Line is one line of the file, without its end.
type Line struct {
	Text string
	Key  *Key // nil: blank, a comment, or not a key of Dokku's
}

// Broken tells whether a line is neither blank, nor a comment, nor a key of
// anybody's.
func (l Line) Broken() bool {
	text := strings.TrimSpace(l.Text)
	if text == "" || text[0] == '#' || l.Key != nil {
		return false
	}
	_, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
	return err != nil
}

// Parse reads the whole file. It never fails: what it does not understand is a
// Line without Key.
func Parse(text string) []Line {
	var lines []Line
	for t := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		lines = append(lines, Line{Text: t, Key: parseLine(t)})
	}
	if len(lines) == 1 && lines[0].Text == "" {
		return nil
	}
	return lines
}

// Format is the inverse of Parse.
func Format(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.Text)
		b.WriteByte('\n')
	}
	return b.String()
}

// forcedRE matches the forced command, its quotes already taken off.
var forcedRE = regexp.MustCompile(`^FINGERPRINT=\S* NAME="([^"]*)" `)

func parseLine(text string) *Key {
	text = strings.TrimSpace(text)
	if text == "" || text[0] == '#' {
		return nil
	}
	public, comment, options, _, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		return nil
	}
	key := &Key{Public: public, Fingerprint: ssh.FingerprintSHA256(public), Comment: comment}
	for _, o := range options {
		value, isCommand := OptionValue(o, "command")
		if !isCommand {
			key.Options = append(key.Options, o)
			continue
		}
		m := forcedRE.FindStringSubmatch(value)
		if m == nil || key.Name != "" {
			return nil
		}
		key.Name = m[1]
	}
	if ValidName(key.Name) != nil {
		return nil
	}
	return key
}

// OptionValue takes the value out of an option such as from="10.0.0.0/8".
// Names of options are compared without regard to case.
func OptionValue(option, name string) (value string, ok bool) {
	n, v, found := strings.Cut(option, "=")
	if !found || !strings.EqualFold(n, name) || len(v) < 2 || v[0] != '"' || v[len(v)-1] != '"' {
		return "", false
	}
	return strings.ReplaceAll(v[1:len(v)-1], `\"`, `"`), true
}

// maxName is the length of a name at most, in bytes.
const maxName = 128

// ErrName says that a name of a key cannot be used.
var ErrName = errors.New(`the name of a key is 1 to 128 printable characters, without leading dash and without " \ $ and backtick`)

// ValidName checks the name of a key. The host's sshd hands the forced command
// to a shell, the name inside double quotes: nothing that means something
// there is let through.
func ValidName(name string) error {
	if name == "" || len(name) > maxName || name[0] == '-' || strings.TrimSpace(name) != name || strings.ContainsAny(name, "\"\\$`") {
		return ErrName
	}
	for _, r := range name {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return ErrName
		}
	}
	return nil
}

// ErrPublicKey says that a text is not exactly one public key.
var ErrPublicKey = errors.New("not a public key")

// NewLine makes the line for a public key as ssh-keygen writes it
// ("ssh-ed25519 AAAA… comment"). root is DOKKU_ROOT, whose .sshcommand file
// says what the host's sshd shall start; options are as DefaultOptions.
// Errors: ErrName, ErrPublicKey.
func NewLine(name, publicKey, root, options string) (Line, error) {
	if err := ValidName(name); err != nil {
		return Line{}, err
	}
	publicKey = strings.TrimSpace(publicKey)
	public, comment, given, rest, err := ssh.ParseAuthorizedKey([]byte(publicKey))
	if err != nil || len(given) > 0 || len(rest) > 0 || strings.ContainsAny(publicKey, "\r\n") {
		return Line{}, ErrPublicKey
	}
	target := root + "/.sshcommand"
	switch {
	case strings.ContainsAny(root, "'\"\\$`\n"):
		return Line{}, fmt.Errorf("the path %q cannot stand in an authorized_keys file", root)
	case strings.ContainsAny(root, " \t;&|<>()*?[]#~!{}"):
		target = "'" + target + "'"
	}
	fingerprint := ssh.FingerprintSHA256(public)
	text := fmt.Sprintf("command=\"FINGERPRINT=%s NAME=\\\"%s\\\" `cat %s` $SSH_ORIGINAL_COMMAND\"", fingerprint, name, target)
	if options != "" {
		text += "," + options
	}
	key := &Key{Public: public, Comment: strings.TrimSpace(comment)}
	line := Line{Text: text + " " + key.PublicText()}
	if line.Key = parseLine(line.Text); line.Key == nil {
		return Line{}, ErrPublicKey
	}
	return line, nil
}
