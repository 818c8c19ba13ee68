#!/usr/bin/env bash
# The programs of examples/ under valgrind: no invalid access, nothing lost. An instrumented build has a sanitizer of
# its own, under which they take a tenth of the time; so without $TG_TORTURE valgrind has one of them.
. "$(dirname "$0")/lib.bash"
examples=$(realpath "${TIDEGATE_BUILD:-build/release}")/examples
suppressions=$(realpath "$(dirname "$0")/../valgrind.supp")

is_instrumented() { nm "$examples/paged_api" | grep -qE '__[at]san_init'; }

# Prints what the program does.
clean() { # PROGRAM
    if is_instrumented; then
        "$examples/$1"
        return
    fi
    valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect \
        --suppressions="$suppressions" "$examples/$1" 2>said || { cat said; fail "$1 is not clean"; }
}

test_paged_api() {
    clean paged_api >out
    equal "persons        4 new, 4 inserted, 0 updated" "$(sed -n 1p out)"
    equal "persons        2 new, 1 inserted, 1 updated" "$(tail -1 out)"
}

if is_instrumented || [ -n "${TG_TORTURE:-}" ]; then
    test_arrow_stream() {
        equal "rows 12  hottest 23.0  " "$(clean arrow_stream)"
    }

    test_two_pipelines() {
        clean two_pipelines >out
        equal "endless has loaded 1000 rows endless was cancelled steady has loaded 1000 rows" \
            "$(sort out | tr '\n' ' ' | sed 's/ $//')"
    }
fi

run_tests
