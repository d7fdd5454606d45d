// SRTP on OpenSSL's ciphers (RFC 3711 3.3, RFC 7714): whatever can be refused is refused before anything
// changes, and a packet's authentication comes before all that it could change.
#include "srtp/detail/engine.hpp"
#include "srtp/detail/packet_crypto.hpp"
#include "srtp/detail/packet_layout.hpp"
#include "srtp/detail/session_keys.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace parley::srtp::detail {
namespace {

/// What one master key has been made into.
struct key_pair {
  packet_crypto rtp;
  packet_crypto rtcp;
};

class openssl_engine final : public engine {
 public:
  openssl_engine(std::span<const master_key> keys, const context_options& options, bool protects)
      : engine(keys, options, protects, options.replay_window),
        aead_(is_aead(profile_)),
        keys_(keys.size()) {}

  bool init(std::span<const master_key> keys) noexcept {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      session_keys rtp;
      session_keys rtcp;
      if (!derive(keys[i], rtp_labels, rtp) || !derive(keys[i], rtcp_labels, rtcp)) return false;
      if (!keys_[i].rtp.init(profile_, rtp, protects_)) return false;
      if (!keys_[i].rtcp.init(profile_, rtcp, protects_)) return false;
    }
    return true;
  }

  engine_choice choice() const noexcept override { return engine_choice::openssl; }
  base::result<void> protect_rtp(base::packet_buffer& packet) noexcept override;
  base::result<void> unprotect_rtp(base::packet_buffer& packet) noexcept override;
  base::result<void> protect_rtcp(base::packet_buffer& packet) noexcept override;
  base::result<void> unprotect_rtcp(base::packet_buffer& packet) noexcept override;

  base::result<void> set_counter(std::uint32_t ssrc, std::uint32_t counter) noexcept override {
    source* known = sources_.find(ssrc);
    if (known == nullptr) {
      if (const errc failed = sources_.prepare_add(); failed != errc{}) return failed;
      known = &sources_.add(ssrc);
    }
    known->set_counter = counter;
    return {};
  }
  void forget(std::uint32_t ssrc) noexcept override { sources_.remove(ssrc); }

 private:
  /// The key that the MKI in front of `end` names; the only one where there are none.
  std::optional<std::size_t> key_before(const std::byte* end) const noexcept {
    if (mki_size_ == 0) return 0;
    return key_named({end - mki_size_, mki_size_});
  }
  void write_mki(std::byte* at) const noexcept {
    if (mki_size_ != 0) std::memcpy(at, uses_[selected_].mki_bytes.data(), mki_size_);
  }

  bool aead_;
  std::vector<key_pair> keys_;
};

base::result<void> openssl_engine::protect_rtp(base::packet_buffer& packet) noexcept {
  const auto layout = read_rtp(packet.bytes(), 0);
  if (!layout) return layout.error();
  key_use& use = uses_[selected_];
  if (use.rtp_left == 0) return errc::key_expired;
  source* from = sources_.find(layout->ssrc);
  if (from == nullptr) {
    if (const errc failed = sources_.prepare_add(); failed != errc{}) return failed;
  }
  const std::uint64_t index = from == nullptr ? layout->sequence : from->index_of(layout->sequence);
  if (index >= max_rtp_packets) return errc::key_expired;
  if (from != nullptr) {
    const errc failed = sources_.check_rtp(*from, index);
    if (failed == errc::too_old || (failed == errc::replayed && !options_.allow_repeat_tx)) return failed;
  }
  const std::size_t size = packet.size();
  const std::size_t tag_bytes = sizes(profile_).rtp_tag;
  const auto grown = packet.append(rtp_trailer());
  if (!grown) return grown.error();

  packet_crypto& crypto = keys_[selected_].rtp;
  const std::span<std::byte> all(packet.mutable_data(), size);
  const std::span<std::byte> payload = all.subspan(layout->header_bytes);
  bool done = false;
  if (aead_) {
    // RFC 7714 8.3: the MKI comes behind the tag.
    done = crypto.seal(layout->ssrc, index, {all.first(layout->header_bytes)}, payload, grown->data());
    write_mki(grown->data() + tag_bytes);
  } else {
    done = crypto.apply_counter_mode(layout->ssrc, index, payload);
    write_mki(grown->data());
    const auto code = crypto.code_of(all, static_cast<std::uint32_t>(index >> 16U));
    std::memcpy(grown->data() + mki_size_, code.data(), tag_bytes);
  }
  if (!done) {
    packet.trim_back(rtp_trailer());
    return errc::crypto_failed;
  }
  if (from == nullptr) from = &sources_.add(layout->ssrc);
  sources_.accept_rtp(*from, index);
  --use.rtp_left;
  return {};
}

