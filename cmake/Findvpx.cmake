# libvpx as the target vpx::vpx.
include("${CMAKE_CURRENT_LIST_DIR}/parley_find_library.cmake")
parley_find_library(vpx TARGET vpx::vpx HEADER vpx/vpx_encoder.h LIBRARY vpx)
