#pragma once

#include "value.hpp"

#include <string>
#include <string_view>

namespace relay {

/// Reads one bencoded value, which must be all of `text`. Keys may stand in any order, since the proxies'
/// clients don't sort them. *Errors:* the first rule that is broken and its offset; nothing is kept.
body_result<value> read_bencode(std::string_view text, const body_limits& limits = {});

/// Appends `what` to `out`, its keys in the order in which they stand.
void write_bencode(std::string& out, const value& what);

}  // namespace relay
