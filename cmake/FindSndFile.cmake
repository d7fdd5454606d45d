# libsndfile as the target SndFile::sndfile.
include("${CMAKE_CURRENT_LIST_DIR}/parley_find_library.cmake")
parley_find_library(SndFile TARGET SndFile::sndfile HEADER sndfile.h LIBRARY sndfile)
