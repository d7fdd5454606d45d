#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/error.hpp>
#include <parley/sip/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace parley::sip {

/// Cuts a byte stream into SIP messages by Content-Length (RFC 3261 18.3), and finds the keep-alives of
/// RFC 5626 4.4.1 between them.
///
///  state       input                       action           next
///  between     CRLF CRLF                   keep_alive_ping  between
///  between     CRLF                        keep_alive_pong  between
///  between     other                       -                in headers
///  in headers  empty line                  find the length  in body, or between where it is 0
///  in headers  more than `header_bytes`    error            broken
///  in headers  Content-Length bad, absent  error            broken
///  in body     Content-Length bytes        message          between
///  broken      anything                    error            broken
///
/// The first half of a ping can't be told from a pong. Of CRLFs that arrive one by one with nothing between
/// them, the first is reported as a pong, the next as a ping, and so on: a side that answers pings misses
/// none, and a side that waits for a pong takes either for it.
///
/// Content-Length given twice with the same value frames the message; `message_view::parse` refuses it then.
class stream_framer {
 public:
  enum class status : std::uint8_t { need_more, message, keep_alive_ping, keep_alive_pong, error };

  /// What stands at the front of the stream.
  struct step {
    status what = status::need_more;
    /// Bytes at the front of what was given that are done with: the message or the keep-alive. 0 for the
    /// others.
    std::size_t consumed = 0;
    /// For `need_more`, once the headers are complete: the size that the whole message will have, so that a
    /// buffer of that size can be had at once; 0 before.
    std::size_t expected = 0;
    /// For `error`: the rule, and its offset in what was given.
    parse_error error;
  };

  explicit stream_framer(const limits& limits = {}) noexcept : limits_(limits) {}

  /// Looks at `buffered`, all bytes since the last one consumed, and says what stands at its front. It
  /// remembers how far it has looked, so bytes that come one by one cost no more than bytes that come at
  /// once. After a step that consumed something, call it again with the rest.
  ///
  /// *Errors:* a stream that can't be framed has lost its way for good: answer what can be answered and close
  /// it.
  PARLEY_API step next(std::string_view buffered) noexcept;

  /// True while no part of a message has arrived: an idle connection may be closed now without cutting one
  /// off.
  bool between_messages() const noexcept { return scanned_ == 0 && expected_ == 0; }

 private:
  step fail(errc code, std::size_t offset) noexcept;
  step find_length(std::string_view headers) noexcept;

  limits limits_;
  std::size_t scanned_ = 0;
  std::size_t expected_ = 0;
  bool half_ping_ = false;
  parse_error broken_;
};

}  // namespace parley::sip
