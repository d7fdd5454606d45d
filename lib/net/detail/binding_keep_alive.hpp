#pragma once

#include <parley/base/address.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/stun/message.hpp>
#include <parley/stun/message_view.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace parley::net::detail {

/// Keeps a UDP pair open with STUN Binding requests, and finds out when it has failed (RFC 5626 4.4.2 and 8,
/// RFC 8489 6.2.1).
///
///  state    input                                     action                       next
///  waiting  the time has come                         draw a transaction, send     asking
///  asking   RTO, twice as long each time              send the same again          asking
///  asking   success with the mapped address of the    draw the next time           waiting
///           first answer, or the first answer
///  asking   success with another mapped address       fail: errc::mapping_changed  failed
///  asking   error response                            fail: errc::keep_alive_refused  failed
///  asking   16 RTO after the 7th request              fail: errc::no_pong          failed
///
/// A response that is not to the request under way, or that is malformed, does nothing.
class binding_keep_alive {
 public:
  enum class action : std::uint8_t { none, send, fail };

  /// Requests of one transaction (Rc), and how many RTO it waits behind the last of them (Rm).
  static constexpr unsigned max_requests = 7;
  static constexpr unsigned last_wait = 16;

  binding_keep_alive(base::time_point now, base::duration interval, base::duration rto,
                     base::random_source& random) noexcept;

  base::time_point poll_timeout() const noexcept { return due_; }
  /// What is to be sent when an action says so.
  std::span<const std::byte> request() const noexcept { return request_; }
  /// Why it failed.
  base::error_code error() const noexcept { return error_; }

  void set_interval(base::duration interval) noexcept { interval_ = interval; }

  action handle_timeout(base::time_point now, base::random_source& random) noexcept;
  action handle_response(base::time_point now, const stun::message_view& response,
                         base::random_source& random) noexcept;

 private:
  enum class state : std::uint8_t { waiting, asking, failed };

  void wait(base::time_point now, base::random_source& random) noexcept;
  action fail(base::error_code why) noexcept;

  state state_ = state::waiting;
  unsigned sent_ = 0;
  base::duration interval_;
  base::duration rto_;
  base::time_point due_ = base::never;
  stun::transaction_id transaction_{};
  std::array<std::byte, stun::header_bytes> request_{};
  std::optional<base::socket_address> mapped_;
  base::error_code error_;
};

}  // namespace parley::net::detail
