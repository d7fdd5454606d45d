#pragma once

#include <parley/base/address.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/hop.hpp>
#include <parley/stun/message_view.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

namespace parley::net::detail {

class transport_core;

/// The UDP pairs of one shard that are kept alive by STUN, each by a `binding_keep_alive` with a timer.
class kept_pairs {
 public:
  explicit kept_pairs(transport_core& core) noexcept;
  ~kept_pairs();
  kept_pairs(const kept_pairs&) = delete;
  kept_pairs& operator=(const kept_pairs&) = delete;

  /// *Errors:* `errc::limit_reached`. One that is kept already gets another interval, from its next
  /// keep-alive on.
  base::result<void> add(const sip::hop& flow, base::duration interval);
  void remove(const sip::hop& flow);
  void clear() noexcept;

  /// False where no such pair is kept.
  bool handle_response(base::time_point now, const sip::hop& from, const stun::message_view& response);

 private:
  class pair;
  struct key {
    base::socket_address remote;
    std::uint16_t listener;
    friend auto operator<=>(const key&, const key&) = default;
  };
  static key key_of(const sip::hop& flow) noexcept { return {flow.remote, flow.listener}; }
  void fail(const sip::hop& flow, base::error_code why);

  transport_core& core_;
  // Ordered, so that no choice of addresses makes it slow.
  std::map<key, std::unique_ptr<pair>> pairs_;
};

}  // namespace parley::net::detail
