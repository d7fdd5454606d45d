#pragma once

#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/result.hpp>
#include <parley/media/error.hpp>
#include <parley/media/video_format.hpp>
#include <parley/media/video_header.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace parley::media {

/// Bounds and patience of a `video_assembler`.
struct video_assembler_options {
  std::size_t max_packets = 1024;                         ///< that wait, up to 16384
  std::size_t max_frame_bytes = std::size_t{4} << 20U;    ///< of an assembled frame
  std::size_t max_waiting_bytes = std::size_t{4} << 20U;  ///< of payloads that wait
  /// How many later frames may begin before a missing packet is given up. With 0 packets of one frame may
  /// overtake each other, and no more; leave retransmissions the time that they need.
  std::uint8_t later_frames = 3;
  /// Whether frames that depend on a dropped one are dropped, too, until a key frame. Without it every whole
  /// frame is given: for streams that have none, as H.264 whose intra-coded parts come one at a time. The
  /// packets of H.264 don't tell where a frame begins, nor those of VP9 which of its layers is the first that
  /// was sent, so that the first frame after a loss may lack its beginning.
  bool wait_for_key_frame = true;
};

/// A packet of video, as RTP brought it. A payload of no bytes is padding, whose number counts.
struct video_packet {
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  bool marker = false;
  base::packet_buffer payload;
};

/// A frame as its codec takes it: what `read_video_header` says of the formats holds. The spatial layers of
/// a VP9 picture are one superframe.
struct video_frame {
  std::span<const std::byte> bytes{};
  std::uint32_t timestamp = 0;
  video_header header{};
  bool after_loss = false;  ///< something was lost between this frame and the one that was given before
};

/// What a `video_assembler` has done.
struct video_assembler_statistics {
  std::uint64_t received = 0;    ///< packets that were taken
  std::uint64_t duplicates = 0;  ///< packets that had been there before
  std::uint64_t late = 0;        ///< packets that came after their frame was given or dropped
  std::uint64_t refused = 0;     ///< packets that `insert` has refused
  std::uint64_t frames = 0;      ///< frames that were given
  std::uint64_t key_frames = 0;  ///< key frames among them
  std::uint64_t broken = 0;      ///< frames that were dropped for what was missing or wrong in them
  std::uint64_t dependent = 0;   ///< whole frames that were dropped for want of a key frame
  std::uint64_t restarts = 0;    ///< jumps of the sequence numbers beyond what may wait
};

/// Puts frames together of packets that come in any order, are lost, or come twice.
///
///  state    input                                 does                                        next
///  waiting  a packet                              keeps it; a key frame is needed             key
///  key      a whole key frame                     gives it; no key frame is needed            going
///  key      another whole frame                   drops it, or gives it (`after_loss`)        key
///  going    a whole frame                         gives it                                    going
///  going    a packet is missing, later frames     drops the frame; a key frame is needed      key
///           have begun
///  going    a frame breaks its format's rules or  drops it; a key frame is needed             key
///           is too large
///  any      a bound is met                        drops all that waits; a key frame is needed key
///  any      sequence numbers jump                 drops all that waits; a key frame is needed key
///
/// A frame ends with the marker, or where the next packet has another timestamp. One stream at a time is
/// assembled: the session that feeds it decides which SSRC that is.
///
/// *Ownership:* packets stay in their pooled buffers until their frame is given or dropped, so all of it
/// belongs to one shard. Memory for frames grows to the largest one there was; there is no other allocation
/// after construction.
class PARLEY_API video_assembler {
 public:
  explicit video_assembler(const video_format& format, const video_assembler_options& options = {});
  video_assembler(video_assembler&&) noexcept;
  video_assembler& operator=(video_assembler&&) noexcept;
  ~video_assembler();

  /// Whether decoding can't go on, or begin, without a key frame: ask the peer for one (PLI, RFC 4585 6.3.1),
  /// and again where none comes.
  bool key_frame_needed() const noexcept;

  /// Packets that wait.
  std::size_t size() const noexcept;
  /// Bytes of their payloads.
  std::size_t bytes() const noexcept;

  const video_assembler_statistics& statistics() const noexcept;

  /// A packet has come; late ones and duplicates are counted. Then take the frames that there are by
  /// `poll_frame`. *Errors:* the rule that the payload breaks, as `errc::bad_descriptor`,
  /// `errc::bad_aggregation`, `errc::bad_fragment` or `errc::unsupported_packet`: it was not taken, and is
  /// missing. `errc::limit_reached`: neither was it then, nor is there any other left.
  base::result<void> insert(video_packet packet);

  /// The next frame in the order of their numbers; nothing before more packets come.
  ///
  /// *Ownership:* its bytes stay until the next call of this.
  std::optional<video_frame> poll_frame();

  /// Gives up what is missing before the next frame that is whole, or that lacks only its end: nobody will
  /// send it again.
  void give_up() noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace parley::media
