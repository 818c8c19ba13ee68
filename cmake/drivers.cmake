# Drivers register themselves by where they lie: each folder below becomes one list, a line
# NAME(file) per file (a command's without its cmd_), which the code includes with NAME defined
# as it needs it.
set(drivers_dir ${PROJECT_BINARY_DIR}/drivers)

function(list_drivers list macro pattern)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${pattern})
  set(lines)
  foreach(file IN LISTS files)
    cmake_path(GET file STEM name)
    string(REGEX REPLACE "^cmd_" "" name ${name})
    string(APPEND lines "${macro}(${name})\n")
  endforeach()
  file(CONFIGURE OUTPUT ${drivers_dir}/${list}.def CONTENT "${lines}" @ONLY)
endfunction()

list_drivers(sources SOURCE "src/extract/sources/*.c")
list_drivers(drivers DRIVER "src/database/drivers/*.c")
list_drivers(dialects DIALECT "src/database/dialects/*.c")
list_drivers(dispositions DISPOSITION "src/write/dispositions/*.c")
list_drivers(commands COMMAND "cli/cmd_*.c")
