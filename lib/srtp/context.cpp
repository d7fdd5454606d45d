#include <parley/srtp/context.hpp>

#include "srtp/detail/engine.hpp"
#include "srtp/detail/key_set.hpp"

#include <utility>

namespace parley::srtp {
context::context(std::unique_ptr<detail::engine> engine) noexcept : engine_(std::move(engine)) {}
context::context(context&&) noexcept = default;
context& context::operator=(context&&) noexcept = default;
context::~context() = default;

base::result<context> context::make(std::span<const master_key> keys, const context_options& options,
                                    bool protects) {
  if (!detail::is_key_set(keys)) return errc::bad_key_set;
  if (options.replay_window < 64 || options.replay_window > 16384) return errc::bad_option;
  if (options.max_sources == 0 || options.max_sources > 65536) return errc::bad_option;
  context_options used = options;
  used.replay_window = (options.replay_window + 63) / 64 * 64;
  auto made = options.engine == engine_choice::libsrtp ? detail::make_libsrtp_engine(keys, used, protects)
                                                       : detail::make_openssl_engine(keys, used, protects);
  if (!made) return made.error();
  return context(*std::move(made));
}

base::result<context> context::protecting(std::span<const master_key> keys, const context_options& options) {
  return make(keys, options, true);
}

base::result<context> context::unprotecting(std::span<const master_key> keys,
                                            const context_options& options) {
  return make(keys, options, false);
}

profile context::profile() const noexcept { return engine_->profile(); }
engine_choice context::engine() const noexcept { return engine_->choice(); }
bool context::protects() const noexcept { return engine_->protects(); }
std::size_t context::rtp_overhead() const noexcept { return engine_->rtp_trailer(); }
std::size_t context::rtcp_overhead() const noexcept { return engine_->rtcp_trailer(); }
std::size_t context::sources() const noexcept { return engine_->sources(); }

std::optional<std::uint32_t> context::roll_over_counter(std::uint32_t ssrc) const noexcept {
  const detail::source* const known = engine_->find(ssrc);
  return known == nullptr ? std::nullopt : known->counter();
}

base::result<void> context::set_roll_over_counter(std::uint32_t ssrc, std::uint32_t counter) {
  if (roll_over_counter(ssrc) == counter) return {};
  return engine_->set_counter(ssrc, counter);
}

void context::forget(std::uint32_t ssrc) noexcept { engine_->forget(ssrc); }

base::result<void> context::select_key(std::span<const std::byte> mki) noexcept {
  if (!engine_->select(mki)) return errc::unknown_mki;
  return {};
}

base::result<void> context::protect_rtp(base::packet_buffer& packet) noexcept {
  return engine_->protect_rtp(packet);
}
base::result<void> context::unprotect_rtp(base::packet_buffer& packet) noexcept {
  return engine_->unprotect_rtp(packet);
}
base::result<void> context::protect_rtcp(base::packet_buffer& packet) noexcept {
  return engine_->protect_rtcp(packet);
}
base::result<void> context::unprotect_rtcp(base::packet_buffer& packet) noexcept {
  return engine_->unprotect_rtcp(packet);
}

}  // namespace parley::srtp
