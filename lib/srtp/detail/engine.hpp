#pragma once

#include <parley/srtp/context.hpp>

#include "srtp/detail/source_table.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace parley::srtp::detail {

/// What a master key may still do, and how packets name it.
struct key_use {
  std::span<const std::byte> mki() const noexcept { return std::span(mki_bytes).first(mki_size); }

  std::uint64_t rtp_left;
  std::uint64_t rtcp_left;
  std::size_t mki_size;
  std::array<std::byte, max_mki_bytes> mki_bytes;
};

/// What both engines have in common: a context without its arithmetic. The keys and options have been
/// checked.
class engine {
 public:
  engine(std::span<const master_key> keys, const context_options& options, bool protects,
         std::size_t rtp_window)
      : options_(options),
        profile_(keys.front().profile()),
        protects_(protects),
        mki_size_(keys.front().mki().size()),
        sources_(options.max_sources, rtp_window) {
    uses_.reserve(keys.size());
    for (const master_key& one : keys) {
      key_use& use = uses_.emplace_back();
      use.rtp_left = one.lifetime();
      use.rtcp_left = std::min(one.lifetime(), max_rtcp_packets);
      use.mki_size = one.mki().size();
      std::copy(one.mki().begin(), one.mki().end(), use.mki_bytes.begin());
    }
  }
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;
  virtual ~engine() = default;

  virtual engine_choice choice() const noexcept = 0;
  virtual base::result<void> protect_rtp(base::packet_buffer& packet) noexcept = 0;
  virtual base::result<void> unprotect_rtp(base::packet_buffer& packet) noexcept = 0;
  virtual base::result<void> protect_rtcp(base::packet_buffer& packet) noexcept = 0;
  virtual base::result<void> unprotect_rtcp(base::packet_buffer& packet) noexcept = 0;

  /// The counter differs from that which the source has.
  virtual base::result<void> set_counter(std::uint32_t ssrc, std::uint32_t counter) noexcept = 0;
  virtual void forget(std::uint32_t ssrc) noexcept = 0;

  srtp::profile profile() const noexcept { return profile_; }
  bool protects() const noexcept { return protects_; }
  std::size_t rtp_trailer() const noexcept { return mki_size_ + sizes(profile_).rtp_tag; }
  std::size_t rtcp_trailer() const noexcept {
    return mki_size_ + rtcp_index_bytes + sizes(profile_).rtcp_tag;
  }
  std::size_t sources() const noexcept { return sources_.size(); }
  source* find(std::uint32_t ssrc) noexcept { return sources_.find(ssrc); }

  bool select(std::span<const std::byte> mki) noexcept {
    const auto found = key_named(mki);
    if (found) selected_ = *found;
    return found.has_value();
  }

 protected:
  /// Which of the keys has this MKI, of the length that all have.
  std::optional<std::size_t> key_named(std::span<const std::byte> mki) const noexcept {
    for (std::size_t i = 0; i < uses_.size(); ++i) {
      if (std::ranges::equal(uses_[i].mki(), mki)) return i;
    }
    return std::nullopt;
  }

  context_options options_;
  srtp::profile profile_;
  bool protects_;
  std::size_t mki_size_;
  std::size_t selected_ = 0;
  std::vector<key_use> uses_;
  source_table sources_;
};

/// *Errors:* `crypto_failed`.
base::result<std::unique_ptr<engine>> make_openssl_engine(std::span<const master_key> keys,
                                                          const context_options& options, bool protects);

/// *Errors:* `engine_missing`, `crypto_failed`.
base::result<std::unique_ptr<engine>> make_libsrtp_engine(std::span<const master_key> keys,
                                                          const context_options& options, bool protects);

}  // namespace parley::srtp::detail
