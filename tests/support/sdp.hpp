#pragma once

#include <parley/sdp/error.hpp>
#include <parley/sdp/typed_line.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>

namespace parley::test {

/// The value that `text` stands for, which is written as `canonical` and read again as the same.
template <class T>
T read_as(std::string_view text, std::string_view canonical) {
  INFO(text);
  const auto value = T::read(text);
  REQUIRE(value.has_value());
  std::string out;
  value->write(out);
  CHECK(out == canonical);
  const auto again = T::read(out);
  REQUIRE(again.has_value());
  CHECK((*again == *value));
  return *value;
}

/// The same for a text that is written as it was read.
template <class T>
T read_as(std::string_view text) {
  return read_as<T>(text, text);
}

/// The error that `T` reports for `text`; its code is zero where the text is read.
template <class T>
sdp::parse_error sdp_error(std::string_view text) {
  const auto value = T::read(text);
  return value ? sdp::parse_error{} : value.error();
}

}  // namespace parley::test

template <>
struct Catch::StringMaker<parley::sdp::parse_error> {
  static std::string convert(const parley::sdp::parse_error& error) {
    if (error.code == parley::sdp::errc{}) return "no error";
    return std::string(parley::sdp::rule(error.code)) + " at " + std::to_string(error.offset);
  }
};
