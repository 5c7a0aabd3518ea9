// Package record keeps what was built and deployed: one record and one log for each build of an app, in Dokku's own files
// ($DOKKU_LIB_ROOT/data/builds/APP/ID.json and ID.log), and knows which of them run in this process.
//
//	book := record.NewBook(store)
//	ctx, cancel := context.WithCancel(ctx)
//	run, err := book.Start("blog", record.KindBuild, "git-hook", cancel)
//	out = out.Merged(run)                    // run is the log's io.Writer
//	…
//	err = run.Finish(record.Succeeded, 0)    // or Failed, with the exit code
//	err = book.Prune("blog", 20)
//
// A record whose process died is read as Abandoned; that is never written.
//
// Source of the formats: Dokku plugins/builds/builds.go and the transcript of `builds:list --format json`.
package record

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind says what was done.
type Kind string

// The kinds.
const (
	KindBuild  Kind = "build"  // an image was built, then deployed
	KindDeploy Kind = "deploy" // an image that was there was deployed
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{KindBuild, KindDeploy} }

// Status is how a build ended, if it has.
type Status string

// The statuses.
const (
	Running   Status = "running"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Canceled  Status = "canceled"
	Abandoned Status = "abandoned" // its process died; only shown, never written
)

// Statuses lists the statuses.
func Statuses() []Status { return []Status{Running, Succeeded, Failed, Canceled, Abandoned} }

// Build is one record, as it is on disk.
type Build struct {
	ID         string     `json:"id"`
	App        string     `json:"app"`
	Kind       Kind       `json:"kind"`
	PID        int        `json:"pid"` // of the process that builds
	StartedAt  time.Time  `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	Status     Status     `json:"status"`
	Source     string     `json:"source"` // what started it: git-hook, ps:rebuild, git:sync, …
	ExitCode   *int       `json:"exit_code,omitempty"`
}

// Duration is how long the build took, or has taken until now, to the second.
func (b Build) Duration(now time.Time) time.Duration {
	if b.FinishedAt != nil {
		now = *b.FinishedAt
	}
	return max(now.Sub(b.StartedAt), 0).Round(time.Second)
}

// KindOf is the kind of what a source starts, for those who do not say. Source: Dokku plugins/builds/builds.go, DefaultKind.
func KindOf(source string) Kind {
	switch source {
	case "git-hook", "ps:rebuild", "git:sync", "git:from-archive", "git:from-image", "git:load-image":
		return KindBuild
	}
	return KindDeploy
}

// ErrNotFound says that an app has no such record.
var ErrNotFound = errors.New("no build record found")

// Lengths of the two parts of an ID, in base 36: milliseconds since 1970, then chance.
const (
	idTime   = 8
	idChance = 6
)

// NewID is a new ID, which sorts by time: "mwq2sq4efm5mao".
func NewID(now time.Time) string {
	bound := new(big.Int).Exp(big.NewInt(36), big.NewInt(idChance), nil)
	chance, _ := rand.Int(rand.Reader, bound) // never fails, see crypto/rand.Read
	return base36(now.UnixMilli(), idTime) + base36(chance.Int64(), idChance)
}

func base36(n int64, width int) string {
	s := strconv.FormatInt(n, 36)
	return strings.Repeat("0", max(width-len(s), 0)) + s
}

var idRE = regexp.MustCompile(`^[a-z0-9]{1,64}$`)

func (b *Book) path(app, id, ext string) string {
	return b.store.LibPath("data", "builds", app, id+ext)
}

// LogPath is where the log of a build is.
func (b *Book) LogPath(app, id string) string { return b.path(app, id, ".log") }

// Load reads one record. ErrNotFound when there is none, also for what cannot be an ID.
func (b *Book) Load(app, id string) (Build, error) {
	var build Build
	if !idRE.MatchString(id) {
		return build, ErrNotFound
	}
	here := b.isHere(id) // asked before the read: Finish writes the record before it forgets the build
	data, err := os.ReadFile(b.path(app, id, ".json"))
	if errors.Is(err, os.ErrNotExist) {
		return build, ErrNotFound
	}
	if err != nil {
		return build, fmt.Errorf("cannot read the build %s of %s: %w", id, app, err)
	}
	if err := json.Unmarshal(data, &build); err != nil {
		return build, fmt.Errorf("cannot read the build %s of %s: %w", id, app, err)
	}
	build.App, build.ID = app, id // the app may have been renamed
	// A process ID of ours in a record that this process does not know is from before a restart.
	if build.Status == Running && !here && (build.PID == os.Getpid() || !processSince(build.PID, build.StartedAt)) {
		build.Status = Abandoned
	}
	return build, nil
}

// List reads all records of an app, newest first. One that cannot be read is left out.
func (b *Book) List(app string) ([]Build, error) {
	entries, err := os.ReadDir(b.store.LibPath("data", "builds", app))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot list the builds of %s: %w", app, err)
	}
	builds := []Build{}
	for _, e := range entries {
		id, isRecord := strings.CutSuffix(e.Name(), ".json")
		if !isRecord || e.IsDir() {
			continue
		}
		if build, err := b.Load(app, id); err == nil {
			builds = append(builds, build)
		}
	}
	slices.SortFunc(builds, func(x, y Build) int {
		return cmp.Or(y.StartedAt.Compare(x.StartedAt), strings.Compare(y.ID, x.ID))
	})
	return builds, nil
}

// Write replaces the record.
func (b *Book) Write(build Build) error {
	if !idRE.MatchString(build.ID) {
		return fmt.Errorf("%q is not the ID of a build", build.ID)
	}
	data, err := json.MarshalIndent(build, "", "  ")
	if err != nil {
		return err
	}
	return b.store.WriteFile(b.path(build.App, build.ID, ".json"), data, 0o644)
}

// Prune writes down abandoned builds as failed, and removes the records and logs of all but the newest keep builds that
// have ended.
func (b *Book) Prune(app string, keep int) error {
	builds, err := b.List(app)
	if err != nil {
		return err
	}
	for _, build := range builds {
		switch build.Status {
		case Running:
			continue
		case Abandoned:
			if err := b.end(build, Failed, -1); err != nil {
				return err
			}
		}
		if keep--; keep >= 0 {
			continue
		}
		for _, ext := range []string{".log", ".json"} {
			if err := os.Remove(b.path(app, build.ID, ext)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("cannot remove the build %s of %s: %w", build.ID, app, err)
			}
		}
	}
	return nil
}

// End writes down how a build of another process ended; a build that has ended stays as it is. See Run.Finish for those
// of this process.
func (b *Book) End(app, id string, status Status, exitCode int) error {
	build, err := b.Load(app, id)
	if err != nil {
		return err
	}
	if build.Status != Running && build.Status != Abandoned {
		return nil
	}
	return b.end(build, status, exitCode)
}

func (b *Book) end(build Build, status Status, exitCode int) error {
	now := b.now().UTC()
	build.FinishedAt, build.Status, build.ExitCode = &now, status, &exitCode
	return b.Write(build)
}
