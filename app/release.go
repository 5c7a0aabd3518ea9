package app

import "time"

// Release is one numbered deploy of an app that went live: all that is needed
// to run it again.
type Release struct {
	App         string            `json:"app"`
	Number      int               `json:"number"` // from 1, never used twice
	CreatedAt   time.Time         `json:"created_at"`
	Actor       string            `json:"actor"`            // who deployed: key name or user
	Source      string            `json:"source"`           // git-push, git:from-image, config:set, rollback, …
	Metadata    string            `json:"metadata"`         // revision, image or URL; for a rollback the number gone back to
	Description string            `json:"description"`      // one line for people
	ImageID     string            `json:"image_id"`         // sha256:…
	Image       string            `json:"image,omitempty"`  // the name under which it was pushed to a registry, "" when it was not
	Builder     string            `json:"builder"`          // dockerfile, static, …
	Rev         string            `json:"rev"`              // git revision, "" when unknown
	Env         map[string]string `json:"env"`              // the app's own variables, without the global ones
	Procfile    string            `json:"procfile"`         // as in the source, "" when there was none
	AppJSON     string            `json:"app_json"`         // as in the source, "" when there was none
	Checks      string            `json:"checks,omitempty"` // the CHECKS file with its config vars filled in, "" when there was none
}
