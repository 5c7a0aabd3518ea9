package cron

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"os/exec"
	"strings"
	"time"
	"unicode"
)

// mailTimeout is how long sendmail may take.
const mailTimeout = time.Minute

// sendmail is the host's program that takes mail; "" when there is none.
func sendmail() string {
	for _, path := range []string{"/usr/sbin/sendmail", "/usr/lib/sendmail"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	path, err := exec.LookPath("sendmail")
	if err != nil {
		return ""
	}
	return path
}

// mail delivers what a task wrote to mailto, as cron(8) does; nothing when it
// wrote nothing, or there is no such address.
func (r *runner) mail(ctx context.Context, t task, output string) error {
	store := r.cron.host.Store
	to, err := store.Computed(mailTo, "")
	if err != nil || to == "" || strings.TrimSpace(output) == "" {
		return err
	}
	from, err := store.Computed(mailFrom, "")
	if err != nil {
		return err
	}
	program := sendmail()
	if program == "" {
		return errors.New("there is no sendmail on this host; install one, such as the package msmtp-mta")
	}
	what := t.Command
	if !t.Global {
		what = "dokku cron:run " + t.App + " " + t.ID
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	args := []string{"-i", "-oem"}
	if from != "" {
		args = append(args, "-f", from)
	}
	cmd := r.cron.host.Exec.Command(ctx, program, append(append(args, "--"), recipients(to)...)...)
	cmd.Stdin = strings.NewReader(message(from, to, fmt.Sprintf("Cron <dokku@%s> %s", host, what), output))
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, strings.TrimSpace(string(said)))
	}
	return nil
}

// message is a mail. The addresses are valid; the subject is made one line.
func message(from, to, subject, body string) string {
	var b strings.Builder
	if from != "" {
		b.WriteString("From: " + from + "\n")
	}
	b.WriteString("To: " + to + "\nSubject: " + oneLine(subject) + "\n")
	b.WriteString("MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\nAuto-Submitted: auto-generated\n\n")
	return b.String() + body
}

// recipients are the bare addresses of a list; a local name stands for itself.
func recipients(list string) []string {
	var all []string
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimSpace(one)
		if parsed, err := mail.ParseAddress(one); err == nil {
			one = parsed.Address
		}
		all = append(all, one)
	}
	return all
}

// validAddresses takes addresses, or names of local users, with commas between.
func validAddresses(list string) error {
	if strings.ContainsFunc(list, unicode.IsControl) { // it is a line of the mail
		return errors.New("Invalid address specified: it must be one line") //nolint:staticcheck // shown as it is
	}
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimSpace(one)
		if _, err := mail.ParseAddress(one); err == nil {
			continue
		}
		if one == "" || one[0] == '-' || strings.ContainsFunc(one, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-+", r)
		}) {
			return fmt.Errorf("Invalid address specified: %q, must be an address such as ann@example.com, or several with commas between", one) //nolint:staticcheck // shown as it is
		}
	}
	return nil
}
