package trigger

var deployContracts = []Contract{
	{
		Name: "deploy", Shape: ShapeEvent, Args: "APP [IMAGE-TAG [PROCESS]]",
		When:    "An app's release, or one process type of it, is started again by ps:restart or ps:scale. A plugin does that by it.",
		Example: `echo "$APP ${PROCESS:-as a whole} is started again from ${IMAGE_TAG:-latest}"`,
	},
	{
		Name: "release-and-deploy", Shape: ShapeEvent, Args: "APP [IMAGE-TAG [REASON]]",
		When:    "What was built is released and rolled out: after a build, after config vars changed (REASON is config-redeploy), by ps:start. A plugin makes a new release of an app by it.",
		Example: `echo "$APP gets a new release of ${IMAGE_TAG:-latest}: ${REASON:-asked for}"`,
	},
	{
		Name: "pre-deploy", Shape: ShapeEvent, Args: "APP IMAGE-TAG",
		When: "In post-release-builder, before the image is pushed to a registry.", Failure: "The deploy fails; the old release goes on.", Instead: "pre-release-builder",
		Example: `curl --fail --silent "https://status.example.com/may-deploy/$APP"`,
	},
	{
		Name: "slipway-pre-deploy", Shape: ShapeEvent, Args: "APP IMAGE-TAG",
		When: "Before new containers are started, by a deploy, ps:restart, ps:scale or ps:start.", Failure: "Nothing is started; the old release goes on.",
		Example: `curl --fail --silent "https://status.example.com/may-start/$APP"`,
	},
	{
		Name: "check-deploy", Shape: ShapeEvent, Args: "APP CONTAINER-ID PROCESS PORT IP [INDEX]",
		When: "After the checks of a new container that is to serve requests, and by checks:run. IP and PORT are where it listens; of one that does not PORT is empty in a deploy. checks:run gives no INDEX.", Failure: "The container counts as not healthy: the deploy fails; the old release goes on.",
		Example: `[[ "$PROCESS" == web ]] || exit 0
curl --fail --silent "http://$IP:$PORT/health"`,
	},
	{
		Name: "slipway-pre-route", Shape: ShapeEvent, Args: "APP CONTAINER-ID…",
		When: "After all new containers are healthy, before requests are sent to them.", Failure: "The deploy fails; the old release goes on.",
		Example: `for id in "${CONTAINER_ID[@]}"; do
  docker network connect my-network "$id"
done`,
	},
	{
		Name: "core-post-deploy", Shape: ShapeEvent, Args: "APP PORT IP IMAGE-TAG",
		When:    "After the new release serves and the old one is being retired. PORT and IP are empty.",
		Example: `echo "$APP serves"`,
	},
	{
		Name: "post-deploy", Shape: ShapeEvent, Args: "APP PORT IP IMAGE-TAG",
		When: "After core-post-deploy, before the URLs are shown. PORT and IP are empty.", Failure: "The deploy is said to have failed; the new release serves.",
		Example: `curl --silent --data "$APP is deployed" https://chat.example.com/hook`,
	},
	{
		Name: "retire-container-failed", Shape: ShapeEvent, Args: "APP",
		When: "A container of the old release could not be ended.", Failure: "It is logged.",
		Example: `logger "an old container of $APP is left"`,
	},
	{
		Name: "deployed-app-image-repo", Shape: ShapeQuery, Args: "APP",
		When: "After post-release-builder: where was the image pushed to?", Answer: "A repository, such as my-team/blog; nothing when it was not pushed.",
		Example: `echo "my-team/$APP"`,
	},
	{
		Name: "deployed-app-image-tag", Shape: ShapeQuery, Args: "APP",
		When: "After post-release-builder: with which tag was the image pushed?", Answer: "A tag; nothing when it was not pushed.",
		Example: `date +%s`,
	},
	{
		Name: "deployed-app-repository", Shape: ShapeQuery, Args: "APP",
		When: "After post-release-builder: to which server was the image pushed?", Answer: "A server with a slash, such as registry.example.com/.",
		Example: `echo registry.example.com/`,
	},
	{
		Name: "post-container-create", Shape: ShapeEvent, Args: "KIND CONTAINER-ID NAME PHASE [PROCESS]",
		When: "After a container is made, before it starts. KIND is app or service, NAME that of the app or service, PHASE is build, deploy, run, predeploy or another.", Failure: "The container is removed, and what it was for fails.",
		Example: `[[ "$KIND" == app ]] || exit 0
docker network connect my-network "$CONTAINER_ID"`,
	},
	{
		Name: "app-json-get-content", Shape: ShapeQuery, Args: "APP",
		When: "A plugin asks for the app.json of the deployed release.", Answer: "JSON; {} when there is none.",
		Example: `echo '{}'`,
	},
	{
		Name: "app-json-is-valid", Shape: ShapeEvent, Args: "APP FILE",
		When: "When an app.json is read in a deploy.", Failure: "The deploy fails.",
		Example: `jq -e .scripts "$FILE" >/dev/null`,
	},
	{
		Name: "app-json-process-deploy-parallelism", Shape: ShapeQuery, Args: "APP PROCESS",
		When: "A plugin that runs apps asks how many containers of a process type are started at once.", Answer: "A number.",
		Example: `echo 2`,
	},
	{
		Name: "checks-get-property", Shape: ShapeQuery, Args: "APP KEY",
		When: "A plugin asks for a property of checks, such as wait-to-retire.", Answer: "The value, or nothing.",
		Example: `[[ "$KEY" != wait-to-retire ]] || echo 60`,
	},
}

