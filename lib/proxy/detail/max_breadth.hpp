#pragma once

#include <parley/sip/message_view.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace parley::proxy::detail {

/// RFC 5393 5.3.1: over how many branches at once a request may still spread, as its header says.
struct max_breadth {
  static constexpr std::string_view name = "Max-Breadth";

  std::size_t line = sip::message_view::npos;  ///< `npos` where the request has none
  std::uint32_t value = 0;
  bool sound = true;  ///< false where it is no number

  explicit max_breadth(const sip::message_view& request) noexcept : line(request.find(name)) {
    if (line == sip::message_view::npos) return;
    sip::cursor in(request.value(line));
    sound = in.read_number(value);
    in.skip_lws();
    sound = sound && in.at_end();
  }

  bool is_missing() const noexcept { return line == sip::message_view::npos; }
};

}  // namespace parley::proxy::detail
