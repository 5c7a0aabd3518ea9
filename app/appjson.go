package app

// AppJSON is the part of app.json that Slipway uses.
// Source: Dokku docs/appendices/file-formats/app-json.md.
//
// In JSON it has the keys that Dokku's trigger app-json-get-content prints.
type AppJSON struct {
	Buildpacks   []Buildpack              `json:"buildpacks"`
	Cron         []CronTask               `json:"cron"`
	Env          map[string]EnvVar        `json:"env,omitempty"`
	Formation    map[string]Formation     `json:"formation"`
	Healthchecks map[string][]Healthcheck `json:"healthchecks"`
	Scripts      Scripts                  `json:"scripts"`
}

// EnvVar is one variable of app.json: a plain string or an object.
type EnvVar struct {
	Description string `json:"description,omitempty"`
	Value       string `json:"value,omitempty"`
	Required    *bool  `json:"required,omitempty"` // nil = true
	Generator   string `json:"generator,omitempty"`
	Sync        bool   `json:"sync,omitempty"`
}

// Formation is the scale of one process type.
type Formation struct {
	Autoscaling *Autoscaling `json:"autoscaling"` // for schedulers that can
	Quantity    *int         `json:"quantity"`    // nil: not said
	MaxParallel *int         `json:"max_parallel"`
	Service     *Service     `json:"service"` // for schedulers that can
}

// Service says whether a process type other than web can be reached by others.
type Service struct {
	Exposed bool `json:"exposed"`
}

// Autoscaling is how a scheduler that can do so chooses the quantity.
type Autoscaling struct {
	CooldownPeriodSeconds  *int                 `json:"cooldown_period_seconds,omitempty"`
	MaxQuantity            *int                 `json:"max_quantity,omitempty"`
	MinQuantity            *int                 `json:"min_quantity,omitempty"`
	PollingIntervalSeconds *int                 `json:"polling_interval_seconds,omitempty"`
	Triggers               []AutoscalingTrigger `json:"triggers,omitempty"`
}

// AutoscalingTrigger is what makes an autoscaler act.
type AutoscalingTrigger struct {
	Name     string            `json:"name,omitempty"`
	Type     string            `json:"type,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// Healthcheck is one check of a process type.
type Healthcheck struct {
	Type         string       `json:"type,omitempty"` // startup (default), readiness or liveness
	Name         string       `json:"name,omitempty"`
	Description  string       `json:"description,omitempty"`
	Path         string       `json:"path,omitempty"`         // an http check when set
	Command      []string     `json:"command,omitempty"`      // a command check when set
	Listening    bool         `json:"listening,omitempty"`    // a check that the port accepts connections
	Uptime       int          `json:"uptime,omitempty"`       // seconds that the container must have run
	Attempts     int          `json:"attempts,omitempty"`     // default 3
	Content      string       `json:"content,omitempty"`      // must be in the body
	HTTPHeaders  []HTTPHeader `json:"httpHeaders,omitempty"`  // sent
	InitialDelay int          `json:"initialDelay,omitempty"` // seconds
	Port         int          `json:"port,omitempty"`         // 0: the process's own
	Scheme       string       `json:"scheme,omitempty"`       // http (default) or https
	Timeout      int          `json:"timeout,omitempty"`      // seconds, default 5
	Wait         int          `json:"wait,omitempty"`         // seconds between attempts, default 5
	Warn         bool         `json:"warn,omitempty"`         // a failure only warns
	OnFailure    *OnFailure   `json:"onFailure,omitempty"`
}

// HTTPHeader is one header that an http check sends.
type HTTPHeader struct {
	Name  string `json:"name,omitempty"`
	Value string `json:"value,omitempty"`
}

// OnFailure is what a failed check does besides failing.
type OnFailure struct {
	Command []string `json:"command,omitempty"`
	URL     string   `json:"url,omitempty"`
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
	Maintenance       bool   `json:"maintenance"`
	Schedule          string `json:"schedule"`
	ConcurrencyPolicy string `json:"concurrency_policy"`
}

// Buildpack is one buildpack of app.json.
type Buildpack struct {
	URL string `json:"url"`
}