var optionContracts = []Contract{
	{
		Name: "docker-args-build", Shape: ShapeCollect, Args: "APP BUILDER", Stdin: "What came before it; nothing where Slipway fires it.",
		When: "Before a build.", Answer: "Options of docker build.", Instead: "docker-args-process-build", Failure: "The deploy fails.",
		Example: `cat
echo -n " --label built-for=$APP"`,
	},
	{
		Name: "docker-args-deploy", Shape: ShapeCollect, Args: "APP IMAGE-TAG [PROCESS INDEX]", Stdin: "What came before it; nothing where Slipway fires it.",
		When: "Before an app's containers are made.", Answer: "Options of docker run.", Instead: "docker-args-process-deploy", Failure: "The deploy fails.",
		Example: `cat
echo -n " --env DEPLOYED_TAG=$IMAGE_TAG"`,
	},
	{
		Name: "docker-args-run", Shape: ShapeCollect, Args: "APP IMAGE-TAG", Stdin: "What came before it; nothing where Slipway fires it.",
		When: "Before a container of run is made.", Answer: "Options of docker run.", Instead: "docker-args-process-run", Failure: "The command fails.",
		Example: `cat
echo -n " --env BY_HAND=yes"`,
	},
	{
		Name: "docker-args-process-build", Shape: ShapeCollect, Args: "APP BUILDER", Stdin: "What came before it; nothing where Slipway fires it.",
		When: "Before a build.", Answer: "Options of docker build.", Failure: "The deploy fails.",
		Example: `cat
echo -n " --label built-for=$APP"`,
	},
	{
		Name: "docker-args-process-deploy", Shape: ShapeCollect, Args: "APP BUILDER IMAGE-TAG [PROCESS [INDEX]]", Stdin: "What came before it; nothing where Slipway fires it.",
		When: "Before a container of an app is made; PROCESS is its process type.", Answer: "Options of docker run.", Failure: "The deploy fails.",
		Example: `cat
if [[ "$PROCESS" == worker ]]; then
  echo -n " --stop-timeout 300"
fi`,
	},
	{
		Name: "docker-args-process-run", Shape: ShapeCollect, Args: "APP BUILDER IMAGE-TAG", Stdin: "What came before it; nothing where Slipway fires it.",
		When: "Before a container of run is made.", Answer: "Options of docker run.", Failure: "The command fails.",
		Example: `cat
echo -n " --env BY_HAND=yes"`,
	},
}
