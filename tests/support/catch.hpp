#pragma once

// Catch2 version 3 where it is installed, else version 2. Tests keep to what both have: TEST_CASE, SECTION,
// CHECK, REQUIRE, INFO, CAPTURE.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
