# The installed package: headers, libraries, one export set a room, a CMake package and a pkg-config file.
include_guard(GLOBAL)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/parley")
get_property(PARLEY_ROOMS GLOBAL PROPERTY parley_rooms)

set(PARLEY_ROOM_TABLE "")
foreach(room IN LISTS PARLEY_ROOMS)
  get_property(depends GLOBAL PROPERTY parley_${room}_depends)
  get_property(packages GLOBAL PROPERTY parley_${room}_packages)
  string(APPEND PARLEY_ROOM_TABLE "set(parley_${room}_depends \"${depends}\")\n")
  string(APPEND PARLEY_ROOM_TABLE "set(parley_${room}_packages \"${packages}\")\n")
  install(EXPORT parley-${room} NAMESPACE parley:: DESTINATION "${package_dir}" FILE parley-${room}-targets.cmake)
endforeach()
get_property(packages GLOBAL PROPERTY parley_shared_packages)
string(APPEND PARLEY_ROOM_TABLE "set(parley_shared_depends \"\")\n")
string(APPEND PARLEY_ROOM_TABLE "set(parley_shared_packages \"${packages}\")\n")

install(TARGETS parley_shared EXPORT parley-shared LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT parley-shared NAMESPACE parley:: DESTINATION "${package_dir}" FILE parley-shared-targets.cmake)
install(FILES "${PROJECT_BINARY_DIR}/include/parley/base/api.hpp"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/parley/base")

file(GLOB find_modules "${PROJECT_SOURCE_DIR}/cmake/Find*.cmake")
list(APPEND find_modules cmake/parley_find_library.cmake)
configure_package_config_file(cmake/parley-config.cmake.in "${PROJECT_BINARY_DIR}/parley-config.cmake"
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/parley-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/parley-config.cmake" "${PROJECT_BINARY_DIR}/parley-config-version.cmake"
  ${find_modules}
  DESTINATION "${package_dir}")

get_property(defines GLOBAL PROPERTY parley_defines)
list(TRANSFORM defines PREPEND "-D")
list(JOIN defines " " PARLEY_PC_DEFINES)
file(RELATIVE_PATH PARLEY_PC_UP "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(cmake/parley.pc.in "${PROJECT_BINARY_DIR}/parley.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/parley.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
