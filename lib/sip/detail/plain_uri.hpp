#pragma once

#include <parley/sip/uri.hpp>

namespace parley::sip {

/// The short way to what nearly all SIP URIs are: `sip:`, perhaps a user part of letters, digits, dots and
/// hyphens with a plus before it, a name or an IPv4 address, a port, and parameters without escapes, ended as
/// its place has it.
struct plain_uri {
  /// Returns the place behind it, or null for anything else, right or wrong: `uri_view::read` then reads it
  /// by the whole grammar, and says what is wrong with it.
  static const char* read(const char* start, cursor& in, uri_view& out, uri_place place) noexcept;
};

}  // namespace parley::sip
