# The resampler of Speex as the target speexdsp::speexdsp.
include("${CMAKE_CURRENT_LIST_DIR}/parley_find_library.cmake")
parley_find_library(speexdsp TARGET speexdsp::speexdsp HEADER speex/speex_resampler.h LIBRARY speexdsp)
