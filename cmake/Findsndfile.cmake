# libsndfile as the target sndfile::sndfile.
include("${CMAKE_CURRENT_LIST_DIR}/parley_find_library.cmake")
parley_find_library(sndfile TARGET sndfile::sndfile HEADER sndfile.h LIBRARY sndfile)
