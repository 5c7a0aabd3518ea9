# The one image of Slipway: control plane (serve) and data plane (proxy) are two containers of it. See docs/containers.md.
#
#   docker build --tag slipway .      from a clean clone, with Go from a golang image
#   make image                        the same image, with binaries that the host's Go builds: quick
ARG BASE_IMAGE=debian:bookworm-slim
ARG GO_IMAGE=golang:1.26-bookworm

# The docker command without an engine. Bookworm has it only inside docker.io, and that one, 20.10, does not speak to
# engines from 29 on; the one of Debian's next release does, and to 20.10 as well, and runs on this libc.
FROM ${BASE_IMAGE} AS docker-cli
RUN find /etc/apt -name '*.list' -o -name '*.sources' | xargs sed -i 's/bookworm/trixie/g' && \
    apt-get update && \
    cd /tmp && apt-get download docker-cli && \
    dpkg-deb --extract docker-cli_*.deb /tmp/docker-cli

# Everything but our own binaries; `make image` stops here and adds them itself. The second line of packages is what scripts of
# plugins call: column, curl, jq, netstat, openssl, ps, unzip.
FROM ${BASE_IMAGE} AS runtime
RUN apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends bash ca-certificates git openssh-client tini \
        bsdextrautils curl jq net-tools openssl procps unzip && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log
COPY --from=docker-cli /tmp/docker-cli/usr/bin/docker /usr/local/bin/docker
# Who owns the state and runs hooks. For the state of a host installation, give its numbers: id -u dokku, id -g dokku.
ARG DOKKU_UID=200
ARG DOKKU_GID=200
RUN groupadd --system --gid "$DOKKU_GID" dokku && \
    useradd --system --uid "$DOKKU_UID" --gid dokku --home-dir /home/dokku --no-create-home --shell /bin/bash --comment Slipway dokku && \
    ln -s slipway /usr/local/bin/dokku
# The daemon refuses to start where the state folders are not mounted.
ENV SLIPWAY_CONTAINER=1
# Tini collects what git leaves behind and hands signals on.
ENTRYPOINT ["tini", "--", "slipwayd"]
CMD ["serve"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["slipwayd", "health"]

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
# Where modules come from, when it is not the usual place. Go has its settings of proxies from docker build.
ARG GOPROXY
ARG GOSUMDB
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN VERSION="$VERSION" hack/build && mkdir /out && mv bin/slipway bin/slipwayd /out

FROM runtime
COPY --from=build /out/ /usr/local/bin/
ARG VERSION=unknown
LABEL org.opencontainers.image.title=slipway org.opencontainers.image.version=${VERSION}
