# One room: its objects, its static archive libparley-<room>.a, and its part of the one shared library libparley.so.
include_guard(GLOBAL)
include(GenerateExportHeader)

add_library(parley_shared SHARED)
add_library(parley::shared ALIAS parley_shared)
set_target_properties(parley_shared PROPERTIES
  OUTPUT_NAME parley
  EXPORT_NAME shared
  LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION}
  # Before 1.0 each minor version may change the ABI.
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
if(NOT PARLEY_SANITIZE)
  target_link_options(parley_shared PRIVATE LINKER:--no-undefined)
endif()
target_link_libraries(parley_shared PRIVATE $<BUILD_INTERFACE:parley_flags>)

generate_export_header(parley_shared
  BASE_NAME parley
  EXPORT_MACRO_NAME PARLEY_API
  INCLUDE_GUARD_NAME PARLEY_BASE_API_HPP
  EXPORT_FILE_NAME "${PROJECT_BINARY_DIR}/include/parley/base/api.hpp")

# What users of a room, and of the shared library, get.
function(parley_room_interface target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
    "$<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
endfunction()
parley_room_interface(parley_shared)

# parley_add_room(NAME sip DEPENDS base LINK OpenSSL::Crypto PACKAGES OpenSSL SOURCES uri.cpp …)
#
#  DEPENDS      rooms whose headers the public headers of this one include
#  LINK         outside libraries that only the sources use
#  LINK_PUBLIC  outside libraries that the public headers use
#  DEFINES      macros that this room and whoever includes its headers must agree on
#  PACKAGES     for each outside library the arguments of find_package, as in "Boost 1.81"
#
# Targets: parley_sip, known as parley::sip, and parley_sip_objects, which nobody else should name.
function(parley_add_room)
  cmake_parse_arguments(PARSE_ARGV 0 room "" "NAME" "DEPENDS;LINK;LINK_PUBLIC;DEFINES;PACKAGES;SOURCES")
  if(room_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "parley_add_room: unknown arguments ${room_UNPARSED_ARGUMENTS}")
  endif()
  set(target parley_${room_NAME})
  list(TRANSFORM room_DEPENDS PREPEND parley_ OUTPUT_VARIABLE depends)

  add_library(${target}_objects OBJECT ${room_SOURCES})
  parley_room_interface(${target}_objects)
  target_include_directories(${target}_objects PRIVATE "${PROJECT_SOURCE_DIR}/lib")
  target_compile_definitions(${target}_objects PRIVATE ${room_DEFINES})
  target_link_libraries(${target}_objects PRIVATE parley_flags ${depends} ${room_LINK_PUBLIC} ${room_LINK})
  parley_compile_together(${target}_objects)
  parley_compile_for_fuzzing(${target}_objects)

  add_library(${target} STATIC $<TARGET_OBJECTS:${target}_objects>)
  add_library(parley::${room_NAME} ALIAS ${target})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME parley-${room_NAME} EXPORT_NAME ${room_NAME})
  parley_room_interface(${target})
  target_compile_definitions(${target} INTERFACE ${room_DEFINES})
  target_link_libraries(${target} PUBLIC ${depends} ${room_LINK_PUBLIC} PRIVATE ${room_LINK})

  target_sources(parley_shared PRIVATE $<TARGET_OBJECTS:${target}_objects>)
  target_compile_definitions(parley_shared INTERFACE ${room_DEFINES})
  target_link_libraries(parley_shared PUBLIC ${room_LINK_PUBLIC} PRIVATE ${room_LINK})

  install(TARGETS ${target} EXPORT parley-${room_NAME}
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/parley/${room_NAME}"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/parley" FILES_MATCHING PATTERN "*.hpp")

  # For the package configuration: rooms in the order of their floors, and what each needs.
  set_property(GLOBAL APPEND PROPERTY parley_rooms ${room_NAME})
  set_property(GLOBAL PROPERTY parley_${room_NAME}_depends ${room_DEPENDS})
  set_property(GLOBAL PROPERTY parley_${room_NAME}_packages ${room_PACKAGES})
  set_property(GLOBAL APPEND PROPERTY parley_defines ${room_DEFINES})
  if(room_LINK_PUBLIC)
    set_property(GLOBAL APPEND PROPERTY parley_shared_packages ${room_PACKAGES})
  endif()
endfunction()
