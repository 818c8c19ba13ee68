#!/usr/bin/env bash
# The PostgreSQL server of the tests: there for a command, with a password, and gone with it, however
# that ends.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
TMPDIR=$(mktemp -d)
export TMPDIR
chmod 755 "$TMPDIR"
trap 'rm -rf "$TMPDIR"' EXIT
failed=0

# check NAME CODE WANTED GOT
check() {
    if [ "$2" = 0 ] && [ "$3" = "$4" ]; then echo "ok $1"; return; fi
    echo "not ok $1: '$4' instead of '$3' (code $2)"
    failed=1
}

# gone: waits for the end of the server, then lists what is left in $TMPDIR and of its processes
gone() {
    for _ in $(seq 100); do
        left=$(ls "$TMPDIR")$(pgrep -f -- "-D $TMPDIR/")
        [ -n "$left" ] || return 0
        sleep 0.1
    done
    return 1
}

got=$("$root/tools/with-postgres" sh -c "psql -X -At \"\$TIDEGATE_TEST_POSTGRES\" -c \"
    select current_user, setting, exists (select from pg_authid where rolpassword like 'SCRAM%')
    from pg_settings where name = 'max_prepared_transactions'\"" 2>&1)
check "a server with a password" $? "postgres|10|t" "$got"

"$root/tools/with-postgres" sh -c 'psql -X -At "$(echo "$TIDEGATE_TEST_POSTGRES" | sed "s/:[^:@]*@/:wrong@/")" -c ""; exit 7' >/dev/null 2>"$TMPDIR/said"
code=$?
got=$(grep -o 'password authentication failed' "$TMPDIR/said")
rm "$TMPDIR/said"
check "no other password, and the code of the command is passed on" 0 "7 password authentication failed" "$code $got"
gone
check "it is gone with its command" $? "" "$left"

"$root/tools/with-postgres" sh -c 'echo $PPID; sleep 5' >"$TMPDIR.pid" 2>/dev/null &
for _ in $(seq 100); do [ -s "$TMPDIR.pid" ] && break; sleep 0.1; done
{ kill -9 "$(cat "$TMPDIR.pid")"; wait; } 2>/dev/null
rm "$TMPDIR.pid"
gone
check "it is gone when it was killed" $? "" "$left"

got=$("$root/tools/with-postgres" --major 7 true 2>&1 | grep -o 'run tools/install-deps postgres-7')
check "one that is not there says what to do" $? "run tools/install-deps postgres-7" "$got"

exit $failed
