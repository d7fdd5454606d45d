# libopus as the target opus::opus.
include("${CMAKE_CURRENT_LIST_DIR}/parley_find_library.cmake")
parley_find_library(opus TARGET opus::opus HEADER opus/opus.h LIBRARY opus)
