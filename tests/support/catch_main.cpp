// Version 2 of Catch2 is only headers and gets its main() here; version 3 brings one in
// Catch2::Catch2WithMain.
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
