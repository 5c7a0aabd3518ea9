package trigger

var proxyContracts = []Contract{
	{
		Name: "ports-get", Shape: ShapeQuery, Args: "APP [FORMAT]",
		When: "Before an app is routed and its URLs are told. FORMAT is plain or json.", Answer: "Lines SCHEME:HOST-PORT:CONTAINER-PORT.",
		Example: `[[ "$FORMAT" == json ]] || echo http:8080:5000`,
	},
	{
		Name: "ports-get-available", Shape: ShapeQuery, Args: "[APP]",
		When: "A plugin asks for a port of the machine that nobody uses.", Answer: "A number.",
		Example: `shuf -i 20000-30000 -n 1`,
	},
	{
		Name: "ports-get-property", Shape: ShapeQuery, Args: "APP KEY",
		When: "A plugin asks for a property of ports, such as proxy-port.", Answer: "The value, or nothing.",
		Example: `[[ "$KEY" != proxy-port ]] || echo 80`,
	},
	{
		Name: "ports-set-detected", Shape: ShapeEvent, Args: "APP MAPPING…",
		When:    "When a release is routed: the ports that its image names. Several mappings may be in one argument, with blanks between. A builder of a plugin fires it too.",
		Example: `echo "$APP listens at ${MAPPING[*]}"`,
	},
	{
		Name: "ports-configure", Shape: ShapeEvent, Args: "APP",
		When:    "Before an app is routed.",
		Example: `echo "$APP is about to be routed"`,
	},
	{
		Name: "ports-clear", Shape: ShapeEvent, Args: "APP",
		When:    "A plugin forgets the port mappings of an app, without anything else.",
		Example: `echo "the ports of $APP are forgotten"`,
	},
	{
		Name: "post-proxy-ports-update", Shape: ShapeEvent, Args: "APP ACTION",
		When:    "After an app's port mappings changed. ACTION is add, clear, remove or set.",
		Example: `echo "$ACTION ports of $APP" | logger`,
	},
	{
		Name: "proxy-build-config", Shape: ShapeEvent, Args: "APP",
		When:    "After anything changed that the proxy depends on: the app is routed anew. APP may be --all.",
		Example: `echo "$APP is routed anew"`,
	},
	{
		Name: "proxy-clear-config", Shape: ShapeEvent, Args: "APP",
		When:    "By proxy:clear-config: requests do not get to the app any more.",
		Example: `rm -f "/etc/my-proxy/$APP.conf"`,
	},
	{
		Name: "proxy-enable", Shape: ShapeEvent, Args: "APP",
		When:    "By proxy:enable, before the app is routed anew.",
		Example: `echo "$APP is served by the proxy"`,
	},
	{
		Name: "proxy-disable", Shape: ShapeEvent, Args: "APP",
		When:    "By proxy:disable, before the app is routed anew.",
		Example: `echo "$APP is not served by the proxy"`,
	},
	{
		Name: "proxy-is-enabled", Shape: ShapeQuery, Args: "APP",
		When: "Before an app's URLs are told; and a plugin asks.", Answer: "true or false.",
		Example: `[[ "$APP" == internal-* ]] && echo false || echo true`,
	},
	{
		Name: "proxy-type", Shape: ShapeQuery, Args: "APP",
		When: "A plugin asks which proxy serves an app.", Answer: "A name, such as caddy.",
		Example: `echo caddy`,
	},
	{
		Name: "nginx-pre-reload", Shape: ShapeEvent, Args: "APP PORT IP",
		When: "Before nginx reads its configuration anew.", Failure: "nginx goes on with the old one.",
		Example: `nginx -t`,
	},
	{
		Name: "nginx-app-template-source", Shape: ShapeQuery, Args: "APP TEMPLATE-TYPE",
		When: "Before an app's nginx.conf is made. TEMPLATE-TYPE is app-config, default-site-config or validate-config.", Answer: "The path of a template for sigil; nothing for the usual one.",
		Example: `[[ "$TEMPLATE_TYPE" != app-config ]] || echo "$PLUGIN_ENABLED_PATH/my-plugin/nginx.conf.sigil"`,
	},
	{
		Name: "nginx-dokku-template-source", Shape: ShapeQuery, Args: "",
		When: "Before dokku.conf of nginx is made.", Answer: "The path of a template for sigil; nothing for the usual one.",
		Example: `echo "$PLUGIN_ENABLED_PATH/my-plugin/dokku.conf.sigil"`,
	},
	{
		Name: "caddy-template-source", Shape: ShapeQuery, Args: "APP",
		When: "Before the compose file of the caddy container is made.", Answer: "The path of a template; nothing for the usual one.",
		Example: `echo "$PLUGIN_ENABLED_PATH/my-plugin/caddy.yml.sigil"`,
	},
	{
		Name: "haproxy-template-source", Shape: ShapeQuery, Args: "APP",
		When: "Before the compose file of the haproxy container is made.", Answer: "The path of a template; nothing for the usual one.",
		Example: `echo "$PLUGIN_ENABLED_PATH/my-plugin/haproxy.yml.sigil"`,
	},
	{
		Name: "openresty-template-source", Shape: ShapeQuery, Args: "APP",
		When: "Before the compose file of the openresty container is made.", Answer: "The path of a template; nothing for the usual one.",
		Example: `echo "$PLUGIN_ENABLED_PATH/my-plugin/openresty.yml.sigil"`,
	},
	{
		Name: "traefik-template-source", Shape: ShapeQuery, Args: "APP",
		When: "Before the compose file of the traefik container is made.", Answer: "The path of a template; nothing for the usual one.",
		Example: `echo "$PLUGIN_ENABLED_PATH/my-plugin/traefik.yml.sigil"`,
	},
}

