# For find modules of C libraries that have no CMake package: the header and the library as an imported target.
#
# parley_find_library(<package> TARGET <target> HEADER <header> LIBRARY <name> [SUFFIXES <folder>…])
macro(parley_find_library package)
  cmake_parse_arguments(find "" "TARGET;HEADER;LIBRARY" "SUFFIXES" ${ARGN})
  if(NOT TARGET ${find_TARGET})
    find_path(${package}_INCLUDE_DIR ${find_HEADER} PATH_SUFFIXES ${find_SUFFIXES})
    find_library(${package}_LIBRARY ${find_LIBRARY})
    mark_as_advanced(${package}_INCLUDE_DIR ${package}_LIBRARY)
    if(${package}_INCLUDE_DIR AND ${package}_LIBRARY)
      add_library(${find_TARGET} UNKNOWN IMPORTED)
      set_target_properties(${find_TARGET} PROPERTIES
        IMPORTED_LOCATION "${${package}_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${${package}_INCLUDE_DIR}")
    endif()
  endif()
  if(TARGET ${find_TARGET})
    set(${package}_target ${find_TARGET})
  endif()
  include(FindPackageHandleStandardArgs)
  find_package_handle_standard_args(${package} REQUIRED_VARS ${package}_target)
endmacro()
