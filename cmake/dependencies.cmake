# Everything the library is made of. tools/install-deps brings all of it.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

set(bring_it "run tools/install-deps (or `make`, which does)")
add_library(tidegate_dependencies INTERFACE)
target_link_libraries(tidegate_dependencies INTERFACE Threads::Threads m)
foreach(module IN ITEMS yyjson libfyaml libcrypto zlib libzstd libxxhash libpcre2-8)
  pkg_check_modules(${module} QUIET IMPORTED_TARGET ${module})
  if(NOT ${module}_FOUND)
    message(FATAL_ERROR "${module} is missing: ${bring_it}")
  endif()
  target_link_libraries(tidegate_dependencies INTERFACE PkgConfig::${module})
endforeach()

# DuckDB: the system's, or the one of build/deps; the latter is installed with the library.
pkg_check_modules(duckdb QUIET IMPORTED_TARGET duckdb)
if(duckdb_FOUND)
  target_link_libraries(tidegate_dependencies INTERFACE PkgConfig::duckdb)
  set(DUCKDB_LIBRARY_DIR "")
else()
  set(DUCKDB_DIR ${PROJECT_SOURCE_DIR}/build/deps/duckdb)
  set(DUCKDB_LIBRARY_DIR ${DUCKDB_DIR}/lib)
  set(DUCKDB_LIBRARY ${DUCKDB_LIBRARY_DIR}/libduckdb.so)
  if(NOT EXISTS ${DUCKDB_LIBRARY} OR NOT EXISTS ${DUCKDB_DIR}/include/duckdb.h)
    message(FATAL_ERROR "DuckDB is missing: ${bring_it}")
  endif()
  add_library(duckdb_local SHARED IMPORTED)
  set_target_properties(duckdb_local PROPERTIES
    IMPORTED_LOCATION ${DUCKDB_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${DUCKDB_DIR}/include)
  target_link_libraries(tidegate_dependencies INTERFACE duckdb_local)
endif()
