# What `make install` lays down: library, header, command, manual, and the files by which
# pkg-config and CMake find them.
include(CMakePackageConfigHelpers)

install(TARGETS libtidegate EXPORT tidegate)
if(TARGET tidegate)
  install(TARGETS tidegate)
endif()
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(EXISTS ${DUCKDB_LIBRARY})
  install(FILES ${DUCKDB_LIBRARY} DESTINATION ${CMAKE_INSTALL_LIBDIR}/tidegate
    PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                WORLD_READ WORLD_EXECUTE)
  install(FILES ${DUCKDB_LIBRARY_DIR}/../LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR}
    RENAME LICENSE.duckdb)
endif()

# What the command says of itself, for man and for the shell.
if(TARGET tidegate)
  add_custom_command(OUTPUT tidegate.1 tidegate.bash
    COMMAND tidegate help --man > tidegate.1
    COMMAND tidegate completion > tidegate.bash
    DEPENDS tidegate VERBATIM)
  add_custom_target(manual ALL DEPENDS tidegate.1 tidegate.bash)
  install(FILES ${PROJECT_BINARY_DIR}/tidegate.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${PROJECT_BINARY_DIR}/tidegate.bash
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME tidegate)
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
  /${CMAKE_INSTALL_LIBDIR}/pkgconfig /${CMAKE_INSTALL_INCLUDEDIR})
configure_file(cmake/tidegate.pc.in tidegate.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/tidegate.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# For editors: what a spec may hold.
install(FILES ${PROJECT_SOURCE_DIR}/docs/tidegate.schema.json
  DESTINATION ${CMAKE_INSTALL_DATADIR}/tidegate)
