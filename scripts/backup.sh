#!/bin/sh
# Copy all conversations into a file, or put such a copy back.
#
#   sh scripts/backup.sh backup FILE
#   sh scripts/backup.sh restore FILE
#
# With docker compose it is the compose file's Valkey, if that was ever started; else the private one
# that `make run` keeps (python -m bot backup | restore). The Makefile calls this.
set -eu

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

action=${1-}
file=${2-}
[ -n "$file" ] || die "name the file: make $action FILE=all.rdb"

in_docker() {
    command -v docker >/dev/null 2>&1 &&
        [ -n "$(docker compose ps --all --quiet redis 2>/dev/null || true)" ]
}

# What a server with an append-only file reads when it starts; what was there is moved aside.
put_in='set -e
cd /data
refuse() { rm -f new.rdb; echo "error: $1" >&2; exit 1; }
cat >new.rdb
case $(head -c 6 new.rdb) in
REDIS* | VALKEY) ;;
*) refuse "that is no copy of a Redis or Valkey server" ;;
esac
valkey-check-rdb new.rdb >/dev/null || refuse "that copy is damaged"
n=1
while [ -e "appendonlydir.before-$n" ]; do n=$((n + 1)); done
[ ! -e appendonlydir ] || mv appendonlydir "appendonlydir.before-$n"
mkdir appendonlydir
mv new.rdb appendonlydir/appendonly.aof.1.base.rdb
echo "file appendonly.aof.1.base.rdb seq 1 type b" >appendonlydir/appendonly.aof.manifest'

backup_docker() {
    [ ! -e "$file" ] || die "$file is there already; give another name"
    umask 077
    trap 'rm -f "$file.part"' EXIT
    docker compose run --rm --no-deps -T bot backup - >"$file.part" ||
        die "no copy was made; is everything up? (docker compose ps)"
    [ -s "$file.part" ] || die "the copy is empty"
    mv "$file.part" "$file"
    echo "Saved $(wc -c <"$file") bytes to $file."
}

restore_docker() {
    [ -r "$file" ] || die "$file cannot be read"
    docker compose stop bot redis
    # Everything is checked in there before anything is moved; then the bot comes back either way.
    restored=yes
    docker compose run --rm --no-deps -T --entrypoint sh redis -c "$put_in" <"$file" || restored=
    docker compose start redis bot
    [ -n "$restored" ] || die "nothing was changed"
    echo "Restored. What was there before is in the volume, in appendonlydir.before-N."
}

case $action in
backup | restore)
    if in_docker; then
        "${action}_docker"
    else
        make --no-print-directory .venv/.ready-run
        exec .venv/bin/python -m bot "$action" "$file"
    fi
    ;;
*) die "it takes backup or restore" ;;
esac
