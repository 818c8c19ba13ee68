# A PostgreSQL database for a test script; source it. The server is the one in $TIDEGATE_TEST_POSTGRES.
pg_server=${TIDEGATE_TEST_POSTGRES:-}
pg_password=$(sed -E 's|^[a-z]+://[^:]*:([^@]*)@.*|\1|' <<<"$pg_server")

# pg DATABASE [ARGUMENTS OF PSQL...]: the password is not among the arguments
pg() {
    local database=$1
    shift
    PGPASSWORD=$pg_password psql -XqAt -v ON_ERROR_STOP=1 \
        "$(sed -E 's|:[^:@/]*@|@|; s|/[^/]*$||' <<<"$pg_server")/$database" "$@"
}

# pg_create DATABASE [OPTIONS]: its URI, with the password in it
pg_create() {
    [ -n "$pg_server" ] || {
        echo "there is no PostgreSQL server in \$TIDEGATE_TEST_POSTGRES: run this by tools/run-tests or" \
            "tools/with-postgres" >&2
        return 1
    }
    pg postgres -c "CREATE DATABASE $1 ${2:-}" && echo "${pg_server%/*}/$1"
}

pg_drop() { pg postgres -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" 2>/dev/null; }

# kept_secret FOLDER: where the password is in what commands said and kept there; a spec may have it
kept_secret() {
    [ -n "$pg_password" ] && grep -rlF --exclude='*.yaml' -f <(echo "$pg_password") "$1"
}
