# libgsm as the target gsm::gsm.
include("${CMAKE_CURRENT_LIST_DIR}/parley_find_library.cmake")
parley_find_library(gsm TARGET gsm::gsm HEADER gsm.h LIBRARY gsm SUFFIXES gsm)
