#!/usr/bin/env bash
# The public header stands alone, in C and, for whoever includes it there, in C++.
set -uo pipefail

compiles() { # NAME COMPILER FLAGS...
    local name=$1 output
    shift
    if output=$(echo '#include "tidegate.h"' | "$@" -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only - 2>&1)
    then echo "ok header compiles as $name"
    else echo "not ok header compiles as $name"; printf '# %s\n' "$output"; fi
}

compiles "C11 (gcc)" gcc -std=c11 -xc
compiles "C11 (clang)" clang-14 -std=c11 -xc
compiles "C++ (clang)" clang-14 -std=c++17 -xc++ -nostdinc++
