# Everything the library is made of. tools/install-deps brings all of it.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

set(bring_it "run tools/install-deps (or `make`, which does)")
add_library(tidegate_dependencies INTERFACE)
target_link_libraries(tidegate_dependencies INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)
set(dependencies yyjson libfyaml libcrypto zlib libzstd liblzma libxxhash libpcre2-8 libutf8proc)
foreach(module IN LISTS dependencies)
  pkg_check_modules(${module} QUIET IMPORTED_TARGET ${module})
  if(NOT ${module}_FOUND)
    message(FATAL_ERROR "${module} is missing: ${bring_it}")
  endif()
  target_link_libraries(tidegate_dependencies INTERFACE PkgConfig::${module})
endforeach()

find_package(BZip2 QUIET) # which has no file for pkg-config everywhere
if(NOT BZIP2_FOUND)
  message(FATAL_ERROR "bzip2's library is missing: ${bring_it}")
endif()
target_link_libraries(tidegate_dependencies INTERFACE BZip2::BZip2)

# DuckDB is found when the program runs; the one that was brought is installed with the library.
set(DUCKDB_LIBRARY_DIR ${PROJECT_SOURCE_DIR}/build/deps/duckdb/lib)
set(DUCKDB_LIBRARY ${DUCKDB_LIBRARY_DIR}/libduckdb.so)
