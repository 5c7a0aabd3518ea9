package trigger

var appContracts = []Contract{
	{
		Name: "app-create", Shape: ShapeEvent, Args: "APP",
		When:    "A plugin makes an app by it.",
		Example: `echo "somebody makes $APP"`,
	},
	{
		Name: "app-destroy", Shape: ShapeEvent, Args: "APP",
		When:    "A plugin removes an app by it. With DOKKU_APPS_FORCE_DELETE=1 nobody is asked.",
		Example: `echo "somebody removes $APP"`,
	},
	{
		Name: "app-exists", Shape: ShapeEvent, Args: "APP",
		When: "A plugin asks whether there is an app.", Answer: "Exit code 0 when there is, 20 when there is not.",
		Example: `[[ "$APP" != hidden-* ]]`,
	},
	{
		Name: "app-list", Shape: ShapeQuery, Args: "[FILTER]",
		When: "A plugin asks for the apps. FILTER false gives also those that the caller may not see.", Answer: "A name a line.",
		Example: `echo an-app-of-another-machine`,
	},
	{
		Name: "app-maybe-create", Shape: ShapeEvent, Args: "APP",
		When:    "Before a push to an app that there may not be yet. The app is made, unless that is switched off by apps:set --global disable-autocreation true.",
		Failure: "The push is refused.",
		Example: `[[ "$APP" == team-* ]] || { echo "apps are named team-…" >&2; exit 1; }`,
	},
	{
		Name: "app-restart", Shape: ShapeEvent, Args: "APP",
		When:    "A plugin restarts an app by it, as after a change of config vars.",
		Example: `logger "restart of $APP"`,
	},
	{
		Name: "app-urls", Shape: ShapeQuery, Args: "APP URL-TYPE",
		When: "Before an app's URLs are shown: after a deploy and by url and urls. URL-TYPE is url or urls.", Answer: "URLs to show in place of the app's own; nothing to leave them.",
		Example: `echo "https://$APP.example.com"`,
	},
	{
		Name: "post-create", Shape: ShapeEvent, Args: "APP",
		When: "After an app is made: its folder is there, and nothing runs.", Failure: "The app is removed again.",
		Example: `dokku config:set --no-restart "$APP" CREATED_AT="$(date +%F)"`,
	},
	{
		Name: "pre-delete", Shape: ShapeEvent, Args: "APP IMAGE-TAG",
		When: "Before an app is removed; all of it is there. IMAGE-TAG is latest, or the tag with which the image was pushed.", Failure: "The app stays as it is.",
		Example: `[[ "$APP" != production ]] || { echo "production stays" >&2; exit 1; }`,
	},
	{
		Name: "post-delete", Shape: ShapeEvent, Args: "APP IMAGE-TAG",
		When: "After an app's containers are gone, and before its folder goes. Also when an app that was being made is given up; then IMAGE-TAG is empty.", Failure: "The rest of the app is removed all the same, and the failure is said.",
		Example: `rm -rf "/var/backups/my-plugin/$APP"`,
	},
	{
		Name: "post-app-clone-setup", Shape: ShapeEvent, Args: "OLD-APP NEW-APP",
		When:    "After an app was copied and before the copy is deployed. Properties, config vars and data folders are copied already.",
		Example: `cp -a "/var/lib/my-plugin/$OLD_APP" "/var/lib/my-plugin/$NEW_APP"`,
	},
	{
		Name: "post-app-clone", Shape: ShapeEvent, Args: "OLD-APP NEW-APP",
		When: "At the end of apps:clone; in it the copy is built, unless SKIP_REBUILD is true.", Env: []string{"SKIP_REBUILD"},
		Example: `echo "$NEW_APP is a copy of $OLD_APP"`,
	},
	{
		Name: "post-app-rename-setup", Shape: ShapeEvent, Args: "OLD-APP NEW-APP",
		When:    "After an app got its new name and before it is deployed with it.",
		Example: `mv "/var/lib/my-plugin/$OLD_APP" "/var/lib/my-plugin/$NEW_APP"`,
	},
	{
		Name: "post-app-rename", Shape: ShapeEvent, Args: "OLD-APP NEW-APP",
		When: "At the end of apps:rename; in it the app is built, unless SKIP_REBUILD is true.", Env: []string{"SKIP_REBUILD"},
		Example: `echo "$OLD_APP is now $NEW_APP"`,
	},
	{
		Name: "slipway-destroy", Shape: ShapeEvent, Args: "APP",
		When: "After all plugins have let an app go in pre-delete: its containers and images are removed.", Failure: "The rest of the app stays.",
		Example: `echo "$APP stops"`,
	},
	{
		Name: "slipway-start", Shape: ShapeEvent, Args: "",
		When: "Once when the daemon starts, before it answers anybody; and by plugin:install --core.", Failure: "It is logged; the daemon starts all the same.",
		Example: `touch /tmp/slipway-is-up`,
	},
	{
		Name: "slipway-install", Shape: ShapeEvent, Args: "",
		When:    "By plugin:install --core: what an older Dokku left is taken over.",
		Example: `echo "looking for what an older version left"`,
	},
}

