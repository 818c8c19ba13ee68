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

# Beside it what man, shells and lawyers look for.
(cd "$dir/moved/share" && ls man/man1/tidegate.1 bash-completion/completions/tidegate zsh/site-functions/_tidegate \
    fish/vendor_completions.d/tidegate.fish tidegate/tidegate.schema.json && cd doc/tidegate &&
    grep -q 'Apache License' LICENSE && grep -q 'AS IS' LICENSE.xxhash && grep -q 'Copyright.*Yann Collet' LICENSE.xxhash &&
    { [ ! -e "$libdir/tidegate/libduckdb.so" ] || grep -q 'DuckDB' third-party.md LICENSE.duckdb; }) >"$dir/log" 2>&1
result "manual, completion and licences are there" $? "$dir/log"

unnamed() { # libraries that are linked and not on the page of licences
    local library name
    for library in $(readelf -d "$libdir/libtidegate.so" | sed -n 's/.*NEEDED.*\[lib\(.*\)\.so.*/\1/p'); do
        case $library in
        c | m) continue ;;
        z) name=zlib ;;
        bz2) name=bzip2 ;;
        zstd) name=Zstandard ;;
        lzma) name=liblzma ;;
        pcre2-8) name=PCRE2 ;;
        crypto) name=libcrypto ;;
        fyaml) name=libfyaml ;;
        *) name=$library ;;
        esac
        grep -q "^|.*$name" docs/third-party.md || echo "$library"
    done
}
unnamed >"$dir/log"
[ ! -s "$dir/log" ]
result "docs/third-party.md names all that is linked" $? "$dir/log"

# The folders are those that GNUInstallDirs has for a prefix, also when that changes, and lead to one another.
mkdir "$dir/expected" && cat >"$dir/expected/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(expected LANGUAGES C)
include(GNUInstallDirs)
file(WRITE ${CMAKE_BINARY_DIR}/libdir ${CMAKE_INSTALL_LIBDIR})
file(RELATIVE_PATH path ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
file(WRITE ${CMAKE_BINARY_DIR}/path ${path})
END
for prefix in /usr /opt/tidegate; do
    (
        cmake -S "$dir/expected" -B "$dir/expected/$prefix" -G Ninja "-DCMAKE_INSTALL_PREFIX=$prefix" &&
            cmake -S . -B "$dir/configured" -G Ninja -DCMAKE_BUILD_TYPE=Release -DTIDEGATE_TESTS=OFF "-DCMAKE_INSTALL_PREFIX=$prefix" &&
            where=$(<"$dir/expected/$prefix/libdir") && path=$(<"$dir/expected/$prefix/path") &&
            for part in '" TYPE SHARED_LIBRARY' '/cmake/tidegate"' '/pkgconfig"' '/tidegate" TYPE FILE PERM'; do
                grep -F "PREFIX}/$where$part" "$dir/configured/cmake_install.cmake" || exit 1
            done && grep -F "NEW_RPATH \"\\\$ORIGIN/$path:\\\$ORIGIN/$path/tidegate\"" "$dir/configured/cmake_install.cmake" &&
            [ "$(realpath -m "/usr/$where/pkgconfig/$(sed -n 's/^includedir=${pcfiledir}//p' "$dir/configured/tidegate.pc")")" = /usr/include ]
    ) >"$dir/log" 2>&1
    result "folders below $prefix" $? "$dir/log"
done

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

# Its engine is its own: a program that asks for DuckDB by its name looks for it in its own folders.
cat >"$dir/host.c" <<'END'
#include <dlfcn.h>
#include <tidegate.h>
int main(void)
{
    struct tg_engine engine;
    return tg_engine_find(&engine, NULL) != TG_OK || dlopen("libduckdb.so", RTLD_NOW | RTLD_NOLOAD) != NULL;
}
END
if [ -e "$libdir/tidegate/libduckdb.so" ]; then
    {
        gcc -o "$dir/host" "$dir/host.c" $(pkg-config --cflags --libs tidegate) "-Wl,-rpath,$libdir" &&
            TIDEGATE_DUCKDB='' LD_LIBRARY_PATH='' "$dir/host"
    } >"$dir/log" 2>&1
    result "the engine is not given to who asks for its name" $? "$dir/log"
fi

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
