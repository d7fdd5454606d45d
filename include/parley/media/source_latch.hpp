#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/time.hpp>

#include <cstdint>
#include <optional>

namespace parley::media {

/// How an end finds out where its peer really sends from.
enum class source_learning : std::uint8_t {
  signalled,  ///< is answered where signalling said, wherever it sends from (asymmetric RTP)
  delayed,    ///< a source that signalling does not name has to send a while before it is believed
  immediate,  ///< the first packet decides
};

/// What signalling says of where packets will come from.
struct expected_source {
  base::socket_address signalled{};  ///< where the peer receives; port 0: not known
  /// Where its signalling came from, which is where its media come from where it sits behind a NAT.
  std::optional<base::ip_address> seen{};
  source_learning learning = source_learning::delayed;
  /// Signalling can't say where from, as where it has a host's name in the place of an address: whoever
  /// sends for a while first is believed.
  bool anywhere = false;
  /// Packets are authenticated, and only those that are count.
  bool authenticated = false;
  /// Any other source may take over at any time. Whoever finds the port can then have the call: for peers
  /// that move without saying so, at the operator's risk.
  bool handover = false;

  friend bool operator==(const expected_source&, const expected_source&) = default;
};

/// Decides whose packets are taken at a port, and where answers go (symmetric RTP, RFC 4961), so that who
/// does not sit on the path can't take part by sending first, oftener or in between.
///
/// A source has a rank. The first that is good enough is believed, and from then on only one of higher rank
/// takes its place, or signalling that names another (`expect`).
///
///  rank  source                                            believed
///  4     its packets are authenticated                     at once; another one after 500 ms of silence
///  3     the address that signalling names                 at once
///  2     the IP address of it, or where signalling came    at once
///        from, with another port (NAT)
///  1     any other, where nothing better can come:         `delayed`: after five packets in a row;
///        signalling names a private address and its        `immediate`: at once
///        origin is not known, or none; or it is asymmetric
///  0     any other                                         never
///
/// Where packets are authenticated only rank 4 counts.
class PARLEY_API source_latch {
 public:
  /// Does nothing where `expected` is what it was; else forgets what was learned.
  void expect(const expected_source& expected) noexcept;

  /// Forgets what was learned: signalling has the peer move, even to the same address.
  void forget() noexcept;

  /// Whether a packet from there can be taken at all; asked before it costs a decryption.
  bool may_accept(base::time_point now, const base::socket_address& from) const noexcept {
    return from == source_ || may_accept_another(now, from);
  }

  /// Takes or refuses a packet; where packets are to be authenticated, only those that were come here.
  /// `stream` and `sequence` are its SSRC and sequence number; of RTCP the sender's SSRC and 0.
  bool handle_packet(base::time_point now, const base::socket_address& from, std::uint32_t stream,
                     std::uint16_t sequence) noexcept {
    if (from == source_) {
      last_ = now;
      return true;
    }
    return handle_another(now, from, stream, sequence);
  }

  /// Where the peer sends from; port 0 until that is known.
  const base::socket_address& source() const noexcept { return source_; }

  /// Where to send to: the source, or until it is known what signalling said. Port 0: nowhere yet.
  const base::socket_address& destination() const noexcept;

 private:
  static constexpr std::uint8_t needed_in_a_row = 5;

  std::uint8_t rank_of(const base::socket_address& from) const noexcept;
  bool may_accept_another(base::time_point now, const base::socket_address& from) const noexcept;
  bool handle_another(base::time_point now, const base::socket_address& from, std::uint32_t stream,
                      std::uint16_t sequence) noexcept;
  bool proves_itself(base::time_point now, const base::socket_address& from, std::uint32_t stream,
                     std::uint16_t sequence) noexcept;

  expected_source expected_;
  base::socket_address source_;
  base::time_point last_{};
  std::uint8_t rank_ = 0;  // of the source
  // Who is on probation.
  std::uint8_t in_a_row_ = 0;
  std::uint16_t next_ = 0;
  std::uint32_t stream_ = 0;
  base::socket_address candidate_;
  base::time_point candidate_last_{};
};

}  // namespace parley::media
