# Outside libraries. Each belongs to one room (or program) and has one option PARLEY_WITH_<LIBRARY>, which is on where
# the library is found. Switching an option off leaves out what needs the library.
include_guard(GLOBAL)

find_package(Boost 1.81 REQUIRED)
set(parley_summary "  room base       Boost ${Boost_VERSION_STRING} (headers)")

# parley_outside_library(<LIBRARY> FOR <who> FOUND <condition variable>)
macro(parley_outside_library name)
  cmake_parse_arguments(outside "" "FOR;FOUND" "" ${ARGN})
  if(${outside_FOUND})
    set(outside_default ON)
  else()
    set(outside_default OFF)
  endif()
  option(PARLEY_WITH_${name} "Use ${name} (${outside_FOR})" ${outside_default})
  if(PARLEY_WITH_${name} AND NOT ${outside_FOUND})
    message(FATAL_ERROR "PARLEY_WITH_${name} is on, but the library was not found; ${outside_FOR} needs it.")
  endif()
  string(APPEND parley_summary "\n  ${outside_FOR} PARLEY_WITH_${name}=${PARLEY_WITH_${name}}")
endmacro()

find_package(OpenSSL 3.0 QUIET)
parley_outside_library(OPENSSL FOR "rooms sip, stun" FOUND OPENSSL_FOUND)

find_package(pugixml 1.13 QUIET)
parley_outside_library(PUGIXML FOR "room ua (XML)  " FOUND pugixml_FOUND)

find_package(Threads QUIET)
find_path(PARLEY_ASIO_INCLUDE_DIR boost/asio.hpp HINTS ${Boost_INCLUDE_DIRS})
mark_as_advanced(PARLEY_ASIO_INCLUDE_DIR)
parley_outside_library(ASIO FOR "room net       " FOUND PARLEY_ASIO_INCLUDE_DIR)

find_package(c-ares 1.18 QUIET)
parley_outside_library(CARES FOR "room net       " FOUND c-ares_FOUND)

find_package(uring QUIET)
parley_outside_library(URING FOR "room net (RTP) " FOUND uring_FOUND)

find_package(srtp2 QUIET)
parley_outside_library(SRTP2 FOR "room srtp      " FOUND srtp2_FOUND)

find_package(opus QUIET)
parley_outside_library(OPUS FOR "room media     " FOUND opus_FOUND)

find_package(spandsp QUIET)
parley_outside_library(SPANDSP FOR "room media     " FOUND spandsp_FOUND)

find_package(speexdsp QUIET)
parley_outside_library(SPEEXDSP FOR "room media     " FOUND speexdsp_FOUND)

find_package(gsm QUIET)
parley_outside_library(GSM FOR "room media     " FOUND gsm_FOUND)

find_package(SndFile QUIET)
parley_outside_library(SNDFILE FOR "room media     " FOUND SndFile_FOUND)

find_package(vpx QUIET)
parley_outside_library(VPX FOR "room media     " FOUND vpx_FOUND)

find_package(tomlplusplus QUIET)
parley_outside_library(TOMLPLUSPLUS FOR "parley-proxy   " FOUND tomlplusplus_FOUND)

find_package(CLI11 QUIET)
parley_outside_library(CLI11 FOR "examples       " FOUND CLI11_FOUND)

find_package(nlohmann_json QUIET)
parley_outside_library(NLOHMANN_JSON FOR "parley-inspect " FOUND nlohmann_json_FOUND)

function(parley_print_summary)
  get_property(rooms GLOBAL PROPERTY parley_rooms)
  list(JOIN rooms " " rooms)
  message(STATUS "parley ${PROJECT_VERSION}: rooms ${rooms}\n${parley_summary}\n"
    "  tests ${PARLEY_BUILD_TESTS}, examples ${PARLEY_BUILD_EXAMPLES}, fuzz ${PARLEY_BUILD_FUZZ} "
    "(libFuzzer ${PARLEY_FUZZ}), bench ${PARLEY_BUILD_BENCH}, sanitizers \"${PARLEY_SANITIZE}\"")
endfunction()
