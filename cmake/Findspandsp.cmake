# spandsp as the target spandsp::spandsp.
include("${CMAKE_CURRENT_LIST_DIR}/parley_find_library.cmake")
parley_find_library(spandsp TARGET spandsp::spandsp HEADER spandsp.h LIBRARY spandsp)
