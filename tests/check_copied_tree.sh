#!/usr/bin/env bash
# A tree that was copied or moved with what was built in it is built for itself, and the first one is left alone.
set -uo pipefail
dir=$TMPDIR
object=CMakeFiles/tidegate_objects.dir/src/base/buf.c.o

result() { # NAME STATUS
    if [ "$2" = 0 ]; then echo "ok $1"; else echo "not ok $1"; sed 's/^/# /' "$dir/log"; fi
}

begin() { # TREE: what is in the repository
    mkdir -p "$1/build" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp -P --parents -t "$1" &&
        ln -s "$(realpath build/deps)" "$1/build/deps"
}

build() { (cd "$1" && tools/configure release && cmake --build build/release --target "$object"); } # TREE
state() { find "$1" -printf '%P %T@ %s %l\n' | sort; }                                             # TREE

for_itself() { # TREE: its build knows no other
    ! grep -hoE "$dir/[a-z]+" "$1/build/release/CMakeCache.txt" "$1/build/release/build.ninja" | sort -u | grep -vx "$1"
}

begin "$dir/first" && build "$dir/first" >"$dir/log" 2>&1
result "a tree is built" $?
state "$dir/first" >"$dir/before"

cp -a "$dir/first" "$dir/copy"
build "$dir/copy" >"$dir/log" 2>&1 && grep -q "was built for $dir/first" "$dir/log" && for_itself "$dir/copy" >>"$dir/log"
result "its copy is built for itself" $?
state "$dir/first" | diff "$dir/before" - >"$dir/log"
result "the first one is as it was" $?

build "$dir/copy" >"$dir/log" 2>&1 && ! grep "was built for" "$dir/log" && grep -q 'no work to do' "$dir/log"
result "the second time there is nothing to do" $?

mv "$dir/copy" "$dir/moved"
build "$dir/moved" >"$dir/log" 2>&1 && for_itself "$dir/moved" >>"$dir/log"
result "a moved tree is built for itself" $?

# The folder may lie elsewhere, with a link to it: a copy has the same link.
mv "$dir/moved/build" "$dir/elsewhere" && ln -s "$dir/elsewhere" "$dir/moved/build"
cp -a "$dir/moved" "$dir/linked"
state "$dir/elsewhere" >"$dir/before"
build "$dir/linked" >"$dir/log" 2>&1 && for_itself "$dir/linked" >>"$dir/log" &&
    state "$dir/elsewhere" | diff "$dir/before" - >>"$dir/log"
result "a copy of a link to the build leaves it alone" $?
