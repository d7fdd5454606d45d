#pragma once

#include <parley/sip/parse.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace parley::test {

/// The error that `Header` reports for `text`; its code is zero where the text is read.
template <class Header>
sip::parse_error error_of(std::string_view text) {
  const auto read = sip::parse<Header>(text);
  return read ? sip::parse_error{} : read.error();
}

}  // namespace parley::test

template <>
struct Catch::StringMaker<parley::sip::parse_error> {
  static std::string convert(const parley::sip::parse_error& error) {
    if (error.code == parley::sip::errc{}) return "no error";
    return std::string(parley::sip::rule(error.code)) + " at " + std::to_string(error.offset);
  }
};
