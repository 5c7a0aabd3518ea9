// Package docker is the only way to the Docker Engine: an interface of just the calls that are used here, the real client,
// and (in docker/fake) a fake for unit tests. Both pass the suite in docker/dockertest.
//
// The main type is [Engine]; the real one comes from [Connect]:
//
//	engine, err := docker.Connect(ctx, "") // DOCKER_HOST, or the default socket
//	if err != nil {
//		return err // "cannot reach the Docker engine at unix:///var/run/docker.sock: is it running? (…)"
//	}
//	defer engine.Close()
//	names := docker.Names{Instance: "demo"}
//	id, err := engine.Create(ctx, []string{
//		"--env=PORT=5000", "--name=" + names.Container("blog", "web", 1), "--restart=on-failure:10", "--init",
//		names.Image("blog") + ":latest", "npm", "start",
//	})
//	err = engine.Start(ctx, id)
//	container, err := engine.Inspect(ctx, id)
//	address := container.IP()
//
// Containers are created with the argument vector of `docker container create`, run as a child process without a shell,
// because options that users write must mean exactly what they mean to Docker. Everything else goes over the API, in the
// version that client and engine agree on (engine 20.10, API 1.41, and newer).
//
// A container is named by its ID, an unambiguous start of it, or its name. Errors have a kind that is tested with
// errors.Is: [ErrNotFound], [ErrConflict], [ErrInvalid], [ErrUnreachable]. Their text is the engine's own, fit for a user.
package docker

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"time"
)

// Engine is a Docker engine. All methods may be called from several goroutines at once, and end when ctx is done.
type Engine interface {
	Networks
	Registries
	Volumes

	// Version asks the engine for its version. It is also the way to ask whether the engine is there.
	Version(ctx context.Context) (Version, error)
	// LogDriver is the log driver of containers that are created without one, such as "json-file".
	LogDriver(ctx context.Context) (string, error)
	// RemapsUsers tells whether the engine maps the users of containers to others of the host (userns-remap).
	RemapsUsers(ctx context.Context) (bool, error)

	// Create creates a container from args, the arguments that follow `docker container create`, and returns its full ID.
	// The error carries what docker wrote to stderr, trimmed. An image that is not on the engine is pulled.
	//
	// Secrets: --env=KEY=VALUE options at the very start of args, among other options of the form --option=value, are
	// handed over so that their values do not appear in the list of processes; later ones do appear there.
	Create(ctx context.Context, args []string) (id string, err error)
	// Start starts a created or stopped container; starting a running one is no error.
	Start(ctx context.Context, id string) error
	// Stop sends the container's stop signal, and SIGKILL after timeout (rounded up to whole seconds; negative: the
	// container's own stop timeout). It returns once the container has stopped. Stopping a stopped one is no error.
	Stop(ctx context.Context, id string, timeout time.Duration) error
	// Kill sends signal ("TERM", "SIGHUP", "9"; empty: KILL). ErrConflict when the container does not run.
	Kill(ctx context.Context, id, signal string) error
	// Remove removes the container, running or not, with its anonymous volumes.
	Remove(ctx context.Context, id string) error
	// Rename renames the container. ErrConflict when the name is taken.
	Rename(ctx context.Context, id, name string) error
	// SetRestartPolicy sets "no", "always", "unless-stopped", "on-failure" or "on-failure:N". ErrInvalid for others.
	SetRestartPolicy(ctx context.Context, id, policy string) error

	// Inspect returns what the engine knows of one container. ErrNotFound when there is none.
	Inspect(ctx context.Context, id string) (Container, error)
	// InspectRaw is the JSON object of `docker container inspect`, as the engine sent it.
	InspectRaw(ctx context.Context, id string) (json.RawMessage, error)
	// List returns the containers that filter lets through, newest first, in one query to the engine.
	List(ctx context.Context, filter Filter) ([]Container, error)
	// Wait returns the exit code once the container does not run: at once for one that was never started (0) or has
	// ended. A restart policy does not matter: it returns at the first exit.
	Wait(ctx context.Context, id string) (exitCode int, err error)

	// Logs writes what the container wrote to stdout and stderr. A container with a terminal has stdout only. With
	// Follow it returns when the container ends (nil), or with the error of ctx.
	Logs(ctx context.Context, id string, options LogOptions, stdout, stderr io.Writer) error
	// Exec runs a command in a running container, without a terminal, and returns its exit code (126 or 127 when it
	// cannot be run, with docker's reason on stdout). A nil stdin is empty, a nil writer discards. When ctx ends the
	// command goes on in the container: Docker has no way to end it. Exec does not wait for a Read of stdin that
	// blocks after the command has ended; the caller closes its stdin.
	Exec(ctx context.Context, id string, options ExecOptions, stdin io.Reader, stdout, stderr io.Writer) (exitCode int, err error)
	// CopyFrom returns a tar archive of the file or folder at path, whose entries start with path's last element.
	// The caller closes it. ErrNotFound when there is no such path.
	CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error)
	// CopyTo unpacks a tar archive (plain or gzip) in dir, which must be in the container. Owners and modes are the
	// archive's. ErrNotFound when there is no such dir.
	CopyTo(ctx context.Context, id, dir string, tar io.Reader) error
	// Commit makes an image of the container's files and tags it ref (untagged when empty). Command and entrypoint are
	// those of the image the container was made from, not those that the container ran; all else (environment, labels,
	// user, folder, ports) is the container's, with labels added.
	Commit(ctx context.Context, id, ref string, labels map[string]string) (imageID string, err error)

	// Events reports what happens from the call on: containers start, die, stop, destroy, oom and rename; networks
	// connect and disconnect. When it ends the first channel is closed and the second yields the one reason: ctx's
	// error, or ErrUnreachable when the engine went away (call Events again, and List for what was missed). Read
	// without delay: the engine drops events for a reader that is more than a thousand behind.
	Events(ctx context.Context) (<-chan Event, <-chan error)

	// ImageInspect returns an image by ID or reference. ErrNotFound when the engine does not have it.
	ImageInspect(ctx context.Context, ref string) (Image, error)
	// ImageList returns the images that carry all labels, newest first; an empty value matches any value.
	ImageList(ctx context.Context, labels map[string]string) ([]Image, error)
	// ImageTag gives the image src one more name.
	ImageTag(ctx context.Context, src, dst string) error
	// ImageRemove removes a name, and the image with its untagged parents when it was the last. By ID it removes the
	// image. ErrConflict when a container uses it: with force the name goes nevertheless, and the image too unless a
	// container runs from it.
	ImageRemove(ctx context.Context, ref string, force bool) error
	// ImageLoad loads the archive of `docker save` and returns the names (IDs for untagged images) that it held.
	ImageLoad(ctx context.Context, tar io.Reader) (refs []string, err error)
	// ImagePrune removes the untagged images that carry all labels and that no container uses. ErrInvalid without
	// labels: that would remove what is not ours.
	ImagePrune(ctx context.Context, labels map[string]string) error

	// DialBuildKit opens a connection that speaks BuildKit's gRPC (HTTP/2 cleartext). It outlives ctx; the caller closes it.
	DialBuildKit(ctx context.Context) (net.Conn, error)
	// DialSession opens a connection on which the engine calls the client back during a build: proto ("h2c") and meta
	// are those that buildkit's session.Dialer is called with. It outlives ctx; the caller closes it.
	DialSession(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error)
}
