# liburing as the target uring::uring.
include("${CMAKE_CURRENT_LIST_DIR}/parley_find_library.cmake")
parley_find_library(uring TARGET uring::uring HEADER liburing.h LIBRARY uring)
