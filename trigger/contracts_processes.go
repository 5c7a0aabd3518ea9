package trigger

var processContracts = []Contract{
	{
		Name: "pre-start", Shape: ShapeEvent, Args: "APP",
		When: "Before ps:start starts an app.", Failure: "The app is not started.",
		Example: `mountpoint -q "/mnt/$APP"`,
	},
	{
		Name: "post-stop", Shape: ShapeEvent, Args: "APP",
		When:    "After ps:stop stopped an app.",
		Example: `echo "$APP is stopped" | logger`,
	},
	{
		Name: "pre-restore", Shape: ShapeEvent, Args: "",
		When: "Before ps:restore starts what should run.", Failure: "Nothing is restored.",
		Example: `mountpoint -q /mnt/data`,
	},
	{
		Name: "procfile-exists", Shape: ShapeEvent, Args: "APP",
		When: "A plugin asks whether the deployed release has a Procfile.", Answer: "Exit code 0 when it has.",
		Example: `[[ "$APP" != static-* ]]`,
	},
	{
		Name: "procfile-get-command", Shape: ShapeQuery, Args: "APP PROCESS [PORT]",
		When: "Before the containers of pack are made; and a plugin asks what a process type runs. $PORT in the command becomes PORT.", Answer: "A command, or nothing.",
		Example: `[[ "$PROCESS" != web ]] || echo "./serve --port ${PORT:-5000}"`,
	},
	{
		Name: "ps-can-scale", Shape: ShapeEvent, Args: "APP ALLOWED",
		When:    "A plugin says whether ps:scale may change an app: ALLOWED is true or false.",
		Example: `echo "ps:scale $APP: $ALLOWED"`,
	},
	{
		Name: "ps-current-scale", Shape: ShapeQuery, Args: "APP",
		When: "A plugin asks how many of what an app runs.", Answer: "Lines PROCESS=QUANTITY.",
		Example: `echo web=1`,
	},
	{
		Name: "ps-get-property", Shape: ShapeQuery, Args: "APP KEY",
		When: "A plugin asks for a property of ps: restore, restart-policy, stop-timeout-seconds.", Answer: "The value, or nothing.",
		Example: `[[ "$KEY" != stop-timeout-seconds ]] || echo 30`,
	},
	{
		Name: "ps-set-scale", Shape: ShapeEvent, Args: "APP SKIP-DEPLOY CLEAR PROCESS=QUANTITY…",
		When:    "A plugin scales an app by it. SKIP-DEPLOY true only notes it; CLEAR true forgets what is not named.",
		Example: `echo "$APP is scaled: ${*:4}"`,
	},
}

var configContracts = []Contract{
	{
		Name: "config-get", Shape: ShapeQuery, Args: "APP KEY",
		When: "A builder, or a plugin, asks for a config var of an app.", Answer: "The value. Exit code 1 when it is not set.",
		Example: `[[ "$KEY" != MY_PLUGIN_URL ]] || echo "https://$APP.example.com"`,
	},
	{
		Name: "config-get-global", Shape: ShapeQuery, Args: "KEY",
		When: "A plugin asks for a global config var.", Answer: "The value. Exit code 1 when it is not set.",
		Example: `[[ "$KEY" != MY_PLUGIN_URL ]] || echo https://example.com`,
	},
	{
		Name: "config-set", Shape: ShapeEvent, Args: "[--no-restart] APP KEY=VALUE…",
		When: "A plugin, or another feature, sets config vars of an app.",
		Example: `[[ "$1" != --no-restart ]] || shift
echo "config vars of $1 are set" # their values are nobody else's business`,
	},
	{
		Name: "config-unset", Shape: ShapeEvent, Args: "[--no-restart] APP KEY…",
		When: "A plugin unsets config vars of an app.",
		Example: `[[ "$1" != --no-restart ]] || shift
echo "of $1 are unset: ${*:2}"`,
	},
	{
		Name: "config-export", Shape: ShapeQuery, Args: "APP GLOBAL MERGED FORMAT",
		When: "A plugin asks for all config vars. MERGED true has the global ones too. FORMAT is exports, envfile, shell, json or another of config:export.", Answer: "The config vars in that format.",
		Example: `[[ "$FORMAT" != json ]] || echo '{}'`,
	},
	{
		Name: "config-migrate-env", Shape: ShapeEvent, Args: "",
		When: "When the daemon starts, and by plugin:install --core: config vars that an older Dokku kept in ENV files are taken over.", Failure: "It is logged.",
		Example: `echo "looking for ENV files of an older version"`,
	},
	{
		Name: "post-config-update", Shape: ShapeEvent, Args: "APP ACTION KEY…",
		When: "After config vars of an app changed. ACTION is set or unset; KEY is KEY=VALUE where they were set. APP is --global for the global ones.",
		Example: `for pair in "${KEY[@]}"; do
  echo "$ACTION ${pair%%=*} of $APP" | logger
done`,
	},
}
