#pragma once

#include <parley/sip/uri.hpp>

namespace parley::sip::detail {

/// Reads what nearly all SIP URIs are, in one pass: `sip:`, perhaps a user part of letters, digits, dots and hyphens with a plus
/// before it, a name or an IPv4 address, a port, and parameters without escapes, ended as `place` has it.
///
/// Returns the place behind it, or null for anything else, right or wrong: `uri_view::read` then reads it by the whole grammar.
const char* read_plain_uri(const char* start, const char* end, uri_view& out, uri_place place) noexcept;

}  // namespace parley::sip::detail
