#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/media/relay_player.hpp>
#include <parley/media/relay_stream.hpp>
#include <parley/media/source_latch.hpp>
#include <parley/srtp/master_key.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace parley::media {

/// The two ends of a medium that is relayed: each has ports of its own, at which the peer of that side sends
/// and from which it is sent to.
enum class relay_side : std::uint8_t { offerer, answerer };

/// The other end.
constexpr relay_side other(relay_side side) noexcept {
  return side == relay_side::offerer ? relay_side::answerer : relay_side::offerer;
}

/// Which of the two ports of an end.
enum class relay_component : std::uint8_t { rtp, rtcp };

/// Everything that signalling has said of one side of a medium.
struct relay_end_settings {
  base::socket_address rtp{};   ///< where its peer receives; port 0: not known yet, or refused
  base::socket_address rtcp{};  ///< and where RTCP; not used with `rtcp_mux`
  bool rtcp_mux = false;        ///< RTCP goes to `rtp` (RFC 5761)
  /// SSRCs that its peer has said it sends (RFC 5576), by which media at one port are told apart; the machine
  /// takes others, too.
  std::vector<std::uint32_t> ssrcs{};
  std::optional<base::ip_address> seen{};  ///< where its signalling came from, if it may send from there
  source_learning learning = source_learning::delayed;
  bool handover = false;      ///< see `expected_source::handover`
  bool may_send = true;       ///< false: what its peer sends is dropped
  bool blocked = false;       ///< the same, by the operator
  bool dtmf_blocked = false;  ///< telephone-events are dropped, and digits that become some
  std::vector<srtp::master_key> receives_with{};  ///< keys of what its peer sends; empty: plain RTP
  std::vector<srtp::master_key> sends_with{};     ///< keys of what it is sent; empty: plain RTP
  /// Where there are rules, a payload type without one is dropped; where there is none, all pass as they are.
  std::vector<payload_rule> payloads{};
  /// What comes is forwarded as it is and counted as RTP, whatever it is: for T.38's UDPTL. Only the source
  /// is looked at.
  bool datagrams = false;
};

/// Counters of one side since it was opened, of what its peer has sent.
struct relay_end_counters {
  std::uint64_t packets = 0;  ///< RTP that was accepted
  std::uint64_t bytes = 0;    ///< of the same, as they came, without UDP and IP
  std::uint64_t rtcp_packets = 0;
  std::uint64_t rtcp_bytes = 0;
  std::uint64_t malformed = 0;        ///< neither RTP nor RTCP
  std::uint64_t unauthenticated = 0;  ///< SRTP with a wrong key, or that was here before
  std::uint64_t strangers = 0;        ///< from a source that is not believed
  std::uint64_t dropped = 0;          ///< blocked, no rule, nobody to send it to, or played over
  std::uint64_t lost = 0;             ///< by the sequence numbers
  std::uint32_t jitter_us = 0;        ///< of the last source (RFC 3550 A.8)
  std::uint32_t ssrc = 0;             ///< the last one
  std::uint64_t transcoded = 0;       ///< payloads that went through a transcoder
  base::time_point last_packet{};     ///< when the last one was accepted; default: none yet
};

/// A key that a peer has pressed, as its telephone-events say (RFC 4733), or its sound where that is listened
/// to.
struct relay_key {
  std::uint8_t event = 0;
  base::duration length{};
};

/// Hears of what a medium takes from its peers, as to record it.
class PARLEY_API relay_tap {
 public:
  relay_tap() = default;
  relay_tap(const relay_tap&) = delete;
  relay_tap& operator=(const relay_tap&) = delete;
  virtual ~relay_tap();

  /// A packet from a source that is believed, decrypted, before anything else becomes of it. It lasts for the
  /// call alone, in which the medium must not be used.
  virtual void handle_packet(base::time_point now, relay_side side, relay_component component,
                             const base::socket_address& from,
                             std::span<const std::byte> packet) noexcept = 0;
};

/// One medium between two peers, without sockets: packets of one side come in, and the same buffers go out to
/// the other, decrypted, rewritten and encrypted in place. Where a rule has sound transcoded, `relay_stream`
/// says what becomes of its numbers.
///
/// A packet passes these, in this order: its source may be believed (`source_latch`); its tag is right, where
/// the peer sends SRTP; its source is believed; the side may send; its payload type has a rule; the other
/// side has an address. What fails at one of them is counted there and dropped. Nothing of it allocates but
/// the first packet of an SSRC in SRTP.
///
/// *Ownership:* keeps no packet. One thread at a time.
class PARLEY_API relay_medium {
 public:
  relay_medium();
  ~relay_medium();
  relay_medium(const relay_medium&) = delete;
  relay_medium& operator=(const relay_medium&) = delete;

