#include "net/detail/binding_keep_alive.hpp"

#include <parley/net/error.hpp>
#include <parley/stun/writer.hpp>

#include "net/detail/keep_alive.hpp"

#include <tuple>

namespace parley::net::detail {

binding_keep_alive::binding_keep_alive(base::time_point now, base::duration interval, base::duration rto,
                                       base::random_source& random) noexcept
    : interval_(interval), rto_(rto) {
  wait(now, random);
}

void binding_keep_alive::wait(base::time_point now, base::random_source& random) noexcept {
  state_ = state::waiting;
  due_ = base::add_saturated(now, draw_interval(interval_, random));
}

binding_keep_alive::action binding_keep_alive::fail(base::error_code why) noexcept {
  state_ = state::failed;
  due_ = base::never;
  error_ = why;
  return action::fail;
}

binding_keep_alive::action binding_keep_alive::handle_timeout(base::time_point now,
                                                              base::random_source& random) noexcept {
  if (now < due_ || state_ == state::failed) return action::none;
  if (state_ == state::waiting) {
    state_ = state::asking;
    sent_ = 0;
    random.fill(transaction_);
    // RFC 5626 8: these requests need no attributes. The header fits.
    std::ignore =
        stun::writer(request_, stun::message_class::request, stun::method::binding, transaction_).finish();
  } else if (sent_ == max_requests) {
    return fail(errc::no_pong);
  }
  const unsigned factor = ++sent_ == max_requests ? last_wait : 1U << (sent_ - 1);
  due_ = base::add_saturated(now, rto_ * static_cast<base::duration::rep>(factor));
  return action::send;
}

binding_keep_alive::action binding_keep_alive::handle_response(base::time_point now,
                                                               const stun::message_view& response,
                                                               base::random_source& random) noexcept {
  if (state_ != state::asking || response.transaction() != transaction_ ||
      response.method() != stun::method::binding) {
    return action::none;
  }
  if (response.find(stun::attribute_type::fingerprint) && !response.check_fingerprint()) return action::none;
  std::array<stun::attribute_type, 1> unknown;
  if (response.unknown({}, unknown) != 0) return action::none;
  if (response.kind() == stun::message_class::error) {
    return response.get<stun::error_code>() ? fail(errc::keep_alive_refused) : action::none;
  }
  const auto mapped = response.get<stun::xor_mapped_address>();
  if (response.kind() != stun::message_class::success || !mapped) return action::none;
  if (mapped_ && *mapped_ != *mapped) return fail(errc::mapping_changed);
  mapped_ = *mapped;
  wait(now, random);
  return action::none;
}

}  // namespace parley::net::detail
