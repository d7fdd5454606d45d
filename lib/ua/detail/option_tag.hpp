#pragma once

#include <parley/sip/chars.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/simple.hpp>

#include <string_view>
#include <tuple>

namespace parley::ua::detail {

/// True where `Header`, a list of option tags, names `option`. What can't be read names nothing.
template <class Header>
bool names_option(const sip::message_view& message, std::string_view option) {
  bool found = false;
  std::ignore = message.for_each<Header>([&](const Header& tag) {
    found = sip::iequals(tag.value, option);
    return !found;
  });
  return found;
}

/// True where the sender of `message` understands `option`: it supports or requires it.
inline bool has_option(const sip::message_view& message, std::string_view option) {
  return names_option<sip::supported_header>(message, option) ||
         names_option<sip::require_header>(message, option);
}

}  // namespace parley::ua::detail
