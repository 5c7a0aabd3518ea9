package trigger

var buildContracts = []Contract{
	{
		Name: "builder-detect", Shape: ShapeQuery, Args: "APP DIR",
		When: "After the source is in DIR: who builds it? The property selected of builder:set wins over all answers.", Answer: "A builder's name, or nothing. The first line of the first plugin that prints one counts.",
		Example: `if [[ -f "$DIR/project.toml" ]]; then
  echo pack
fi`,
	},
	{
		Name: "builder-build", Shape: ShapeEvent, Args: "BUILDER APP DIR",
		When: "The source in DIR is built. A builder that a plugin brings along makes the image dokku/APP:latest of it, and fires pre-build and post-build itself.", Failure: "The deploy fails.",
		Example: `[[ "$BUILDER" == my-builder ]] || exit 0
plugn trigger pre-build "$BUILDER" "$APP" "$DIR"
docker image build --tag "dokku/$APP:latest" "$DIR"
plugn trigger post-build "$BUILDER" "$APP" "$DIR"`,
	},
	{
		Name: "builder-release", Shape: ShapeEvent, Args: "BUILDER APP IMAGE-TAG",
		When: "After builder-build, and when an app is released again. A builder that a plugin brings along fires pre-release-builder and post-release-builder itself.", Failure: "The deploy fails.",
		Example: `[[ "$BUILDER" == my-builder ]] || exit 0
plugn trigger pre-release-builder "$BUILDER" "$APP" "dokku/$APP:$IMAGE_TAG"`,
	},
	{
		Name: "builder-create-dokku-image", Shape: ShapeEvent, Args: "BUILDER APP DIR IMAGE",
		When: "Before a herokuish build: a handler may make the image to build with.", Failure: "The deploy fails.",
		Example: `[[ -f "$DIR/apt-packages" ]] || exit 0
xargs apt-get install --yes <"$DIR/apt-packages" # in a container of $IMAGE that becomes my-plugin/$APP`,
	},
	{
		Name: "builder-dokku-image", Shape: ShapeQuery, Args: "BUILDER APP DIR IMAGE",
		When: "Before a herokuish build: which image is built with?", Answer: "An image; nothing to leave it as it is.",
		Example: `[[ ! -f "$DIR/apt-packages" ]] || echo "my-plugin/$APP"`,
	},
	{
		Name: "builder-get-property", Shape: ShapeQuery, Args: "APP KEY",
		When: "A plugin asks for a property of the builder: build-dir, detected, selected.", Answer: "The value, or nothing.",
		Example: `[[ "$KEY" != build-dir ]] || echo web`,
	},
	{
		Name: "builder-set-property", Shape: ShapeEvent, Args: "APP KEY VALUE",
		When:    "The builder of an app is known: KEY is detected. A plugin sets a property of the builder by it.",
		Example: `echo "$KEY of $APP is $VALUE"`,
	},
	{
		Name: "builder-herokuish-allowed", Shape: ShapeEvent, Args: "APP",
		When: "Before an app that no builder claims is built with herokuish.", Answer: "Exit code 0: it may.", Failure: "On arm64 the app is built with pack.",
		Example: `[[ "$(uname -m)" == x86_64 ]]`,
	},
	{
		Name: "builder-image-is-cnb", Shape: ShapeQuery, Args: "APP IMAGE",
		When: "A plugin asks whether an image was made with Cloud Native Buildpacks.", Answer: "true or false.",
		Example: `docker image inspect --format '{{index .Config.Labels "io.buildpacks.stack.id"}}' "$IMAGE" | grep -q . && echo true || echo false`,
	},
	{
		Name: "builder-image-is-herokuish", Shape: ShapeQuery, Args: "APP IMAGE",
		When: "A plugin asks whether an image was made with herokuish.", Answer: "true or false.",
		Example: `docker image inspect --format '{{.Config.Entrypoint}}' "$IMAGE" | grep -q herokuish && echo true || echo false`,
	},
	{
		Name: "buildpack-stack-name", Shape: ShapeQuery, Args: "APP",
		When: "Before a build with herokuish or pack: which stack?", Answer: "The image of a stack or builder.",
		Example: `echo gliderlabs/herokuish:latest-24`,
	},
	{
		Name: "post-stack-set", Shape: ShapeEvent, Args: "APP STACK",
		When:    "After buildpacks:set-property APP stack; STACK is empty when it was cleared.",
		Example: `rm -rf "/home/dokku/$APP/cache"`,
	},
	{
		Name: "pre-build", Shape: ShapeEvent, Args: "BUILDER APP DIR",
		When: "Before an image is built of the source in DIR.", Failure: "The deploy fails.",
		Example: `date >"$DIR/built-at"`,
	},
	{
		Name: "post-build", Shape: ShapeEvent, Args: "BUILDER APP DIR",
		When: "After an image is built: dokku/APP:latest. A handler may put another in its place.", Failure: "The deploy fails.",
		Example: `docker image inspect --format '{{.Size}}' "dokku/$APP:latest"`,
	},
	{
		Name: "pre-release-builder", Shape: ShapeEvent, Args: "BUILDER APP IMAGE",
		When: "After the build. The predeploy script runs in it, before plugins whose names come after app-json. IMAGE is dokku/APP:latest; a handler may put another in its place.", Failure: "The deploy fails.",
		Example: `docker container run --rm "$IMAGE" true`,
	},
	{
		Name: "post-release-builder", Shape: ShapeEvent, Args: "BUILDER APP IMAGE",
		When: "After that. The release task runs in it, before plugins whose names come after app-json, and the image is pushed before those after registry. A handler may push it to a registry.", Failure: "The deploy fails.",
		Example: `docker image tag "$IMAGE" "registry.example.com/$APP:latest"
docker image push "registry.example.com/$APP:latest"`,
	},
	{Name: "pre-build-buildpack", Shape: ShapeEvent, Args: "APP DIR", When: "As pre-build, of herokuish.", Instead: "pre-build", Example: `date >"$DIR/built-at"`},
	{Name: "pre-build-pack", Shape: ShapeEvent, Args: "APP DIR", When: "As pre-build, of pack.", Instead: "pre-build", Example: `date >"$DIR/built-at"`},
	{Name: "pre-build-dockerfile", Shape: ShapeEvent, Args: "APP", When: "As pre-build, of dockerfile.", Instead: "pre-build", Example: `echo "$APP is built"`},
	{Name: "pre-build-lambda", Shape: ShapeEvent, Args: "APP", When: "As pre-build, of lambda.", Instead: "pre-build", Example: `echo "$APP is built"`},
	{Name: "post-build-buildpack", Shape: ShapeEvent, Args: "APP DIR", When: "As post-build, of herokuish.", Instead: "post-build", Example: `ls "$DIR"`},
	{Name: "post-build-pack", Shape: ShapeEvent, Args: "APP DIR", When: "As post-build, of pack.", Instead: "post-build", Example: `ls "$DIR"`},
	{Name: "post-build-dockerfile", Shape: ShapeEvent, Args: "APP", When: "As post-build, of dockerfile.", Instead: "post-build", Example: `docker image ls "dokku/$APP"`},
	{Name: "post-build-lambda", Shape: ShapeEvent, Args: "APP", When: "As post-build, of lambda.", Instead: "post-build", Example: `docker image ls "dokku/$APP"`},
	{Name: "pre-release-buildpack", Shape: ShapeEvent, Args: "APP IMAGE-TAG", When: "As pre-release-builder, of herokuish.", Instead: "pre-release-builder", Example: `docker image inspect "dokku/$APP:$IMAGE_TAG" >/dev/null`},
	{Name: "pre-release-pack", Shape: ShapeEvent, Args: "APP IMAGE-TAG", When: "As pre-release-builder, of pack.", Instead: "pre-release-builder", Example: `docker image inspect "dokku/$APP:$IMAGE_TAG" >/dev/null`},
	{Name: "pre-release-dockerfile", Shape: ShapeEvent, Args: "APP IMAGE-TAG", When: "As pre-release-builder, of dockerfile.", Instead: "pre-release-builder", Example: `docker image inspect "dokku/$APP:$IMAGE_TAG" >/dev/null`},
	{Name: "pre-release-lambda", Shape: ShapeEvent, Args: "APP IMAGE-TAG", When: "As pre-release-builder, of lambda.", Instead: "pre-release-builder", Example: `docker image inspect "dokku/$APP:$IMAGE_TAG" >/dev/null`},
	{
		Name: "builds-generate-id", Shape: ShapeQuery, Args: "",
		When: "A plugin that builds asks for a name of the build.", Answer: "A name that sorts by time.",
		Example: `date +%s`,
	},
	{
		Name: "builds-record-start", Shape: ShapeEvent, Args: "APP BUILD-ID PID SOURCE",
		When:    "A deploy begins, as process PID, for which SOURCE is the reason: git-hook, ps:restart, config-redeploy and so on. A plugin that builds by itself says so by it.",
		Example: `echo "$BUILD_ID of $APP: $SOURCE by process $PID"`,
	},
	{
		Name: "builds-record-finalize", Shape: ShapeEvent, Args: "APP BUILD-ID EXIT-CODE",
		When:    "A deploy has ended, well or not. A plugin that builds by itself says so by it.",
		Example: `echo "$BUILD_ID of $APP ended with $EXIT_CODE"`,
	},
}
