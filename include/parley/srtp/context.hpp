#pragma once

#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/result.hpp>
#include <parley/srtp/error.hpp>
#include <parley/srtp/master_key.hpp>
#include <parley/srtp/profile.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace parley::srtp {

namespace detail {
class engine;
}

/// Who does the arithmetic. Both put the same bytes on the wire and refuse the same packets.
enum class engine_choice : std::uint8_t {
  automatic,  ///< the faster one: `openssl`
  libsrtp,    ///< libsrtp2, where parley was built with it (`PARLEY_WITH_SRTP2`)
  openssl,    ///< OpenSSL's ciphers and hashes under SRTP of our own
};

/// How a context behaves.
struct context_options {
  /// How many packets back an RTP packet may arrive and still be taken: 64 to 16384, rounded up to a multiple
  /// of 64. That of RTCP is 128 (RFC 3711 3.3.2).
  std::size_t replay_window = 128;
  /// Whether a packet with a sequence number that was sent may be protected again. It has to be the same
  /// packet: two with one number give away both (RFC 3711 9.1), and with GCM the key that authenticates.
  bool allow_repeat_tx = false;
  /// How many SSRCs there may be at once, 1 to 65536. A further one is refused, never put in the place of
  /// another.
  std::size_t max_sources = 64;
  /// Whether RTCP packets are encrypted (RFC 4568 6.3.2 has a way to agree on the contrary). What comes in
  /// the other way is refused; they are authenticated in any case.
  bool encrypt_rtcp = true;
  engine_choice engine = engine_choice::automatic;
};

/// Protects, or unprotects, the RTP and RTCP packets of one direction of a session, in place (RFC 3711).
/// Session keys are derived once (a key derivation rate of 0). What each SSRC needs (roll-over counter,
/// replay windows, RTCP index) is kept from its first packet on: from the first that has been authenticated,
/// where packets are unprotected.
///
/// No packet but the first of an SSRC makes an allocation. One thread at a time.
class PARLEY_API context {
 public:
  /// A context that protects with the first of `keys`, until `select_key` names another, or unprotects with
  /// the one that a packet's MKI names. At most 16 keys of one profile; several have MKIs of one length, all
  /// different.
  /// *Errors:* `bad_key_set`, `bad_option`; `engine_missing` where parley was built without libsrtp2;
  /// `crypto_failed` where OpenSSL or libsrtp2 refuse. Nothing can be sent then: refuse the medium.
  static base::result<context> protecting(std::span<const master_key> keys,
                                          const context_options& options = {});
  static base::result<context> unprotecting(std::span<const master_key> keys,
                                            const context_options& options = {});

  context(context&&) noexcept;
  context& operator=(context&&) noexcept;
  ~context();

  srtp::profile profile() const noexcept;
  /// The engine that does the work; not `automatic`.
  engine_choice engine() const noexcept;
  bool protects() const noexcept;

  /// By how many bytes a packet grows: the tailroom that it needs.
  std::size_t rtp_overhead() const noexcept;
  std::size_t rtcp_overhead() const noexcept;

  /// How many SSRCs it knows.
  std::size_t sources() const noexcept;

  /// The roll-over counter of an SSRC (RFC 3711 3.3.1), or that which was set for it; nothing where it has
  /// none.
  std::optional<std::uint32_t> roll_over_counter(std::uint32_t ssrc) const noexcept;

  /// Sets the counter that the next RTP packet of an SSRC has, known or not: for one who joins late, or who
  /// goes on with new keys after a re-INVITE. Where the counter changes, the replay window begins anew with
  /// the next packet that is good.
  /// *Errors:* `too_many_sources` for a new SSRC: `forget` another. `crypto_failed` where libsrtp2 is to go
  /// back to 0, which it can't.
  base::result<void> set_roll_over_counter(std::uint32_t ssrc, std::uint32_t counter);

  /// Drops what is known of an SSRC. Where packets are protected it must not come back under the same keys:
  /// its sequence numbers would be used twice.
  void forget(std::uint32_t ssrc) noexcept;

  /// Protects with the key that has this MKI from now on. For a context that protects.
  /// *Errors:* `unknown_mki`; nothing has changed.
  base::result<void> select_key(std::span<const std::byte> mki) noexcept;

  /// Encrypts and authenticates an RTP packet; it grows by `rtp_overhead()` into its tailroom.
  ///
  /// *Ownership:* the buffer has to be the only handle to its block: copy a packet that goes to several.
  /// *Errors:* `too_short`, `bad_header` for what is no RTP packet. `replayed`, `too_old` for a sequence
  /// number that was used, or that is so far back that it may have been. `key_expired`: agree on new keys.
  /// `too_many_sources`. `base::errc::no_space` or `buffer_shared` from the buffer. Drop the packet. Packet
  /// and context are unchanged, but for the payload after `crypto_failed`.
  base::result<void> protect_rtp(base::packet_buffer& packet) noexcept;

  /// Authenticates and decrypts an SRTP packet, which becomes the RTP packet that was sent.
  ///
  /// *Ownership:* the bytes are changed in place; other handles to them see it.
  /// *Errors:* `too_short`, `bad_header`, `unknown_mki`, `authentication_failed`, `replayed`, `too_old`,
  /// `too_many_sources`: drop it. The packet is as it was received, and the context as it was before.
  base::result<void> unprotect_rtp(base::packet_buffer& packet) noexcept;

  /// As `protect_rtp` for a compound RTCP packet; grows by `rtcp_overhead()`.
  base::result<void> protect_rtcp(base::packet_buffer& packet) noexcept;

  /// As `unprotect_rtp` for an SRTCP packet; *Errors:* also `rtcp_encryption_mismatch`.
  base::result<void> unprotect_rtcp(base::packet_buffer& packet) noexcept;

 private:
  explicit context(std::unique_ptr<detail::engine> engine) noexcept;
  static base::result<context> make(std::span<const master_key> keys, const context_options& options,
                                    bool protects);

  std::unique_ptr<detail::engine> engine_;
};

}  // namespace parley::srtp
