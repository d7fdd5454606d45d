#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/ua/error.hpp>

#include <cstdint>

namespace parley::ua {

/// The bodies that INFO carries digits in (legacy usage, RFC 6086 2 and 9; no RFC defines them).
enum class dtmf_body : std::uint8_t {
  relay,  ///< application/dtmf-relay: `Signal=5` and `Duration=160`, a line each
  plain,  ///< application/dtmf: `5`
};

/// One key that was pressed.
struct dtmf_key {
  char key = '0';                    ///< 0 to 9, *, #, A to D, and ! for a flash hook
  std::uint16_t milliseconds = 100;  ///< how long: 40 to 6000

  friend bool operator==(const dtmf_key&, const dtmf_key&) = default;
};

/// Reads the key of an INFO with either body. Keys 10 to 16 by their number in RFC 4733 are taken, too, as
/// some phones write them; a missing duration is 100 ms, others are brought within their bounds.
///
/// *Errors:* `bad_message`: answer 415 for another type of body, else 400 (`is_dtmf_info` tells).
PARLEY_API base::result<dtmf_key> read_dtmf_info(const sip::message_view& info) noexcept;

/// True where the body of `info` is of one of those types.
PARLEY_API bool is_dtmf_info(const sip::message_view& info) noexcept;

/// Sets the body of an INFO of the dialog, from `dialog::write_request`. *Errors:* `bad_message` for a key
/// that there is not; `wrong_method` for another request.
PARLEY_API base::result<void> write_dtmf_info(sip::message& info, const dtmf_key& key, dtmf_body body);

}  // namespace parley::ua
