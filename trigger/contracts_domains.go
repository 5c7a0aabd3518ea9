package trigger

var domainContracts = []Contract{
	{
		Name: "domains-add", Shape: ShapeEvent, Args: "APP DOMAIN",
		When:    "After certs:generate, for the domain of the certificate; a plugin adds a domain by it.",
		Example: `echo "$DOMAIN is of $APP"`,
	},
	{
		Name: "domains-disable", Shape: ShapeEvent, Args: "APP RESTART",
		When:    "A plugin takes an app's domains out of use by it. RESTART false leaves the proxy as it is.",
		Example: `echo "no domains for $APP ($RESTART)"`,
	},
	{
		Name: "domains-enable", Shape: ShapeEvent, Args: "APP RESTART",
		When:    "A plugin takes an app's domains into use by it. RESTART false leaves the proxy as it is.",
		Example: `echo "domains for $APP ($RESTART)"`,
	},
	{
		Name: "domains-list", Shape: ShapeQuery, Args: "APP",
		When: "Before an app is routed, and by checks: which domains has it?", Answer: "A domain a line.",
		Example: `echo "$APP.internal"`,
	},
	{
		Name: "domains-urls", Shape: ShapeQuery, Args: "APP URL-TYPE",
		When: "By url, urls and at the end of a deploy. URL-TYPE is url or urls.", Answer: "A URL a line.",
		Example: `[[ "$URL_TYPE" != urls ]] || echo "http://$APP.internal"`,
	},
	{
		Name: "domains-vhost-enabled", Shape: ShapeEvent, Args: "APP",
		When: "Before an app is routed: are its domains in use?", Answer: "Exit code 0 when they are.",
		Example: `[[ "$APP" != internal-* ]]`,
	},
	{
		Name: "post-domains-update", Shape: ShapeEvent, Args: "APP [ACTION DOMAIN…]",
		When:    "After an app's domains changed. ACTION is add, remove, clear, reset, set, enable or disable. After a change of certificates without ACTION.",
		Example: `echo "$ACTION ${DOMAIN[*]} for $APP" | logger`,
	},
	{
		Name: "pre-enable-vhost", Shape: ShapeEvent, Args: "APP",
		When: "Before domains:enable.", Failure: "The domains stay out of use.",
		Example: `[[ "$APP" != internal-* ]]`,
	},
	{
		Name: "pre-disable-vhost", Shape: ShapeEvent, Args: "APP",
		When: "Before domains:disable.", Failure: "The domains stay in use.",
		Example: `[[ "$APP" != public-* ]]`,
	},
	{
		Name: "nginx-hostname", Shape: ShapeQuery, Args: "APP SUBDOMAIN VHOST",
		When: "When an app gets its domains from the global ones: APP.VHOST is proposed.", Answer: "Another domain; nothing to leave it.",
		Example: `echo "$SUBDOMAIN-app.$VHOST"`,
	},
	{
		Name: "certs-exists", Shape: ShapeQuery, Args: "APP",
		When: "Before ports and URLs of an app are told: has it a certificate?", Answer: "true or false.",
		Example: `[[ -f "/etc/my-plugin/$APP.crt" ]] && echo true || echo false`,
	},
	{
		Name: "certs-force", Shape: ShapeQuery, Args: "APP",
		When: "Where an app has no certificate: will it be served over HTTPS all the same?", Answer: "true, or nothing.",
		Example: `[[ "$APP" != internal-* ]] || echo true`,
	},
	{
		Name: "certs-get", Shape: ShapeQuery, Args: "APP KEY-TYPE",
		When: "A plugin asks for a certificate (KEY-TYPE crt) or its key (key).", Answer: "PEM.",
		Example: `cat "/etc/my-plugin/$APP.$KEY_TYPE"`,
	},
	{
		Name: "certs-set", Shape: ShapeEvent, Args: "APP CERTIFICATE KEY",
		When:    "A plugin gives an app a certificate: CERTIFICATE and KEY are files with PEM.",
		Example: `openssl x509 -noout -enddate -in "$CERTIFICATE"`,
	},
	{
		Name: "certs-remove", Shape: ShapeEvent, Args: "APP",
		When:    "A plugin takes an app's certificate away.",
		Example: `rm -f "/etc/my-plugin/$APP.crt"`,
	},
	{
		Name: "post-certs-update", Shape: ShapeEvent, Args: "APP",
		When:    "After an app got a certificate.",
		Example: `openssl x509 -noout -enddate -in "$DOKKU_ROOT/$APP/tls/server.crt"`,
	},
	{
		Name: "post-certs-remove", Shape: ShapeEvent, Args: "APP",
		When:    "After an app lost its certificate.",
		Example: `rm -f "/etc/my-plugin/$APP.crt"`,
	},
}
