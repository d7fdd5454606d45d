// What most fuzz targets include, read by the compiler once (fuzz/CMakeLists.txt). Targets include what they
// use all the same.
#include <parley/base/result.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
