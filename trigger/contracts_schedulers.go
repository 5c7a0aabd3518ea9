package trigger

var schedulerContracts = []Contract{
	{
		Name: "scheduler-detect", Shape: ShapeQuery, Args: "APP",
		When: "Before something is asked of an app's scheduler. APP may be --global.", Answer: "A scheduler's name, such as docker-local.",
		Example: `[[ "$APP" != batch-* ]] || echo my-scheduler`,
	},
	{
		Name: "scheduler-deploy", Shape: ShapeEvent, Args: "SCHEDULER APP IMAGE-TAG [PROCESS]",
		When: "When an app is deployed: as a whole, or only PROCESS.", Failure: "The deploy fails.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
echo "run dokku/$APP:$IMAGE_TAG ${PROCESS:-as a whole}"`,
	},
	{
		Name: "scheduler-is-deployed", Shape: ShapeEvent, Args: "SCHEDULER APP",
		When: "A plugin asks whether an app is deployed.", Answer: "Exit code 0 when it is.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
[[ -f "/var/lib/my-scheduler/$APP" ]]`,
	},
	{
		Name: "scheduler-app-status", Shape: ShapeQuery, Args: "SCHEDULER APP",
		When: "By ps:report.", Answer: "COUNT RUNNING: how many processes there are, and true, false or mixed.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
echo "1 true"`,
	},
	{
		Name: "scheduler-stop", Shape: ShapeEvent, Args: "SCHEDULER APP [REMOVE]",
		When: "By ps:stop, and by apps:destroy with REMOVE true.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
rm -f "/var/lib/my-scheduler/$APP"`,
	},
	{
		Name: "scheduler-post-delete", Shape: ShapeEvent, Args: "SCHEDULER APP IMAGE-TAG",
		When: "When an app is removed, after it was stopped.", Failure: "The rest of the app is removed all the same, and the failure is said.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
rm -f "/var/lib/my-scheduler/$APP"`,
	},
	{
		Name: "scheduler-retire", Shape: ShapeEvent, Args: "SCHEDULER APP",
		When: "By ps:retire, and at the end of apps:destroy: old containers and images go now.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
echo "old instances of $APP go"`,
	},
	{
		Name: "scheduler-register-retired", Shape: ShapeEvent, Args: "APP CONTAINER-ID [WAIT]",
		When:    "A container is to be ended and removed after WAIT seconds: of a scheduled task that is replaced, and where a plugin asks.",
		Example: `echo "$CONTAINER_ID of $APP ends in ${WAIT:-60} s"`,
	},
	{
		Name: "scheduler-pre-restore", Shape: ShapeEvent, Args: "SCHEDULER APP",
		When: "By ps:restore, before an app is started.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
echo "$APP is restored"`,
	},
	{
		Name: "scheduler-post-deploy-process", Shape: ShapeEvent, Args: "APP PROCESS",
		When:    "After the new containers of a process type serve.",
		Example: `echo "$PROCESS of $APP is new"`,
	},
	{
		Name: "scheduler-inspect", Shape: ShapeEvent, Args: "SCHEDULER APP",
		When: "By ps:inspect.", Answer: "JSON as of docker inspect, without the values of config vars.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
echo '[]'`,
	},
	{
		Name: "scheduler-enter", Shape: ShapeEvent, Args: "SCHEDULER APP ARG…", Stdin: "What the user types; a terminal where there is one.",
		When: "By enter. ARG is PROCESS, PROCESS.INDEX or --container-id ID, then -- and the command.", Failure: "The command ends with the same exit code.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
exec ssh my-machine enter "$APP" "${ARG[@]}"`,
	},
	{
		Name: "scheduler-logs", Shape: ShapeEvent, Args: "SCHEDULER APP PROCESS TAIL QUIET NUM",
		When: "By logs. PROCESS may be empty; TAIL true follows; QUIET true leaves out names; NUM is how many lines of before.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
tail -n "$NUM" "/var/log/my-scheduler/$APP.log"`,
	},
	{
		Name: "scheduler-logs-failed", Shape: ShapeEvent, Args: "SCHEDULER APP",
		When: "By logs:failed.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
cat "/var/log/my-scheduler/$APP.failed.log"`,
	},
	{
		Name: "scheduler-proxy-config", Shape: ShapeEvent, Args: "SCHEDULER APP PROXY",
		When: "By the commands of proxies that show their configuration, where another scheduler runs the proxy.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
cat "/etc/my-proxy/$APP.conf"`,
	},
	{
		Name: "scheduler-proxy-logs", Shape: ShapeEvent, Args: "SCHEDULER APP PROXY LOG-TYPE TAIL NUM",
		When: "By the commands of proxies that show logs, where another scheduler runs the proxy. LOG-TYPE is access or error.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
tail -n "$NUM" "/var/log/my-proxy/$APP.$LOG_TYPE.log"`,
	},
	{
		Name: "scheduler-run", Shape: ShapeEvent, Args: "SCHEDULER APP ENV-COUNT ENV… -- COMMAND…", Stdin: "What the user types; a terminal where there is one.",
		Env:  []string{"DOKKU_RM_CONTAINER", "DOKKU_RUN_TTL_SECONDS", "DOKKU_CRON_ID", "DOKKU_CONCURRENCY_POLICY", "DOKKU_GLOBAL_FLAGS", "DOKKU_DETACH_CONTAINER", "DOKKU_DISABLE_TTY", "DOKKU_FORCE_TTY"},
		When: "By run, run:detached and cron:run. ENV are ENV-COUNT pairs KEY=VALUE.", Failure: "The command ends with the same exit code.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
command=("${@:4+ENV_COUNT}")
[[ "${command[0]}" != -- ]] || command=("${command[@]:1}")
exec ssh my-machine run "$APP" "${command[@]}"`,
	},
	{
		Name: "scheduler-run-list", Shape: ShapeEvent, Args: "SCHEDULER APP FORMAT",
		When: "By run:list. FORMAT is stdout or json.", Answer: "The table, or JSON.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
[[ "$FORMAT" != json ]] || echo '[]'`,
	},
	{
		Name: "scheduler-run-logs", Shape: ShapeEvent, Args: "SCHEDULER APP CONTAINER TAIL QUIET NUM",
		When: "By run:logs.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
tail -n "$NUM" "/var/log/my-scheduler/$CONTAINER.log"`,
	},
	{
		Name: "scheduler-run-stop", Shape: ShapeEvent, Args: "SCHEDULER APP CONTAINER",
		When: "By run:stop. CONTAINER is empty for all of an app.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
exec ssh my-machine stop "$APP" "$CONTAINER"`,
	},
	{
		Name: "scheduler-run-retire", Shape: ShapeEvent, Args: "[SCHEDULER APP]",
		When: "By run:retire and ps:retire, and every few minutes: containers of run that have lived for their time are ended.",
		Example: `[[ "${SCHEDULER:-my-scheduler}" == my-scheduler ]] || exit 0
exec ssh my-machine retire "$APP"`,
	},
	{
		Name: "scheduler-post-run", Shape: ShapeEvent, Args: "SCHEDULER APP CONTAINER-ID EXIT-CODE",
		When:    "After a container of run, or of a scheduled task, ended; of one that is detached, after it started.",
		Example: `echo "$CONTAINER_ID of $APP ended with $EXIT_CODE" | logger`,
	},
	{
		Name: "scheduler-storage-exec", Shape: ShapeEvent, Args: "SCHEDULER ENTRY IMAGE ARG…", Stdin: "What the user types; a terminal where there is one.",
		When: "By storage:exec. ARG is --interactive=BOOL --tty=BOOL [--as-user ID], then -- and the command.", Failure: "The command ends with the same exit code.",
		Example: `[[ "$SCHEDULER" == my-scheduler ]] || exit 0
echo "$IMAGE with the storage $ENTRY: ${ARG[*]}"`,
	},
}

var cronContracts = []Contract{
	{
		Name: "cron-entries", Shape: ShapeCollect, Args: "SCHEDULER",
		When: "Each minute, and when tasks are listed: plugins add tasks of the machine.", Answer: "Lines SCHEDULE;COMMAND[;DATA], such as 0 3 * * *;/usr/local/bin/backup;backup.log.",
		Example: `[[ "$SCHEDULER" != docker-local ]] || echo '0 3 * * *;dokku my-plugin:backup'`,
	},
	{
		Name: "cron-get-property", Shape: ShapeQuery, Args: "APP KEY",
		When: "A plugin asks for a property of cron: mailto, mailfrom, maintenance.", Answer: "The value, or nothing.",
		Example: `[[ "$KEY" != mailto ]] || echo ops@example.com`,
	},
	{
		Name: "scheduler-cron-write", Shape: ShapeEvent, Args: "[SCHEDULER APP]",
		When: "After the tasks of an app, or of all, may have changed: what a scheduler with a clock of its own knows of them is brought up to date.",
		Example: `[[ "${SCHEDULER:-my-scheduler}" == my-scheduler ]] || exit 0
echo "tasks of ${APP:-all apps} may be others"`,
	},
	{
		Name: "scheduler-uses-host-cron", Shape: ShapeQuery, Args: "SCHEDULER",
		When: "Before tasks of an app's scheduler are run: does it leave that to us?", Answer: "true or false.",
		Example: `[[ "$SCHEDULER" != my-scheduler ]] || echo true`,
	},
	{
		Name: "slipway-cron-missed", Shape: ShapeEvent, Args: "APP TASK-ID COUNT LAST",
		When: "After runs of a task were missed because the machine or the daemon was down. APP may be --global, COUNT is how many, LAST the last one's time (RFC 3339).", Failure: "It is logged.",
		Example: `echo "$COUNT runs of $TASK_ID of $APP were missed, the last at $LAST" | logger`,
	},
}

var storageContracts = []Contract{
	{
		Name: "storage-list", Shape: ShapeQuery, Args: "APP PHASE FORMAT",
		When: "A plugin asks for what is mounted in an app. PHASE is build, deploy or run; FORMAT text or json.", Answer: "Lines SOURCE:TARGET, or JSON.", Instead: "storage-app-mounts",
		Example: `[[ "$PHASE" != deploy ]] || echo "/mnt/$APP:/data"`,
	},
	{
		Name: "storage-app-mounts", Shape: ShapeQuery, Args: "APP PHASE",
		When: "A plugin that runs apps asks for what is mounted in one.", Answer: "JSON: entries with their attachments.",
		Example: `[[ "$PHASE" == deploy ]] || exit 0
echo '[]'`,
	},
	{
		Name: "storage-create", Shape: ShapeEvent, Args: "ENTRY", Stdin: "The entry as JSON.",
		When:    "By storage:create and storage:set, of an entry of a scheduler that a plugin provides.",
		Example: `jq -r .scheduler >"/var/lib/my-scheduler/$ENTRY"`,
	},
	{
		Name: "storage-destroy", Shape: ShapeEvent, Args: "ENTRY", Stdin: "The entry as JSON.",
		When:    "By storage:destroy, of an entry of a scheduler that a plugin provides.",
		Example: `rm -f "/var/lib/my-scheduler/$ENTRY"`,
	},
	{
		Name: "storage-status", Shape: ShapeEvent, Args: "ENTRY", Stdin: "The entry as JSON.",
		When: "By storage:wait, of an entry of a scheduler that a plugin provides.", Answer: "Bound, Pending or Lost.",
		Example: `[[ -f "/var/lib/my-scheduler/$ENTRY" ]] && echo Bound || echo Pending`,
	},
	{
		Name: "slipway-docker-options-list", Shape: ShapeQuery, Args: "APP PHASE",
		When: "When mounts that were given as options of docker become entries of storage: which options has the whole app in PHASE?", Answer: "An option a line.",
		Example: `[[ "$PHASE" != deploy ]] || echo "-v /mnt/$APP:/data"`,
	},
	{
		Name: "slipway-docker-options-remove", Shape: ShapeEvent, Args: "APP PHASES OPTION",
		When:    "After such a mount became an entry: the option goes. PHASES are joined by commas.",
		Example: `echo "$OPTION of $APP is now storage ($PHASES)"`,
	},
	{
		Name: "resource-get-property", Shape: ShapeQuery, Args: "APP PROCESS RESOURCE-TYPE KEY",
		When: "A plugin that runs apps asks for a limit or reservation (RESOURCE-TYPE limit or reserve): cpu, memory and the others.", Answer: "The value, or nothing.",
		Example: `[[ "$RESOURCE_TYPE-$KEY" != limit-memory ]] || echo 512m`,
	},
}

var reportContracts = []Contract{
	{
		Name: "report", Shape: ShapeEvent, Args: "[APP]",
		When: "By report: each plugin shows what it knows of an app. Without APP it is about the machine.", Answer: "Shown as it is.",
		Example: `echo "=====> ${APP:-this machine} my-plugin information"
echo "       My plugin enabled:             true"`,
	},
	{
		Name: "logs-get-property", Shape: ShapeQuery, Args: "APP KEY",
		When: "A plugin that runs apps asks for a property of logs, such as max-size.", Answer: "The value, or nothing.",
		Example: `[[ "$KEY" != max-size ]] || echo 10m`,
	},
	{
		Name: "vector-template-source", Shape: ShapeQuery, Args: "",
		When: "Before the compose file of the vector container is made.", Answer: "The path of a template; nothing for the usual one.",
		Example: `echo "$PLUGIN_ENABLED_PATH/my-plugin/vector.yml.sigil"`,
	},
	{
		Name: "post-registry-login", Shape: ShapeEvent, Args: "SERVER USER",
		When:    "After registry:login.",
		Example: `echo "logged in to $SERVER as $USER" | logger`,
	},
}

var serviceContracts = []Contract{
	{
		Name: "service-action", Shape: ShapeEvent, Args: "ACTION TYPE SERVICE [APP]",
		When:    "A plugin of services has done something, or is about to: ACTION is post-create, pre-link, post-backup and so on.",
		Example: `[[ "$ACTION" != post-create ]] || echo "the $TYPE $SERVICE is new" | logger`,
	},
	{
		Name: "service-list", Shape: ShapeCollect, Args: "",
		When: "A plugin asks for all services.", Answer: "Lines TYPE:SERVICE.",
		Example: `echo my-type:my-service`,
	},
	{
		Name: "user-auth-service", Shape: ShapeCollect, Args: "SSH-USER SSH-NAME TYPE SERVICE…",
		When: "Before a plugin of services lists services, or acts on one.", Answer: "Those of the services that the caller may see, a line each.",
		Example: `for service in "${SERVICE[@]}"; do
  [[ "$service" == secret-* ]] || echo "$service"
done`,
	},
}