base::result<void> openssl_engine::unprotect_rtp(base::packet_buffer& packet) noexcept {
  const std::size_t trailer = rtp_trailer();
  const auto layout = read_rtp(packet.bytes(), trailer);
  if (!layout) return layout.error();
  const std::size_t tag_bytes = sizes(profile_).rtp_tag;
  const std::span<std::byte> all(packet.mutable_data(), packet.size() - trailer);
  std::byte* const end = packet.mutable_data() + packet.size();
  const auto named = key_before(aead_ ? end : end - tag_bytes);
  if (!named) return errc::unknown_mki;
  source* from = sources_.find(layout->ssrc);
  if (from == nullptr) {
    if (const errc failed = sources_.prepare_add(); failed != errc{}) return failed;
  }
  const std::uint64_t index = from == nullptr ? layout->sequence : from->index_of(layout->sequence);
  if (from != nullptr) {
    if (const errc failed = sources_.check_rtp(*from, index); failed != errc{}) return failed;
  }

  packet_crypto& crypto = keys_[*named].rtp;
  const std::span<std::byte> payload = all.subspan(layout->header_bytes);
  if (aead_) {
    if (!crypto.open(layout->ssrc, index, {all.first(layout->header_bytes)}, payload,
                     all.data() + all.size())) {
      return errc::authentication_failed;
    }
  } else {
    const auto code = crypto.code_of(all, static_cast<std::uint32_t>(index >> 16U));
    if (CRYPTO_memcmp(code.data(), end - tag_bytes, tag_bytes) != 0) return errc::authentication_failed;
    if (!crypto.apply_counter_mode(layout->ssrc, index, payload)) return errc::crypto_failed;
  }
  if (from == nullptr) from = &sources_.add(layout->ssrc);
  sources_.accept_rtp(*from, index);
  packet.trim_back(trailer);
  return {};
}

