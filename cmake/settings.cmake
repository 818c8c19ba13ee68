# How everything is compiled: language, warnings, hardening. gcc and clang must both be content.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_FLAGS_RELEASE "-O2 -g -DNDEBUG")
if(CMAKE_C_FLAGS MATCHES "-fsanitize") # what a report names are lines; all else takes time to write
  set(CMAKE_C_FLAGS_DEBUG "-O1 -gline-tables-only")
else()
  set(CMAKE_C_FLAGS_DEBUG "-O1 -g") # -Og breaks xxhash.h with gcc 12
endif()
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()

add_library(tidegate_settings INTERFACE)
target_include_directories(tidegate_settings INTERFACE ${PROJECT_SOURCE_DIR}/include)
target_compile_definitions(tidegate_settings INTERFACE _GNU_SOURCE
  $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
target_compile_options(tidegate_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wconversion -Wno-sign-conversion -Werror
  -fstack-protector-strong)
target_link_options(tidegate_settings INTERFACE -Wl,-z,relro,-z,now)

# Hundreds of test programs are linked, each ten times as fast as by GNU's linker.
find_program(MOLD mold)
if(MOLD AND NOT CMAKE_BUILD_TYPE STREQUAL Release)
  add_link_options(-fuse-ld=mold)
endif()

# A sanitizer's own functions are in the program, so a library built with one has open ends.
if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
  set(no_undefined -Wl,--no-undefined)
endif()
