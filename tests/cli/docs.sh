#!/usr/bin/env bash
# Every block of commands (```sh) of the user's pages runs as it is printed, page by page, in an empty folder.
. "$(dirname "$0")/lib.bash"

# The blocks of a page as one script.
commands() {
    awk '/^ *```/ { inside = /```sh$/; match($0, /^ */); indent = RLENGTH; next }
        inside { print substr($0, indent + 1) }' "$1"
}

run_page() {
    PATH=$(dirname "$tidegate"):$PATH
    [ -n "$(commands "$1")" ] || fail "no command in $1"
    said=$(commands "$1" | bash -euo pipefail 2>&1) || fail "$1: $said"
}

test_readme() {
    run_page "$root/README.md"
    equal 2 "$("$tidegate" sql pipeline.yaml "select count(*) from person" --csv | tail -1)"
    equal "Bela B." "$("$tidegate" sql pipeline.yaml "select name from person where id = 2" --csv | tail -1)"
    equal 2 "$("$tidegate" sql pipeline.yaml "select count(*) from _dlt_loads" --csv | tail -1)"
}

test_coming_from_dlt() {
    run_page "$root/docs/coming-from-dlt.md"
    equal 2 "$("$tidegate" sql pipeline.yaml "select count(*) from person" --csv | tail -1)"
}

run_tests