base::result<void> openssl_engine::protect_rtcp(base::packet_buffer& packet) noexcept {
  const auto ssrc = read_rtcp(packet.bytes(), 0);
  if (!ssrc) return ssrc.error();
  key_use& use = uses_[selected_];
  if (use.rtcp_left == 0) return errc::key_expired;
  source* from = sources_.find(*ssrc);
  if (from == nullptr) {
    if (const errc failed = sources_.prepare_add(); failed != errc{}) return failed;
  }
  // The first packet has the index 1, as that of libsrtp2 has: RFC 3711 3.2.1 would begin with 0.
  const std::uint64_t index = from == nullptr ? 1 : from->rtcp_highest + 1;
  if (index >= max_rtcp_packets) return errc::key_expired;
  const std::size_t size = packet.size();
  const std::size_t tag_bytes = sizes(profile_).rtcp_tag;
  const auto grown = packet.append(rtcp_trailer());
  if (!grown) return grown.error();

  packet_crypto& crypto = keys_[selected_].rtcp;
  const std::span<std::byte> all(packet.mutable_data(), size);
  const std::span<std::byte> body =
      options_.encrypt_rtcp ? all.subspan(rtcp_header_bytes) : all.subspan(size);
  const std::uint32_t word = static_cast<std::uint32_t>(index) | (options_.encrypt_rtcp ? rtcp_encrypted : 0);
  bool done = true;
  if (aead_) {
    // RFC 7714 9.2 and 9.3: what is not encrypted, and the word of the index, are authenticated as they are.
    std::byte* const index_at = grown->data() + tag_bytes;
    store_u32(index_at, word);
    done = crypto.seal(*ssrc, index, {all.first(size - body.size()), {index_at, rtcp_index_bytes}}, body,
                       grown->data());
    write_mki(index_at + rtcp_index_bytes);
  } else {
    if (!body.empty()) done = crypto.apply_counter_mode(*ssrc, index, body);
    store_u32(grown->data(), word);
    write_mki(grown->data() + rtcp_index_bytes);
    const auto code = crypto.code_of(all, word);
    std::memcpy(grown->data() + rtcp_index_bytes + mki_size_, code.data(), tag_bytes);
  }
  if (!done) {
    packet.trim_back(rtcp_trailer());
    return errc::crypto_failed;
  }
  if (from == nullptr) from = &sources_.add(*ssrc);
  from->rtcp_highest = index;
  --use.rtcp_left;
  return {};
}

base::result<void> openssl_engine::unprotect_rtcp(base::packet_buffer& packet) noexcept {
  const std::size_t trailer = rtcp_trailer();
  const auto ssrc = read_rtcp(packet.bytes(), trailer);
  if (!ssrc) return ssrc.error();
  const std::size_t tag_bytes = sizes(profile_).rtcp_tag;
  const std::span<std::byte> all(packet.mutable_data(), packet.size() - trailer);
  std::byte* const end = packet.mutable_data() + packet.size();
  const auto named = key_before(aead_ ? end : end - tag_bytes);
  if (!named) return errc::unknown_mki;
  const std::byte* const index_at = all.data() + all.size() + (aead_ ? tag_bytes : 0);
  const std::uint32_t word = load_u32(index_at);
  if (((word & rtcp_encrypted) != 0) != options_.encrypt_rtcp) return errc::rtcp_encryption_mismatch;
  source* from = sources_.find(*ssrc);
  if (from == nullptr) {
    if (const errc failed = sources_.prepare_add(); failed != errc{}) return failed;
  }
  const std::uint64_t index = word & ~rtcp_encrypted;
  if (from != nullptr) {
    if (const errc failed = from->rtcp().check(from->rtcp_highest, index); failed != errc{}) return failed;
  }

  packet_crypto& crypto = keys_[*named].rtcp;
  const std::span<std::byte> body =
      options_.encrypt_rtcp ? all.subspan(rtcp_header_bytes) : all.subspan(all.size());
  if (aead_) {
    if (!crypto.open(*ssrc, index, {all.first(all.size() - body.size()), {index_at, rtcp_index_bytes}}, body,
                     all.data() + all.size())) {
      return errc::authentication_failed;
    }
  } else {
    const auto code = crypto.code_of(all, word);
    if (CRYPTO_memcmp(code.data(), end - tag_bytes, tag_bytes) != 0) return errc::authentication_failed;
    if (!body.empty() && !crypto.apply_counter_mode(*ssrc, index, body)) return errc::crypto_failed;
  }
  if (from == nullptr) from = &sources_.add(*ssrc);
  from->rtcp_highest = from->rtcp().accept(from->rtcp_highest, index);
  packet.trim_back(trailer);
  return {};
}

}  // namespace

base::result<std::unique_ptr<engine>> make_openssl_engine(std::span<const master_key> keys,
                                                          const context_options& options, bool protects) {
  auto made = std::make_unique<openssl_engine>(keys, options, protects);
  if (!made->init(keys)) return errc::crypto_failed;
  return std::unique_ptr<engine>(std::move(made));
}

}  // namespace parley::srtp::detail
