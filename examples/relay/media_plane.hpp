#pragma once

#include <parley/base/address.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/media/audio_codec.hpp>
#include <parley/media/relay_medium.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace relay {

namespace base = parley::base;
namespace media = parley::media;
namespace srtp = parley::srtp;

/// One m= line of a call, under an id that never comes twice.
using medium_id = std::uint64_t;

/// The two ends of a medium: each has ports of its own, at which the peer of that side sends and from which
/// it is sent to.
using side = media::relay_side;
using media::other;

constexpr std::size_t index(side s) noexcept { return static_cast<std::size_t>(s); }

using media::payload_rule;
using media::source_learning;
using media::transcoding;

/// What is opened for one side: the name of the interface (`--media-ip NAME/IP!ADVERTISED`) and the family.
struct end_request {
  std::string interface;
  bool v6 = false;
};

/// Where the peer of one side is to send, as its description says it: advertised addresses.
struct end_addresses {
  base::socket_address rtp;
  base::socket_address rtcp;
};

/// Everything that signalling has said of one side of a medium. Applied as a whole; what is the same as
/// before goes on as it was (roll-over counters, statistics, sources that were learned).
struct end_settings : media::relay_end_settings {
  bool relearn = false;   ///< signalling gave a new address: the source is learned anew
  std::uint8_t dscp = 0;  ///< of what it is sent (TOS >> 2)
};

/// Counters of one side, since it was opened. Packets and bytes are what its peer sent.
struct end_counters {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t errors = 0;  ///< dropped: not RTP, wrong key, wrong source, no rule
  std::uint64_t rtcp_packets = 0;
  std::uint64_t rtcp_bytes = 0;
  std::uint64_t lost = 0;  ///< by the sequence numbers
  std::uint32_t jitter_us = 0;
  std::uint32_t ssrc = 0;
  std::uint64_t transcoded = 0;    ///< payloads that were translated
  base::socket_address source{};   ///< learned; port 0 until then
  base::time_point last_packet{};  ///< time of the last one that was accepted; default: none yet
};

/// A telephone-event of a side's peer, told once each.
struct dtmf_report {
  medium_id medium = 0;
  side from = side::offerer;
  std::uint8_t event = 0;
  base::duration length{};
};

/// A digit that is sent to a peer.
struct dialled {
  std::uint8_t event = 0;
  base::duration length = std::chrono::milliseconds(250);
  base::duration pause = std::chrono::milliseconds(100);  ///< behind it
  std::uint8_t volume = 8;                                ///< -dBm0
};

/// Why a medium asks for attention.
enum class trouble : std::uint8_t { silent };

/// The part of parley-relay that has sockets and threads, as the part that has calls sees it. All functions
/// are called on the thread of the control side, and never wait for the workers.
class media_plane {
 public:
  media_plane() = default;
  media_plane(const media_plane&) = delete;
  media_plane& operator=(const media_plane&) = delete;
  virtual ~media_plane() = default;

  /// What `open` gave.
  struct opened {
    medium_id id = 0;
    std::array<end_addresses, 2> ends{};
  };

  /// Opens the ports of both sides, for the call of that number. *Errors:* no such interface or family; no
  /// port free (`limit_reached`): the offer is refused with that reason, and the next one may find a port.
  virtual base::result<opened> open(const std::array<end_request, 2>& ends, std::uint64_t call) = 0;

  /// *Errors:* keys or codecs that can't be used; where media share a port, the peer of another call, or a
  /// mark for one side: nothing has changed.
  virtual base::result<void> apply(medium_id id, side of, const end_settings& settings) = 0;

  /// Its call is over, and it goes on for a while: where media share a port, another may have its peers.
  virtual void give_way(medium_id id) = 0;
  /// Of the media of one call that share a port this one hears the peers that they have in common.
  virtual void prefer(medium_id id) = 0;

  /// Nothing is forwarded any more, and the ports are free again after a while.
  virtual void close(medium_id id) = 0;

  virtual end_counters counters(medium_id id, side of) const = 0;

  /// Datagrams that came to a port which media share and are of none of them.
  virtual std::uint64_t unclaimed() const = 0;

  /// Writes what passes into a file until `stop_recording` or `close`. *Errors:* of the file.
  virtual base::result<void> start_recording(medium_id id, const std::string& path) = 0;
  virtual void stop_recording(medium_id id) = 0;

  /// Plays a sound file to the peer of that side, `repeat` times, in place of what the other peer sends, in
  /// the format `payload_type` of it. Returns how long it is, once. *Errors:* of the file or format.
  virtual base::result<base::duration> play(medium_id id, side to, const std::string& bytes,
                                            const media::audio_format& format, std::uint8_t payload_type,
                                            unsigned repeat) = 0;
  virtual void stop_playing(medium_id id, side to) = 0;

  /// Sends a digit to the peer of that side as telephone-events of that payload type, behind those that wait.
  /// *Errors:* too many wait.
  virtual base::result<void> play_dtmf(medium_id id, side to, const dialled& digit, std::uint8_t payload_type,
                                       unsigned clock_rate) = 0;
  /// The same as sound: its tone in the format `payload_type` of the peer. *Errors:* of the format, too.
  virtual base::result<void> play_tone(medium_id id, side to, const dialled& digit,
                                       const media::audio_format& format, std::uint8_t payload_type) = 0;

  /// Called on the control thread. Set once, before the first `open`.
  std::function<void(const dtmf_report&)> on_dtmf;
  std::function<void(medium_id, trouble)> on_trouble;
};

}  // namespace relay
