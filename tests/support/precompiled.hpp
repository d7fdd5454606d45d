// What nearly each test includes, read by the compiler once (tests/CMakeLists.txt). Tests include what they
// use all the same.
#include "catch.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