var networkContracts = []Contract{
	{
		Name: "network-build-config", Shape: ShapeEvent, Args: "APP",
		When:    "A plugin has the addresses of an app's containers written down anew.",
		Example: `echo "addresses of $APP are written anew"`,
	},
	{
		Name: "network-clear-config", Shape: ShapeEvent, Args: "APP",
		When:    "A plugin has the addresses of an app's containers forgotten.",
		Example: `echo "addresses of $APP are forgotten"`,
	},
	{
		Name: "network-config-exists", Shape: ShapeQuery, Args: "APP",
		When: "A plugin asks whether addresses of an app's containers are known.", Answer: "true or false.",
		Example: `compgen -G "$DOKKU_ROOT/$APP/IP.*" >/dev/null && echo true || echo false`,
	},
	{
		Name: "network-get-ipaddr", Shape: ShapeQuery, Args: "APP PROCESS CONTAINER-ID",
		When: "Before requests are sent to a container.", Answer: "Its address; nothing for the one that the engine gave it.",
		Example: `docker container inspect --format '{{with index .NetworkSettings.Networks "my-network"}}{{.IPAddress}}{{end}}' "$CONTAINER_ID"`,
	},
	{
		Name: "network-get-listeners", Shape: ShapeQuery, Args: "APP PROCESS",
		When: "Before an app's URLs are told; and a plugin asks where an app listens.", Answer: "Lines ADDRESS:PORT.",
		Example: `[[ "$PROCESS" != web ]] || echo 10.0.0.7:5000`,
	},
	{
		Name: "network-get-static-listeners", Shape: ShapeQuery, Args: "APP PROCESS",
		When: "Before an app is routed: is it served by something that is no container of it?", Answer: "Lines ADDRESS:PORT, or nothing.",
		Example: `[[ "$APP" != legacy ]] || echo 10.0.0.9:8080`,
	},
	{
		Name: "network-get-property", Shape: ShapeQuery, Args: "APP KEY",
		When: "Before containers are made: attach-post-create, initial-network, bind-all-interfaces and the other properties of network.", Answer: "The value, or nothing.",
		Example: `[[ "$KEY" != initial-network ]] || echo my-network`,
	},
	{
		Name: "network-write-ipaddr", Shape: ShapeEvent, Args: "APP PROCESS INDEX IP",
		When:    "After a container's address is known.",
		Example: `echo "$APP.$PROCESS.$INDEX is at $IP" | logger`,
	},
	{
		Name: "network-write-port", Shape: ShapeEvent, Args: "APP PROCESS INDEX PORT",
		When:    "After a container's port is known.",
		Example: `echo "$APP.$PROCESS.$INDEX listens at $PORT" | logger`,
	},
	{
		Name: "slipway-proxy-apply", Shape: ShapeEvent, Args: "PROXY APP", Stdin: "The routes of the app as JSON, see drivers.md.",
		When:    "The routes of an app whose proxy:type is PROXY, a driver of a plugin, changed: at each deploy, scale, stop, change of a domain. A failure fails that.",
		Example: `cat > "/etc/my-proxy/$APP.json"`,
	},
	{
		Name: "slipway-proxy-drain", Shape: ShapeEvent, Args: "PROXY APP SECONDS UPSTREAM…",
		When:    "Before containers that PROXY no longer routes to are stopped. It returns when no request is in flight to them, or the time is over.",
		Example: `my-proxy wait --timeout "$SECONDS" "${UPSTREAM[@]}"`,
	},
	{
		Name: "slipway-proxy-remove", Shape: ShapeEvent, Args: "PROXY APP",
		When:    "PROXY has to forget an app: it is gone, has no routes, or has another type now.",
		Example: `rm -f "/etc/my-proxy/$APP.json"`,
	},
}
