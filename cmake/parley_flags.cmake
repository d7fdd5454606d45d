# Compiler flags. `parley_flags` is linked privately by every target built here and is never installed.
include_guard(GLOBAL)

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

add_library(parley_flags INTERFACE)
target_compile_features(parley_flags INTERFACE cxx_std_20)
target_compile_options(parley_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps in std::string's operator+ that are not there (GCC bug 105329), and takes the frames of Asio's coroutines
  # for allocated otherwise than they are where only one of their operators is inlined (GCC bug 103993).
  target_compile_options(parley_flags INTERFACE -Wno-restrict -Wno-mismatched-new-delete)
endif()
if(PARLEY_WARNINGS_AS_ERRORS)
  target_compile_options(parley_flags INTERFACE -Werror)
endif()

# The archives hold position-independent code; without this flag the compiler could not inline an exported function
# into its own source file, because another library might replace it at run time. Nobody may replace parley's.
target_compile_options(parley_flags INTERFACE -fno-semantic-interposition)

if(PARLEY_SANITIZE)
  set(sanitizer_flags -fsanitize=${PARLEY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    # Clang's check of vtable pointers opens a pipe to see whether memory can be read. Where a test exhausts the
    # descriptors, it fails, and the check takes a living object for a dead one.
    list(APPEND sanitizer_flags -fno-sanitize=vptr)
  endif()
  target_compile_options(parley_flags INTERFACE ${sanitizer_flags})
  target_link_options(parley_flags INTERFACE ${sanitizer_flags})
endif()
if(PARLEY_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "PARLEY_FUZZ needs clang; without it the fuzz targets run over their corpora.")
  endif()
endif()
# What fuzz targets look into tells them which branches it takes; tests would pay for that, and not use it.
function(parley_compile_for_fuzzing target)
  if(PARLEY_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# Most of what compilers do is reading the headers that all sources of a room include. OFF is for those who change one source over
# and over; the presets tsan and coverage take each source by itself.
option(PARLEY_UNITY "Compile the sources of a room, an example and the tests over sockets eight at a time" ON)
function(parley_compile_together target)
  set_target_properties(${target} PROPERTIES
    UNITY_BUILD ${PARLEY_UNITY}
    UNITY_BUILD_BATCH_SIZE 8
    UNITY_BUILD_CODE_BEFORE_INCLUDE "// NOLINTNEXTLINE(bugprone-suspicious-include)")
endfunction()

# The fast paths of net each have a portable twin, which scripts/test builds and tests too.
option(PARLEY_PORTABLE_DATAGRAMS "Use the portable twin of the batched datagram calls of Linux" OFF)
mark_as_advanced(PARLEY_PORTABLE_DATAGRAMS)
if(PARLEY_PORTABLE_DATAGRAMS)
  target_compile_definitions(parley_flags INTERFACE PARLEY_PORTABLE_DATAGRAMS)
endif()
