// SRTP by libsrtp2. What the contract asks for and libsrtp2 does not do is done here: a bound on SSRCs,
// lifetimes, a counter that can be set for an SSRC that is not there, and packets that are unchanged when
// they are refused.
#include "srtp/detail/engine.hpp"
#include "srtp/detail/packet_layout.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <srtp2/srtp.h>
#include <utility>

namespace parley::srtp::detail {
namespace {

/// libsrtp2 sets itself up once a process, with tests of its ciphers. It is never shut down. A second time,
/// where the application uses it too, it refuses; without having been set up it makes no session, which
/// `init` sees.
void set_up_library() noexcept {
  static const srtp_err_status_t status = srtp_init();
  static_cast<void>(status);
}

errc reason(srtp_err_status_t status) noexcept {
  switch (status) {
    case srtp_err_status_auth_fail: return errc::authentication_failed;
    case srtp_err_status_replay_fail: return errc::replayed;
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old: return errc::too_old;
    case srtp_err_status_bad_mki: return errc::unknown_mki;
    case srtp_err_status_key_expired: return errc::key_expired;
    case srtp_err_status_bad_param:
    case srtp_err_status_parse_err: return errc::too_short;
    default: return errc::crypto_failed;
  }
}

void set_policy(profile which, srtp_crypto_policy_t& rtp, srtp_crypto_policy_t& rtcp) noexcept {
  switch (which) {
    case profile::aes_cm_128_hmac_sha1_80:
      srtp_crypto_policy_set_rtp_default(&rtp);
      srtp_crypto_policy_set_rtcp_default(&rtcp);
      break;
    case profile::aes_cm_128_hmac_sha1_32:
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&rtp);
      srtp_crypto_policy_set_rtcp_default(&rtcp);
      break;
    case profile::aes_256_cm_hmac_sha1_80:
      srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&rtp);
      srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&rtcp);
      break;
    case profile::aes_256_cm_hmac_sha1_32:
      srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(&rtp);
      srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&rtcp);
      break;
    case profile::aead_aes_128_gcm:
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&rtp);
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&rtcp);
      break;
    case profile::aead_aes_256_gcm:
      srtp_crypto_policy_set_aes_gcm_256_16_auth(&rtp);
      srtp_crypto_policy_set_aes_gcm_256_16_auth(&rtcp);
      break;
  }
}

/// The master keys as libsrtp2 wants to have them. Wiped when destroyed.
struct policy_keys {
  explicit policy_keys(std::span<const master_key> from) : stored(from.size()) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      one& each = stored[i];
      const auto salt_at = std::ranges::copy(from[i].key(), each.bytes.begin()).out;
      std::ranges::copy(from[i].salt(), salt_at);
      std::ranges::copy(from[i].mki(), each.mki.begin());
      each.named = {reinterpret_cast<unsigned char*>(each.bytes.data()),
                    reinterpret_cast<unsigned char*>(each.mki.data()),
                    static_cast<unsigned>(from[i].mki().size())};
      list.push_back(&each.named);
    }
  }
  policy_keys(const policy_keys&) = delete;
  policy_keys& operator=(const policy_keys&) = delete;
  ~policy_keys() {
    for (one& each : stored) OPENSSL_cleanse(each.bytes.data(), each.bytes.size());
  }

  struct one {
    std::array<std::byte, 46> bytes{};
    std::array<std::byte, max_mki_bytes> mki{};
    srtp_master_key_t named{};
  };
  std::vector<one> stored;
  std::vector<srtp_master_key_t*> list;
};

struct free_session {
  void operator()(srtp_t session) const noexcept { srtp_dealloc(session); }
};

class libsrtp_engine final : public engine {
 public:
  libsrtp_engine(std::span<const master_key> keys, const context_options& options, bool protects)
      : engine(keys, options, protects, 0), keys_(keys) {
    set_policy(profile_, policy_.rtp, policy_.rtcp);
    if (!options.encrypt_rtcp) policy_.rtcp.sec_serv = sec_serv_auth;
    policy_.window_size = static_cast<unsigned long>(options.replay_window);
    policy_.allow_repeat_tx = options.allow_repeat_tx ? 1 : 0;
    if (mki_size_ == 0) {
      policy_.key = keys_.list.front()->key;
    } else {
      policy_.keys = keys_.list.data();
      policy_.num_master_keys = keys_.list.size();
    }
  }

