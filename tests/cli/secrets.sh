#!/usr/bin/env bash
# No output of any command, and nothing that is kept of its work, shows a secret; data stay as they are.
. "$(dirname "$0")/lib.bash"

secrets='hunter2-hunter2|hunter2%2Dhunter2|a-token-of-16-ch'

# every_command: all that they print, on either stream, in $said
every_command() {
    said=$(
        for arguments in "check spec.yaml" "run spec.yaml" "run spec.yaml --progress plain" \
            "run spec.yaml --progress json --log-level debug" "run spec.yaml --log-level debug" \
            "run spec.yaml --log-file .tidegate/log --log-level debug" "run spec.yaml --quiet" "run spec.yaml --json" "run spec.yaml --full-refresh" \
            "show spec.yaml tables" "show spec.yaml loads" "show spec.yaml state" \
            "show spec.yaml schema" "show spec.yaml schema --yaml" "show spec.yaml packages" \
            "show spec.yaml packages --json" "sql spec.yaml nonsense"; do
            # shellcheck disable=SC2086 # words
            "$tidegate" $arguments 2>&1
        done
        true
    )
    [ -n "$said" ] || fail "the commands said nothing"
}

hidden() {
    case $said in *hunter2* | *a-token-of-16-ch*) fail "a secret is in: $said" ;; esac
    if grep -rEl "$secrets" .tidegate 2>/dev/null; then fail "a secret is kept"; fi
}

test_in_the_url_of_a_destination() {
    echo '{"id": 1}' >t.jsonl
    for url in 'postgresql://me:hunter2-hunter2@db/x' 'duckdb:///x.duckdb?password=hunter2-hunter2' \
        'duckdb:///x.duckdb?token=a-token-of-16-ch' 'host=db password=hunter2-hunter2'; do
        spec
        relay destination "destination: \"$url\""
        every_command
        hidden
        printf '%s' "$url" >url.txt
        # shellcheck disable=SC2016 # for the spec
        sed -i 's|^destination:.*|destination: ${file:url.txt}|' spec.yaml
        every_command
        hidden
    done
    says "database 'host=db password=***'"
}

# A server that is there, in each form of its place; with a password that is right, wrong, or of a server that is not
# there; with a load that is refused. $pg_password is looked for by whoever runs this, too.
test_of_a_server() {
    local url place
    kind=postgres destination=$(pg_create "secrets_$$")
    url=$destination place=${destination#*@}
    spec
    for destination in "$url" "host=127.0.0.1 port=$(sed -E 's|.*:([0-9]+)/.*|\1|' <<<"$place") user=postgres \
dbname=${place#*/} password=$pg_password" "postgresql://postgres@$place?password=$pg_password" \
        "postgresql://postgres:${pg_password}x@$place" "postgresql://postgres:$pg_password@127.0.0.1:1/none"; do
        echo '{"id": 1}' >t.jsonl
        spec
        relay destination "destination: \"$destination\""
        every_command
        of_server_hidden
        [ "${destination#*:1/}" = none ] || [ "${destination#*x@}" != "$destination" ] || says "1 row read"
    done
    pg "secrets_$$" -c "CREATE TABLE d.new (id bigint CHECK (id > 5), _dlt_load_id varchar, _dlt_id varchar)"
    destination=$url
    spec "new: {path: t.jsonl}"
    every_command
    of_server_hidden
    says "failed" "violates check constraint"
    pg_drop "secrets_$$"
}

of_server_hidden() {
    secret_is_hidden
    secret_is_nowhere
}

test_in_a_spec_that_is_wrong() {
    spec
    printf 'password: hunter2-hunter2\nx: pg://me:hunter2-hunter2@db\n"a": [a://b:hunter2-hunter2@c\n' >>spec.yaml
    every_command
    hidden
    says "spec.yaml"
}

test_out_of_a_file() {
    spec
    echo hunter2-hunter2 >root.txt
    # shellcheck disable=SC2016 # for the spec
    sed -i 's|^source:.*|source: {type: files, root: "${file:root.txt}"}|' spec.yaml
    every_command
    hidden
    says "***"
}

# A folder that looks like a URL with user info is a destination that works, and a check that is not met
# makes it refuse a load: manifest and error.txt are kept.
test_in_what_is_kept() {
    mkdir x:
    spec
    echo '{"id": 1, "word": "hunter2-hunter2"}' >t.jsonl
    sed -i 's|^destination:.*|destination: duckdb:///x://me:hunter2-hunter2@y.duckdb|' spec.yaml
    run 0
    equal hunter2-hunter2 "$(sql 'select word from t')" "data"
    sql 'create table d.new (id bigint check (id > 5), _dlt_load_id varchar, _dlt_id varchar)' >/dev/null
    sed -i 's|  t: {path: t.jsonl}|  new: {path: t.jsonl}|' spec.yaml
    echo '{"id": 1}' >t.jsonl
    every_command
    hidden
    says "failed"
    [ -n "$(find .tidegate -name error.txt)" ] || fail "nothing was set aside"
}

run_tests
