package trigger

var gitContracts = []Contract{
	{
		Name: "receive-app", Shape: ShapeEvent, Args: "APP [REV]",
		When:    "An app is built and deployed from REV of its repository, by ps:rebuild or git:sync. A plugin does that by it.",
		Example: `echo "$APP is built from ${REV:-its deploy branch}"`,
	},
	{
		Name: "receive-branch", Shape: ShapeEvent, Args: "APP REV REF",
		When: "After a push to branches none of which is the deploy branch, for each of them. What a handler does with it is its own affair.", Failure: "The push is refused.",
		Example: `[[ "$REF" != refs/heads/staging ]] || dokku git:set "$APP-staging" deploy-branch staging`,
	},
	{
		Name: "deploy-source-set", Shape: ShapeEvent, Args: "APP SOURCE-TYPE METADATA",
		When:    "When it is known what is deployed. SOURCE-TYPE is git-push, git-sync, git-from-image, git-from-archive, git-load-image or another; METADATA is a commit, an image or a URL.",
		Example: `echo "$APP comes by $SOURCE_TYPE: $METADATA"`,
	},
	{
		Name: "core-post-extract", Shape: ShapeEvent, Args: "APP DIR REV",
		When:    "After the source is in DIR, before a builder is chosen. Dokku's own plugins use this one, others post-extract.",
		Example: `cp "$DIR/deploy/Procfile" "$DIR/Procfile"`,
	},
	{
		Name: "post-extract", Shape: ShapeEvent, Args: "APP DIR REV",
		When:    "After the source is in DIR, before a builder is chosen: a handler may change it.",
		Example: `echo "$REV" >"$DIR/REVISION"`,
	},
	{
		Name: "pre-receive-app", Shape: ShapeEvent, Args: "APP BUILDER DIR REV",
		When: "After a builder is chosen, before the build.", Failure: "The deploy is refused.",
		Example: `[[ -f "$DIR/LICENSE" ]] || { echo "no licence, no deploy" >&2; exit 1; }`,
	},
	{
		Name: "git-pre-pull", Shape: ShapeEvent, Args: "APP",
		When: "Before an app's repository is read with git clone, fetch or pull.", Failure: "Reading is refused.",
		Example: `echo "$APP is about to be read" | logger`,
	},
	{
		Name: "git-post-pull", Shape: ShapeEvent, Args: "APP",
		When:    "After an app's repository was read.",
		Example: `echo "$APP was read" | logger`,
	},
	{
		Name: "git-deploy-branch", Shape: ShapeQuery, Args: "APP",
		When: "A plugin asks for the branch that deploys an app.", Answer: "A branch, such as main.",
		Example: `echo main`,
	},
	{
		Name: "git-get-property", Shape: ShapeQuery, Args: "APP KEY",
		When: "A plugin asks for a property of git, such as rev-env-var or source-image.", Answer: "The value, or nothing.",
		Example: `[[ "$KEY" != rev-env-var ]] || echo GIT_REV`,
	},
	{
		Name: "git-from-archive", Shape: ShapeEvent, Args: "APP URL ARCHIVE-TYPE USER-NAME USER-EMAIL",
		When:    "Before an archive is deployed by git:from-archive, or for a plugin that deploys one by it. ARCHIVE-TYPE is tar, tar.gz or zip; the committer is USER-NAME with USER-EMAIL.",
		Example: `echo "$APP is deployed from $URL ($ARCHIVE_TYPE) by $USER_NAME <$USER_EMAIL>"`,
	},
	{
		Name: "git-from-directory", Shape: ShapeEvent, Args: "APP DIR USER-NAME USER-EMAIL",
		When:    "Before the content of a folder becomes the source of an app, by git:from-image and git:from-archive. A plugin deploys a folder by it.",
		Example: `echo "$APP is deployed from $DIR by $USER_NAME <$USER_EMAIL>"`,
	},
	{
		Name: "git-from-image", Shape: ShapeEvent, Args: "APP IMAGE BUILD-DIR USER-NAME USER-EMAIL",
		When:    "Before an image is deployed by git:from-image or git:load-image, or for a plugin that deploys one by it; BUILD-DIR may be empty.",
		Example: `echo "$APP is deployed from $IMAGE (${BUILD_DIR:-no folder}) by $USER_NAME <$USER_EMAIL>"`,
	},
	{
		Name: "git-has-code", Shape: ShapeEvent, Args: "APP [BRANCH]",
		When: "Before an app that was copied is deployed; and a plugin asks whether there is something to deploy.", Answer: "Exit code 0 when there is a commit on the branch.",
		Example: `git -C "$DOKKU_ROOT/$APP" rev-parse --quiet --verify "${BRANCH:-HEAD}"`,
	},
	{
		Name: "git-revision", Shape: ShapeQuery, Args: "APP",
		When: "A builder, or a plugin, asks for the commit that is deployed.", Answer: "A commit.",
		Example: `git -C "$DOKKU_ROOT/$APP" rev-parse HEAD`,
	},
}