  /// Takes over what signalling has said. What is the same as before goes on as it was: contexts of SRTP with
  /// the same keys, sources that were learned. New keys go on with the roll-over counters of the old
  /// ones (RFC 3711 3.3.1). *Errors:* of the keys, and of `relay_stream::plan`; nothing has changed.
  base::result<void> apply(relay_side side, const relay_end_settings& settings);

  /// Signalling has the peer of that side move: its sources are learned anew.
  void relearn(relay_side side) noexcept;

  /// Has `tap` hear of each packet, until another is set, or nullptr. *Ownership:* the tap outlives that.
  void set_tap(relay_tap* tap) noexcept { tap_ = tap; }

  const relay_end_settings& settings(relay_side side) const noexcept;
  const relay_end_counters& counters(relay_side side) const noexcept;
  /// Where its peer sends RTP from; port 0 until that is known.
  const base::socket_address& source(relay_side side) const noexcept;

  /// Where a packet is to go.
  struct forwarded {
    relay_side side;            ///< from the ports of this side
    relay_component component;  ///< from this one of them
    base::socket_address to;
  };

  /// A packet has come to a port of `side`. Send it where the result says; drop it where there is none.
  /// *Ownership:* changes the packet in place; it is the only handle to its block, with tailroom for
  /// encryption.
  std::optional<forwarded> handle_packet(base::time_point now, relay_side side, relay_component component,
                                         const base::socket_address& from, base::packet_buffer& packet);

  /// The peer of `side` has sent sound for more packets than one: writes the next one to `out`. Call it after
  /// `handle_packet`, with another buffer each time, until there is nothing. `out` is as for
  /// `relay_stream::poll_transmit`, with tailroom for encryption.
  std::optional<forwarded> poll_transmit(relay_side side, base::packet_buffer& out);
  /// True where `poll_transmit` may give something: where sound of that side is transcoded.
  bool transcodes(relay_side side) const noexcept;

  /// Plays to the peer of `to`, in place of what is being played to it and of what the other peer sends,
  /// which is dropped and comes through again behind it. `fresh` is what the stream begins with where nothing
  /// was sent to that side yet. Allocates with the first of `play` and `press`.
  void play(base::time_point now, relay_side to, played_sound sound, const own_source& fresh);
  /// Ends it; keys go on.
  void stop_playing(relay_side to) noexcept;
  /// Sends a key to the peer of `to`, behind those that are being sent; the sound of its length is left out.
  /// *Errors:* `errc::limit_reached` where too many wait.
  base::result<void> press(base::time_point now, relay_side to, relay_player::key key,
                           const own_source& fresh);
  /// True while sound or keys are being sent to the peer of `to`.
  bool plays(relay_side to) const noexcept;

  /// When the next packet of that is due; `base::never` where there is nothing.
  base::time_point poll_timeout() const noexcept;
  /// Writes a packet that is due to `out`, which is as for `poll_transmit`. Call it until `poll_timeout` is
  /// later, with another buffer after each packet; not each call gives one.
  std::optional<forwarded> handle_timeout(base::time_point now, base::packet_buffer& out);

  /// The next key that the peer of `side` has pressed, once each: blocked ones, too. Look after
  /// `handle_packet`. Few may wait; what is more is forgotten.
  std::optional<relay_key> poll_key(relay_side side) noexcept;

 private:
  struct end;

  std::optional<forwarded> handle_any(base::time_point now, relay_side side, const base::socket_address& from,
                                      const base::packet_buffer& packet);
  std::optional<forwarded> handle_rtp(base::time_point now, relay_side side, const base::socket_address& from,
                                      base::packet_buffer& packet);
  std::optional<forwarded> handle_rtcp(base::time_point now, relay_side side, relay_component component,
                                       const base::socket_address& from, base::packet_buffer& packet);
  std::optional<forwarded> protect(relay_side side, base::packet_buffer& packet);
  relay_player& begin_playing(base::time_point now, relay_side to, std::uint32_t clock_rate,
                              const own_source& fresh);

  std::unique_ptr<std::array<end, 2>> ends_;
  relay_tap* tap_ = nullptr;
};

}  // namespace parley::media
