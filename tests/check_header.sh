#!/usr/bin/env bash
# Each public header stands alone, in C and, for whoever includes it there, in C++.
set -uo pipefail

compiles() { # NAME COMPILER FLAGS...
    local name=$1 output header
    shift
    for header in include/*.h; do
        header=${header#include/}
        if output=$(echo "#include \"$header\"" |
            "$@" -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only - 2>&1)
        then echo "ok $header compiles as $name"
        else echo "not ok $header compiles as $name"; printf '# %s\n' "$output"; fi
    done
}

compiles "C11 (gcc)" gcc -std=c11 -xc
compiles "C11 (clang)" clang-14 -std=c11 -xc
compiles "C++ (clang)" clang-14 -std=c++17 -xc++ -nostdinc++

# Programs of both languages, as strict.
for program in paged_api arrow_stream two_pipelines given_connection; do
    for how in "C11 (gcc):gcc -std=c11 -xc" "C11 (clang):clang-14 -std=c11 -xc" \
        "C++ (clang):clang-14 -std=c++17 -xc++ -nostdinc++"; do
        # shellcheck disable=SC2086 # the words of a command
        if output=$(${how#*:} -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow -Werror -Iinclude -fsyntax-only \
            examples/$program.c 2>&1)
        then echo "ok examples/$program.c compiles as ${how%%:*}"
        else echo "not ok examples/$program.c compiles as ${how%%:*}"; printf '# %s\n' "$output"; fi
    done
done