var pluginContracts = []Contract{
	{
		Name: "install", Shape: ShapeEvent, Args: "",
		When: "By plugin:install: of the plugin that is being installed, before it is enabled, and then of all others that are enabled.", Failure: "The plugin that is being installed is removed again.",
		Example: `mkdir -p "$DOKKU_LIB_ROOT/data/my-plugin"`,
	},
	{
		Name: "dependencies", Shape: ShapeEvent, Args: "",
		When:    "By plugin:install-dependencies, of each enabled plugin.",
		Example: `command -v jq >/dev/null || apt-get install --yes jq`,
	},
	{
		Name: "update", Shape: ShapeEvent, Args: "[PLUGIN]",
		When:    "By plugin:update, of each enabled plugin after the files of one (PLUGIN), or of all, are new.",
		Example: `echo "updated ${PLUGIN:-all plugins}"`,
	},
	{
		Name: "uninstall", Shape: ShapeEvent, Args: "PLUGIN",
		When: "By plugin:uninstall, of each enabled plugin: a handler compares PLUGIN with its own name.", Failure: "The plugin stays.",
		Example: `[[ "$PLUGIN" != my-plugin ]] || rm -rf "$DOKKU_LIB_ROOT/data/my-plugin"`,
	},
	{
		Name: "commands", Shape: ShapeEvent, Args: "COMMAND ARG…",
		When: "A command that no feature has is offered to each plugin; COMMAND is help for the lines of dokku help.", Answer: "Exit code 10: not mine. For help: lines COMMAND, DESCRIPTION.",
		Example: `case "$COMMAND" in
  help) echo "    hello <name>, Say hello" ;;
  hello) echo "hello, ${ARG[0]}" ;;
  *) exit "$DOKKU_NOT_IMPLEMENTED_EXIT" ;;
esac`,
	},
}

var accessContracts = []Contract{
	{
		Name: "user-auth", Shape: ShapeEvent, Args: "SSH-USER SSH-NAME COMMAND…",
		When: "Before each command. SSH-USER is root for who is that on the server, and dokku for who comes by SSH; SSH-NAME is the name of the key, or default. Paths in commands of git are quoted: git-receive-pack 'blog'.", Answer: "Exit code 0 to allow.", Failure: "The command is refused.",
		Example: `[[ "${COMMAND[0]}" != plugin:* ]] || [[ "$SSH_NAME" == admin ]]`,
	},
	{
		Name: "user-auth-app", Shape: ShapeCollect, Args: "SSH-USER SSH-NAME APP…",
		When: "Before apps are listed, and before a command acts on one.", Answer: "Those of the apps that the caller may see, a line each.",
		Failure: "No app is seen.",
		Example: `for app in "${APP[@]}"; do
  [[ "$app" == secret-* ]] || echo "$app"
done`,
	},
}
