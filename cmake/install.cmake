# What `make install` lays down: library, header, command, manual, and the files by which
# pkg-config and CMake find them.
include(CMakePackageConfigHelpers)

install(TARGETS libtidegate EXPORT tidegate)
if(TARGET tidegate)
  install(TARGETS tidegate)
endif()
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(DUCKDB_LIBRARY)
  install(FILES ${DUCKDB_LIBRARY} DESTINATION ${CMAKE_INSTALL_LIBDIR}/tidegate
    PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                WORLD_READ WORLD_EXECUTE)
  install(FILES ${DUCKDB_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME LICENSE.duckdb)
endif()

foreach(section IN ITEMS 1 3 5 7)
  file(GLOB pages CONFIGURE_DEPENDS docs/man/*.${section})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

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
