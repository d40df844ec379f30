#!/usr/bin/env bash
# A PostgreSQL server for the connector's test.
#
#	.ci/postgres.sh start   installs PostgreSQL from Debian when it is missing,
#	                        starts a server in a folder of its own on a free
#	                        loopback port, and prints its address
#	.ci/postgres.sh stop    stops it and removes the folder
#
# The server trusts every local connection and keeps nothing.
set -euo pipefail

state="${TMPDIR:-/tmp}/bespoke-postgres-$(id -u)"

# as_owner runs a command as a user that PostgreSQL accepts: not as root.
as_owner() {
	if [ "$(id -u)" = 0 ]; then
		(cd / && setpriv --reuid=postgres --regid=postgres --init-groups env -u HOME "$@")
	else
		"$@"
	fi
}

find_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

free_port() {
	local port
	for port in $(seq 54321 54399); do
		if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			echo "$port"
			return
		fi
	done
	echo "postgres.sh: no free port from 54321 to 54399" >&2
	return 1
}

start() {
	stop
	if [ -z "$(find_bin)" ]; then
		apt-get update -qq >&2
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
	fi
	local bin port
	bin=$(find_bin)
	port=$(free_port)
	mkdir -m 700 "$state"
	if [ "$(id -u)" = 0 ]; then chown postgres:postgres "$state"; fi
	as_owner "$bin/initdb" -D "$state/data" -U bespoke -A trust -E UTF8 --no-sync >/dev/null
	as_owner "$bin/pg_ctl" -D "$state/data" -l "$state/log" -w -t 60 \
		-o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off" start >/dev/null
	echo "postgres://bespoke@127.0.0.1:$port/postgres?sslmode=disable"
}

stop() {
	if [ -d "$state" ]; then
		if [ -f "$state/data/postmaster.pid" ]; then
			as_owner "$(find_bin)/pg_ctl" -D "$state/data" -m immediate -w stop >/dev/null || true
		fi
		rm -rf "$state"
	fi
}

case "${1:-}" in
start) start ;;
stop) stop ;;
*)
	echo "usage: .ci/postgres.sh start|stop" >&2
	exit 2
	;;
esac
