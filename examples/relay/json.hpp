#pragma once

#include "value.hpp"

#include <string>
#include <string_view>

namespace relay {

/// Reads one JSON value, which must be all of `text`. true and false become 1 and 0, null an empty text.
/// *Errors:* the first rule that is broken and its offset; numbers with a fraction are refused, too.
body_result<value> read_json(std::string_view text, const body_limits& limits = {});

/// Appends `what` to `out`. Bytes that are not UTF-8 become U+FFFD.
void write_json(std::string& out, const value& what);

}  // namespace relay