  bool init() noexcept {
    srtp_policy_t whole = policy_;
    whole.ssrc.type = protects_ ? ssrc_any_outbound : ssrc_any_inbound;
    srtp_t made = nullptr;
    if (srtp_create(&made, &whole) != srtp_err_status_ok) return false;
    session_.reset(made);
    return true;
  }

  engine_choice choice() const noexcept override { return engine_choice::libsrtp; }
  base::result<void> protect_rtp(base::packet_buffer& packet) noexcept override;
  base::result<void> unprotect_rtp(base::packet_buffer& packet) noexcept override;
  base::result<void> protect_rtcp(base::packet_buffer& packet) noexcept override;
  base::result<void> unprotect_rtcp(base::packet_buffer& packet) noexcept override;
  base::result<void> set_counter(std::uint32_t ssrc, std::uint32_t counter) noexcept override;
  void forget(std::uint32_t ssrc) noexcept override {
    if (sources_.find(ssrc) == nullptr) return;
    srtp_remove_stream(session_.get(), ssrc);
    sources_.remove(ssrc);
  }

 private:
  unsigned use_mki() const noexcept { return mki_size_ == 0 ? 0 : 1; }
  errc make_room(std::uint32_t ssrc) noexcept {
    return sources_.find(ssrc) != nullptr ? errc{} : sources_.prepare_add();
  }
  source& known(std::uint32_t ssrc) noexcept {
    source* const found = sources_.find(ssrc);
    return found != nullptr ? *found : sources_.add(ssrc);
  }
  void note_rtp(std::uint32_t ssrc) noexcept;
  template <class Protect>
  base::result<void> protect(base::packet_buffer& packet, std::size_t trailer, Protect protect) noexcept;
  template <class Unprotect>
  base::result<void> unprotect(base::packet_buffer& packet, Unprotect unprotect) noexcept;

  policy_keys keys_;
  srtp_policy_t policy_{};
  std::unique_ptr<srtp_ctx_t_, free_session> session_;
  std::vector<std::byte> kept_;  // a packet as it was
};

/// Follows the counter that libsrtp2 has come to.
void libsrtp_engine::note_rtp(std::uint32_t ssrc) noexcept {
  source& from = known(ssrc);
  std::uint32_t counter = 0;
  if (srtp_get_stream_roc(session_.get(), ssrc, &counter) != srtp_err_status_ok) return;
  from.rtp_seen = true;
  from.set_counter.reset();
  from.highest = std::uint64_t{counter} << 16U;
}

base::result<void> libsrtp_engine::set_counter(std::uint32_t ssrc, std::uint32_t counter) noexcept {
  source* const from = sources_.find(ssrc);
  if (from == nullptr) {
    if (const errc failed = sources_.prepare_add(); failed != errc{}) return failed;
  }
  // libsrtp2 takes a counter of 0 for none, and a stream made anew would use RTCP's indices twice.
  if (counter == 0 && from != nullptr && from->highest != 0) return errc::crypto_failed;
  if (from == nullptr) {
    srtp_policy_t one = policy_;
    one.ssrc = {ssrc_specific, ssrc};
    if (srtp_add_stream(session_.get(), &one) != srtp_err_status_ok) return errc::crypto_failed;
  }
  if (srtp_set_stream_roc(session_.get(), ssrc, counter) != srtp_err_status_ok) {
    if (from == nullptr) srtp_remove_stream(session_.get(), ssrc);
    return errc::crypto_failed;
  }
  known(ssrc).set_counter = counter;
  return {};
}

template <class Protect>
base::result<void> libsrtp_engine::protect(base::packet_buffer& packet, std::size_t trailer,
                                           Protect protect) noexcept {
  const std::size_t size = packet.size();
  if (const auto grown = packet.append(trailer); !grown) return grown.error();
  int length = static_cast<int>(size);
  const srtp_err_status_t status = protect(packet.mutable_data(), &length);
  packet.trim_back(packet.size() - (status == srtp_err_status_ok ? static_cast<std::size_t>(length) : size));
  if (status != srtp_err_status_ok) return reason(status);
  return {};
}

