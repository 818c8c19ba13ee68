#!/usr/bin/env bash
# An installed tree works: by its own command, by pkg-config and by CMake, also after being moved.
set -uo pipefail
dir=$TMPDIR

result() { # NAME STATUS LOG
    if [ "$2" = 0 ]; then echo "ok $1"; else echo "not ok $1"; sed 's/^/# /' "$3"; fi
}

case $(grep -h '^CMAKE_C_FLAGS:' "$TIDEGATE_BUILD/CMakeCache.txt") in
*-fsanitize*) echo "ok install # SKIP a sanitizer's build is not for installing"; exit ;;
esac

cmake --install "$TIDEGATE_BUILD" --prefix "$dir/first" >"$dir/log" 2>&1
result "install" $? "$dir/log"
mv "$dir/first" "$dir/moved"
libdir=$(dirname "$(find "$dir/moved" -name libtidegate.so)")

if [ -e "$dir/moved/bin/tidegate" ]; then
    (cd "$dir" && moved/bin/tidegate --version) >"$dir/log" 2>&1
    result "installed command runs" $? "$dir/log"
fi

# Its engine lies beside it; where that is gone, the folder is named among those that were searched.
engine() { TIDEGATE_DUCKDB='' LD_LIBRARY_PATH='' "$dir/moved/bin/tidegate" --version; }
if [ -e "$libdir/tidegate/libduckdb.so" ]; then
    engine >"$dir/log" 2>&1 && grep -qF "$libdir/tidegate/libduckdb.so" "$dir/log"
    result "installed engine is found" $? "$dir/log"
    mv "$libdir/tidegate/libduckdb.so" "$dir/"
    engine >"$dir/log" 2>&1 && { grep -q "/$(basename "$libdir")/tidegate'" "$dir/log" || grep -q '^DuckDB' "$dir/log"; }
    result "missing engine: says where it looked" $? "$dir/log"
    mv "$dir/libduckdb.so" "$libdir/tidegate/"
fi

cat >"$dir/user.c" <<'END'
#include <string.h>
#include <tidegate.h>
int main(void)
{
    return strcmp(tg_version(), TG_VERSION) != 0;
}
END
export PKG_CONFIG_PATH=$libdir/pkgconfig
{
    gcc -o "$dir/user" "$dir/user.c" $(pkg-config --cflags --libs tidegate) "-Wl,-rpath,$libdir" &&
        "$dir/user"
} >"$dir/log" 2>&1
result "program by pkg-config" $? "$dir/log"

cat >"$dir/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES C)
find_package(tidegate REQUIRED)
add_executable(user user.c)
target_link_libraries(user tidegate::tidegate)
END
{
    cmake -S "$dir" -B "$dir/build" -G Ninja "-DCMAKE_PREFIX_PATH=$dir/moved" &&
        cmake --build "$dir/build" && "$dir/build/user"
} >"$dir/log" 2>&1
result "program by CMake" $? "$dir/log"
