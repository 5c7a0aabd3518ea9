package app

// AppJSON is the part of app.json that Slipway uses.
// Source: Dokku docs/appendices/file-formats/app-json.md.
type AppJSON struct {
	Env          map[string]EnvVar        `json:"env"`
	Formation    map[string]Formation     `json:"formation"`
	Healthchecks map[string][]Healthcheck `json:"healthchecks"`
	Scripts      Scripts                  `json:"scripts"`
	Cron         []CronTask               `json:"cron"`
	Buildpacks   []Buildpack              `json:"buildpacks"`
}

// EnvVar is one variable of app.json: a plain string or an object.
type EnvVar struct {
	Description string `json:"description"`
	Value       string `json:"value"`
	Required    *bool  `json:"required"` // nil = true
	Generator   string `json:"generator"`
	Sync        bool   `json:"sync"`
}

// Formation is the scale of one process type.
type Formation struct {
	Quantity    *int `json:"quantity"` // nil: not said
	MaxParallel *int `json:"max_parallel"`
}

// Healthcheck is one check of a process type.
type Healthcheck struct {
	Type         string       `json:"type"` // startup (default), readiness or liveness
	Name         string       `json:"name"`
	Description  string       `json:"description"`
	Path         string       `json:"path"`         // an http check when set
	Command      []string     `json:"command"`      // a command check when set
	Listening    bool         `json:"listening"`    // a check that the port accepts connections
	Uptime       int          `json:"uptime"`       // seconds that the container must have run
	Attempts     int          `json:"attempts"`     // default 3
	Content      string       `json:"content"`      // must be in the body
	HTTPHeaders  []HTTPHeader `json:"httpHeaders"`  // sent
	InitialDelay int          `json:"initialDelay"` // seconds
	Port         int          `json:"port"`         // 0: the process's own
	Scheme       string       `json:"scheme"`       // http (default) or https
	Timeout      int          `json:"timeout"`      // seconds, default 5
	Wait         int          `json:"wait"`         // seconds between attempts, default 5
	Warn         bool         `json:"warn"`         // a failure only warns
	OnFailure    *OnFailure   `json:"onFailure"`
}

// HTTPHeader is one header that an http check sends.
type HTTPHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// OnFailure is what a failed check does besides failing.
type OnFailure struct {
	Command []string `json:"command"`
	URL     string   `json:"url"`
}

// Scripts are the hooks of app.json.
type Scripts struct {
	Dokku struct {
		Predeploy  string `json:"predeploy"`
		Postdeploy string `json:"postdeploy"`
	} `json:"dokku"`
	Postdeploy string `json:"postdeploy"` // once, after the first deploy
}

// CronTask is one scheduled command.
type CronTask struct {
	Command           string `json:"command"`
	Schedule          string `json:"schedule"`
	Maintenance       bool   `json:"maintenance"`
	ConcurrencyPolicy string `json:"concurrency_policy"`
}

// Buildpack is one buildpack of app.json.
type Buildpack struct {
	URL string `json:"url"`
}
