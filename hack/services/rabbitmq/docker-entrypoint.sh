#!/usr/bin/env bash
# Starts RabbitMQ as the user rabbitmq, which owns the data folder, as Docker's official image does. RabbitMQ itself
# reads RABBITMQ_DEFAULT_USER, RABBITMQ_DEFAULT_PASS and RABBITMQ_DEFAULT_VHOST when its data folder is new.
set -euo pipefail

if [[ ${1:-} == rabbitmq* && $(id -u) -eq 0 ]]; then
  if [[ $1 == rabbitmq-server ]]; then find /var/lib/rabbitmq \! -user rabbitmq -exec chown rabbitmq {} +; fi
  exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "$@"
fi
exec "$@"
