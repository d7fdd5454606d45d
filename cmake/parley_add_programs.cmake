# Programs: unit tests, fuzz targets, benchmarks, examples. Each links rooms by name, as a user would.
include_guard(GLOBAL)

# Of tests, and of programs that leave the work to the library: what they are made of takes compilers longer to optimize than it
# takes to run.
function(parley_compile_fast target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O0>)
endfunction()

# What compilers have made of a header, by its path in the project, with the target `owner` serves others, too.
function(parley_share_header target owner header)
  if(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE "${PROJECT_SOURCE_DIR}/${header}")
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# parley_add_tests(<room> [TOGETHER] x_test.cpp … [LINK parley::net …])
#
# One Catch2 program a room, <room>_test, known to CTest by that name. Tests see tests/ ("support/catch.hpp") and
# lib/ ("sip/detail/x.hpp"). The header that they share is compiled with base_test; tests over sockets, which link
# parley_test_certificates, share a larger one, that of net_test, and are compiled together. So are those that say
# TOGETHER: no two of their files have a name of one scope for two things.
function(parley_add_tests room)
  cmake_parse_arguments(PARSE_ARGV 1 tests "TOGETHER" "" "LINK")
  set(target ${room}_test)
  add_executable(${target} ${tests_UNPARSED_ARGUMENTS})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}/lib")
  target_link_libraries(${target} PRIVATE parley_flags parley_test_support ${tests_LINK})
  parley_compile_fast(${target})
  if("parley_test_certificates" IN_LIST tests_LINK)
    parley_share_header(${target} net_test tests/support/precompiled_network.hpp)
    parley_compile_together(${target})
  else()
    parley_share_header(${target} base_test tests/support/precompiled.hpp)
    if(tests_TOGETHER)
      parley_compile_together(${target})
    endif()
  endif()
  if(TARGET parley::${room})
    target_link_libraries(${target} PRIVATE parley::${room})
  endif()
  add_test(NAME ${target} COMMAND ${target})
  set_tests_properties(${target} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()

# parley_add_fuzz(sip_message LIBS parley::sip)
#
# The target fuzz_sip_message from sip_message.cpp. With libFuzzer (preset fuzz) it looks for new inputs; otherwise
# main.cpp runs it over files, so that it cannot rot. CTest runs it over its committed corpus, corpus/sip_message, in
# both cases.
function(parley_add_fuzz name)
  cmake_parse_arguments(PARSE_ARGV 1 fuzz "" "" "LIBS")
  set(target fuzz_${name})
  set(corpus "${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}")
  add_executable(${target} ${name}.cpp)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}/lib")
  target_link_libraries(${target} PRIVATE parley_flags ${fuzz_LIBS})
  parley_compile_fast(${target})
  parley_compile_for_fuzzing(${target})
  parley_share_header(${target} fuzz_base_address fuzz/precompiled.hpp)
  if(PARLEY_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    add_test(NAME ${target} COMMAND ${target} -runs=0 "${corpus}")
  else()
    target_link_libraries(${target} PRIVATE parley_fuzz_main)
    add_test(NAME ${target} COMMAND ${target} "${corpus}")
  endif()
  set_tests_properties(${target} PROPERTIES LABELS fuzz TIMEOUT 300)
endfunction()

# parley_add_bench(sip_parse LINK parley::sip)
function(parley_add_bench name)
  cmake_parse_arguments(PARSE_ARGV 1 bench "" "" "LINK")
  add_executable(bench_${name} ${name}.cpp)
  set_target_properties(bench_${name} PROPERTIES OUTPUT_NAME ${name})
  target_link_libraries(bench_${name} PRIVATE parley_flags ${bench_LINK})
endfunction()

# parley_add_example(parley-proxy LINK parley::net SOURCES main.cpp …)
function(parley_add_example name)
  cmake_parse_arguments(PARSE_ARGV 1 example "" "" "LINK;SOURCES")
  add_executable(${name} ${example_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE parley_flags ${example_LINK})
  parley_compile_fast(${name})
  parley_compile_together(${name})
  install(TARGETS ${name} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endfunction()
