# What `make install` lays down: library, header, command, manual, licences, and the files by which
# pkg-config, CMake and shells find them. The folders are those that GNUInstallDirs gives for the
# prefix; what leads from one to another is relative, so that the tree can be moved.
include(CMakePackageConfigHelpers)

install(TARGETS libtidegate EXPORT tidegate)
if(TARGET tidegate)
  install(TARGETS tidegate)
endif()
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

# Licences: ours, of what is compiled in, of the engine beside us. What is linked brings its own.
# xxhash's is the first comment of the header that is compiled in.
pkg_get_variable(xxhash_include libxxhash includedir)
file(READ ${xxhash_include}/xxhash.h xxhash_licence LIMIT 8000)
string(FIND "${xxhash_licence}" "*/" xxhash_licence_end)
string(SUBSTRING "${xxhash_licence}" 0 ${xxhash_licence_end} xxhash_licence)
string(REGEX REPLACE "(^|\n)(/| )[*] ?" "\\1" xxhash_licence "${xxhash_licence}")
file(CONFIGURE OUTPUT LICENSE.xxhash CONTENT "${xxhash_licence}" @ONLY)
install(FILES LICENSE docs/third-party.md ${PROJECT_BINARY_DIR}/LICENSE.xxhash
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(EXISTS ${DUCKDB_LIBRARY})
  install(FILES ${DUCKDB_LIBRARY} DESTINATION ${CMAKE_INSTALL_LIBDIR}/tidegate
    PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                WORLD_READ WORLD_EXECUTE)
  install(FILES ${DUCKDB_LIBRARY_DIR}/../LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR}
    RENAME LICENSE.duckdb)
endif()

# What the command says of itself, for man and for the shells. Debian's zsh looks below /usr in
# another folder than other systems'.
if(TARGET tidegate)
  set(zsh_dir site-functions)
  if(CMAKE_INSTALL_PREFIX MATCHES "^/(usr/?)?$" AND EXISTS /etc/debian_version)
    set(zsh_dir vendor-completions)
  endif()
  add_custom_command(OUTPUT tidegate.1 tidegate.bash tidegate.zsh tidegate.fish
    COMMAND tidegate help --man > tidegate.1
    COMMAND tidegate completion bash > tidegate.bash
    COMMAND tidegate completion zsh > tidegate.zsh
    COMMAND tidegate completion fish > tidegate.fish
    DEPENDS tidegate VERBATIM)
  add_custom_target(manual ALL DEPENDS tidegate.1)
  install(FILES ${PROJECT_BINARY_DIR}/tidegate.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${PROJECT_BINARY_DIR}/tidegate.bash
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME tidegate)
  install(FILES ${PROJECT_BINARY_DIR}/tidegate.zsh
    DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/${zsh_dir} RENAME _tidegate)
  install(FILES ${PROJECT_BINARY_DIR}/tidegate.fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tidegate)
configure_package_config_file(cmake/tidegateConfig.cmake.in tidegateConfig.cmake
  INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(tidegateConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT tidegate NAMESPACE tidegate:: FILE tidegateTargets.cmake
  DESTINATION ${config_dir})
install(FILES ${PROJECT_BINARY_DIR}/tidegateConfig.cmake
  ${PROJECT_BINARY_DIR}/tidegateConfigVersion.cmake DESTINATION ${config_dir})

file(RELATIVE_PATH pc_to_include
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(cmake/tidegate.pc.in tidegate.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/tidegate.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# For editors: what a spec may hold.
install(FILES ${PROJECT_SOURCE_DIR}/docs/tidegate.schema.json
  DESTINATION ${CMAKE_INSTALL_DATADIR}/tidegate)