template <class Unprotect>
base::result<void> libsrtp_engine::unprotect(base::packet_buffer& packet, Unprotect unprotect) noexcept {
  // libsrtp2 decrypts by GCM before it knows whether the tag fits.
  if (is_aead(profile_)) {
    try {
      kept_.assign(packet.bytes().begin(), packet.bytes().end());
    } catch (...) {
      return errc::crypto_failed;
    }
  }
  int length = static_cast<int>(packet.size());
  const srtp_err_status_t status = unprotect(packet.mutable_data(), &length);
  if (status == srtp_err_status_ok) {
    packet.trim_back(packet.size() - static_cast<std::size_t>(length));
    return {};
  }
  if (is_aead(profile_)) std::ranges::copy(kept_, packet.mutable_data());
  return reason(status);
}

base::result<void> libsrtp_engine::protect_rtp(base::packet_buffer& packet) noexcept {
  const auto layout = read_rtp(packet.bytes(), 0);
  if (!layout) return layout.error();
  key_use& use = uses_[selected_];
  if (use.rtp_left == 0) return errc::key_expired;
  if (const errc failed = make_room(layout->ssrc); failed != errc{}) return failed;
  const auto done = protect(packet, rtp_trailer(), [&](std::byte* bytes, int* length) {
    return srtp_protect_mki(session_.get(), bytes, length, use_mki(), static_cast<unsigned>(selected_));
  });
  if (!done) return done.error();
  note_rtp(layout->ssrc);
  --use.rtp_left;
  return {};
}

base::result<void> libsrtp_engine::unprotect_rtp(base::packet_buffer& packet) noexcept {
  const auto layout = read_rtp(packet.bytes(), rtp_trailer());
  if (!layout) return layout.error();
  if (const errc failed = make_room(layout->ssrc); failed != errc{}) return failed;
  const auto done = unprotect(packet, [&](std::byte* bytes, int* length) {
    return srtp_unprotect_mki(session_.get(), bytes, length, use_mki());
  });
  if (!done) return done.error();
  note_rtp(layout->ssrc);
  return {};
}

base::result<void> libsrtp_engine::protect_rtcp(base::packet_buffer& packet) noexcept {
  const auto ssrc = read_rtcp(packet.bytes(), 0);
  if (!ssrc) return ssrc.error();
  key_use& use = uses_[selected_];
  if (use.rtcp_left == 0) return errc::key_expired;
  if (const errc failed = make_room(*ssrc); failed != errc{}) return failed;
  const auto done = protect(packet, rtcp_trailer(), [&](std::byte* bytes, int* length) {
    return srtp_protect_rtcp_mki(session_.get(), bytes, length, use_mki(), static_cast<unsigned>(selected_));
  });
  if (!done) return done.error();
  static_cast<void>(known(*ssrc));
  --use.rtcp_left;
  return {};
}

base::result<void> libsrtp_engine::unprotect_rtcp(base::packet_buffer& packet) noexcept {
  const auto ssrc = read_rtcp(packet.bytes(), rtcp_trailer());
  if (!ssrc) return ssrc.error();
  // With GCM libsrtp2 takes either.
  const std::uint32_t word = load_u32(packet.data() + rtcp_index_offset(packet.size()));
  if (((word & rtcp_encrypted) != 0) != options_.encrypt_rtcp) return errc::rtcp_encryption_mismatch;
  if (const errc failed = make_room(*ssrc); failed != errc{}) return failed;
  const auto done = unprotect(packet, [&](std::byte* bytes, int* length) {
    return srtp_unprotect_rtcp_mki(session_.get(), bytes, length, use_mki());
  });
  if (!done) return done.error();
  static_cast<void>(known(*ssrc));
  return {};
}

}  // namespace

base::result<std::unique_ptr<engine>> make_libsrtp_engine(std::span<const master_key> keys,
                                                          const context_options& options, bool protects) {
  // libsrtp2 takes the MKI of an RTCP packet to stand before a tag of RTP's length.
  const key_sizes each = sizes(keys.front().profile());
  if (!protects && !keys.front().mki().empty() && each.rtp_tag != each.rtcp_tag)
    return errc::engine_unavailable;
  set_up_library();
  auto made = std::make_unique<libsrtp_engine>(keys, options, protects);
  if (!made->init()) return errc::crypto_failed;
  return std::unique_ptr<engine>(std::move(made));
}

}  // namespace parley::srtp::detail
