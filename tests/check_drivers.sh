#!/usr/bin/env bash
# The code of docs/adding-a-destination.md and docs/adding-a-source.md: one file each, dropped into
# a copy of the tree, and nothing else. The build finds them, and a run goes through both.
set -uo pipefail
dir=$TMPDIR/tree
export LC_ALL=C

result() { # NAME STATUS LOG
    if [ "$2" = 0 ]; then echo "ok $1"; else echo "not ok $1"; tail -n 20 "$3" | sed 's/^/# /'; fi
}

# code PAGE TITLE: the page's block of C that starts with the comment "The TITLE"
code() {
    awk -v title=" * The $2:" '
        /^```/ { inside = $0 == "```c"; if (found) exit; text = ""; next }
        inside { text = text $0 "\n"; if (index($0, title) == 1) found = 1 }
        /^```/ || !found { next }
        END { printf "%s", text }' "$1"
}

# What their files do not change is taken from the build that is tested: all but what has a list of drivers in it.
compile() { # COMPILER ... -o OBJECT -c SOURCE
    [[ "$*" =~ \ -o\ ([^\ ]+)\ -c\ ([^\ ]+)$ ]] || exec "$@"
    local object=${BASH_REMATCH[1]} source=${BASH_REMATCH[2]}
    if [ -e "$TIDEGATE_BUILD/$object" ] && ! grep -q '^#include ".*\.def"' "$source"; then
        cp "$TIDEGATE_BUILD/$object" "$object"
    else
        echo "compiles ${source##*/}"
        exec "$@"
    fi
}

mkdir -p "$dir"
{ echo '#!/usr/bin/env bash' && declare -f compile && echo 'compile "$@"'; } >"$dir/compile"
chmod +x "$dir/compile"
cp -r CMakeLists.txt bench cmake cli include src "$dir/"
code docs/adding-a-destination.md 'driver `logged`' >"$dir/src/database/drivers/logged.c"
code docs/adding-a-destination.md 'dialect `logged`' >"$dir/src/database/dialects/logged.c"
code docs/adding-a-source.md 'source `ticker`' >"$dir/src/extract/sources/ticker.c"
{
    [ -s "$dir/src/database/drivers/logged.c" ] && [ -s "$dir/src/database/dialects/logged.c" ] &&
        [ -s "$dir/src/extract/sources/ticker.c" ] &&
        cmake -S "$dir" -B "$dir/build" -G Ninja -DCMAKE_BUILD_TYPE=None -DTIDEGATE_TESTS=OFF \
            -DCMAKE_C_COMPILER_LAUNCHER="$dir/compile" &&
        cmake --build "$dir/build" --target tidegate
} >"$TMPDIR/log" 2>&1
result "the pages' drivers are built" $? "$TMPDIR/log"

: "${TIDEGATE_DUCKDB:=$PWD/build/deps/duckdb/lib/libduckdb.so}"
export TIDEGATE_DUCKDB
cd "$TMPDIR" || exit 1
cat >spec.yaml <<'END'
pipeline: toys
destination: logged:///prices.duckdb
dataset: d
source: {type: ticker}
resources:
  price: {prices: ['10.5', "it's 11"], write_disposition: merge, primary_key: price}
END

# run: twice; the rows are there once, by literals
run() {
    "$dir/build/tidegate" run spec.yaml && "$dir/build/tidegate" run spec.yaml &&
        [ "$("$dir/build/tidegate" sql spec.yaml 'SELECT price FROM price ORDER BY 1' --csv)" = \
            $'price\n10.5\nit\'s 11' ]
}
run >log 2>&1
result "a run from one to the other" $? log

# say WORD...: each is in the destination's log
say() { for word; do grep -qF -- "$word" prices.duckdb.sql || { echo "no $word"; return 1; }; done; }
say 'BEGIN TRANSACTION;' 'COMMIT;' 'information_schema' 'CREATE TEMP TABLE "_tidegate_stage_' \
    "('it''s 11'" >log 2>&1
result "what the driver leaves out is SQL" $? log

{
    sed 's/logged/lost/' spec.yaml >lost.yaml
    ! "$dir/build/tidegate" check lost.yaml 2>said && grep 'logged: (logged:///file.duckdb)' said &&
        "$dir/build/tidegate" help spec >said && grep 'Prices that stand in the spec' said &&
        "$dir/build/tidegate" init ticker >said && grep "price: {prices: \['10.5'\]}" said &&
        "$dir/build/tidegate" init >said && grep 'type: files' said
} >log 2>&1
result "messages and help know them" $? log
