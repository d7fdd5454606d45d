# libsrtp2 as the target srtp2::srtp2.
include("${CMAKE_CURRENT_LIST_DIR}/parley_find_library.cmake")
parley_find_library(srtp2 TARGET srtp2::srtp2 HEADER srtp2/srtp.h LIBRARY srtp2)
