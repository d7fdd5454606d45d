#pragma once

#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/media/audio_codec.hpp>
#include <parley/media/comfort_noise.hpp>
#include <parley/media/concealment.hpp>
#include <parley/media/delay_estimator.hpp>
#include <parley/media/error.hpp>
#include <parley/media/pcm.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace parley::media {

/// Bounds and aims of a `jitter_buffer`.
struct jitter_buffer_options {
  delay_options delay{};
  std::size_t max_packets = 100;
  std::size_t max_bytes = std::size_t{64} << 10U;
  std::uint32_t noise_seed = 1;  ///< of comfort noise; two parties with the same would make the same noise
};

/// A packet of sound, as RTP brought it.
struct sound_packet {
  std::uint32_t ssrc = 0;
  std::uint8_t payload_type = 0;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  base::packet_buffer payload;
};

/// What a frame that was pulled consists of, mostly.
enum class frame_kind : std::uint8_t {
  silence,    ///< nothing is being received
  sound,      ///< what the peer has sent
  concealed,  ///< what it may have sent
  noise,      ///< what it has described (RFC 3389)
};

/// What a `jitter_buffer` has done. Lengths count samples a channel.
struct jitter_buffer_statistics {
  std::uint64_t received = 0;      ///< packets that could be read
  std::uint64_t duplicates = 0;    ///< packets that had been there before
  std::uint64_t late = 0;          ///< packets that came after their time
  std::uint64_t discarded = 0;     ///< packets dropped because there were too many, or the delay too great
  std::uint64_t restarts = 0;      ///< new streams, and jumps of timestamps
  std::uint64_t pulled = 0;        ///< samples that were pulled
  std::uint64_t concealed = 0;     ///< samples that were made up
  std::uint64_t recovered = 0;     ///< samples out of the redundancy of a later packet
  std::uint64_t noise = 0;         ///< samples of comfort noise
  std::uint64_t inserted = 0;      ///< samples by which sound was lengthened
  std::uint64_t removed = 0;       ///< samples by which it was shortened
  std::uint64_t stretches = 0;     ///< how often either was done
  base::duration current_delay{};  ///< from when the fastest packet would have come to when it is heard
  base::duration target_delay{};   ///< what that should be
};

/// Packets in as the network brings them; 10 ms of sound out at each tick of a playout clock, decoded. It
/// waits just as long as nearly all packets need (`delay_estimator`), fills what is missing, and stretches or
/// shortens the sound by single periods of it where the delay has to change, or the clocks of the two ends go
/// unequally.
///
///  state    at a pull where sound is needed       does                                     next
///  waiting  nothing is due                        fills, fades to silence                  waiting
///  waiting  a packet of sound is due              fades it in                              playing
///  waiting  a packet of comfort noise is due      noise                                    noise
///  playing  the next packet is there              decodes it                               playing
///  playing  a later packet is there               recovers or conceals what is between     playing
///  playing  no packet is there                    conceals; the delay grows                playing
///  playing  more than 100 ms have been concealed  as above                                 waiting
///  playing  a packet of comfort noise is next     noise                                    noise
///  noise    nothing is due                        noise                                    noise
///  noise    a packet of sound is due              fades it in                              playing
///  any      another SSRC, or timestamps jump      drops what there is and fills            waiting
///
/// A packet is due when it is as old as the target delay. One stream at a time is played: the session that
/// feeds it decides which SSRC that is, else two that alternate would flush each other.
///
/// *Ownership:* packets stay in their pooled buffers until they are decoded, so all of it belongs to one
/// shard. Allocates when it is made and when decoders are added, not later, but for `audio_decoder::reset`.
class PARLEY_API jitter_buffer {
 public:
  /// All decoders must give sound of this format.
  explicit jitter_buffer(pcm_format format, const jitter_buffer_options& options = {});

  pcm_format format() const noexcept { return format_; }
  /// The size of a frame of 10 ms, all channels.
  std::size_t frame_size() const noexcept { return frame_ * format_.channels; }

  /// Packets of that payload type are for `decoder`, and their timestamps count `clock_rate` a second.
  /// Replaces what was there. *Errors:* `errc::unsupported_rate` where the decoder gives another format than
  /// this one or `clock_rate` is zero; `errc::limit_reached` beyond 16 payload types or type 127.
  base::result<void> add_decoder(std::uint8_t payload_type, std::uint32_t clock_rate,
                                 std::unique_ptr<audio_decoder> decoder);
  /// Packets of that type are comfort noise (RFC 3389). *Errors:* as `add_decoder`.
  base::result<void> add_comfort_noise(std::uint8_t payload_type, std::uint32_t clock_rate);

  /// A packet has come. *Errors:* `errc::unknown_payload_type`, `errc::bad_payload`: it was not taken; count
  /// it. One that is late or a duplicate is counted here.
  base::result<void> insert(base::time_point now, sound_packet packet);

  /// Fills `out`, of `frame_size()`, with the next 10 ms. *Errors:* `errc::bad_frame_length`.
  base::result<frame_kind> pull(base::time_point now, std::span<std::int16_t> out);

  jitter_buffer_statistics statistics() const noexcept;

  /// Packets that wait.
  std::size_t size() const noexcept { return packets_.size(); }
  /// Bytes of their payloads.
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  enum class state : std::uint8_t { waiting, playing, noise };

  static constexpr std::size_t history_frames = 6;  // of sound that has been played, in 10 ms
  // The delay may exceed its target by that; more is shortened.
  static constexpr base::duration band = std::chrono::milliseconds(20);

  struct codec {
    std::uint8_t payload_type = 0;
    std::uint32_t clock_rate = 0;
    std::unique_ptr<audio_decoder> decoder;  // none: comfort noise
  };
  struct waiting_packet {
    std::int64_t begin = 0;  // on the line of media time, in instants
    std::int64_t end = 0;
    codec* with = nullptr;
    base::packet_buffer payload;
  };

  // Arrival.
  base::result<void> add_codec(std::uint8_t payload_type, std::uint32_t clock_rate,
                               std::unique_ptr<audio_decoder> decoder);
  void start_stream(base::time_point now, const sound_packet& packet, std::uint32_t clock_rate) noexcept;
  bool jumps(base::duration delay) noexcept;
  bool seen_before(std::uint16_t sequence) noexcept;
  void keep(waiting_packet packet);
  void drop_all() noexcept;
  void drop_front() noexcept;

  // Playout.
  std::size_t pending() const noexcept { return (pcm_end_ - pcm_begin_) / format_.channels; }
  base::duration time_of(std::int64_t instants) const noexcept;
  std::int64_t instants_of(base::duration time) const noexcept;
  base::duration delay_of(std::int64_t media, base::time_point now) const noexcept;
  bool is_due(const waiting_packet& packet, base::time_point now) const noexcept;
  void fill(base::time_point now);
  void fill_playing(base::time_point now);
  void cross_gap(base::time_point now);
  void play_front();
  bool decode(const waiting_packet& packet);
  bool recover(const waiting_packet& packet, std::size_t length);
  void conceal(std::size_t length);
  void make_noise();
  void fill_background();
  void adapt(base::time_point now);
  void catch_up(base::time_point now);
  void decode_ahead(std::size_t wanted);

  std::span<std::int16_t> room(std::size_t instants) noexcept;
  void append(std::size_t instants) noexcept;

  pcm_format format_;
  jitter_buffer_options options_;
  std::size_t frame_;
  std::vector<std::unique_ptr<codec>> codecs_;
  delay_estimator delays_;
  concealment concealment_;
  noise_generator noise_;
  jitter_buffer_statistics statistics_;

  // The stream.
  std::optional<std::uint32_t> ssrc_;
  std::uint32_t clock_rate_ = 0;
  base::time_point origin_{};      // when media time was zero
  std::int64_t newest_ticks_ = 0;  // RTP timestamp of the newest packet, unwrapped
  std::uint32_t newest_timestamp_ = 0;
  std::uint16_t newest_sequence_ = 0;
  std::uint64_t sequences_ = 0;        // a bit for each of the 64 up to the newest
  std::optional<base::duration> odd_;  // the delay of a packet that can't belong to this stream

  std::vector<waiting_packet> packets_;  // by begin
  std::size_t bytes_ = 0;

  // What has been decoded: first what has been played, then, from `pcm_begin_` to `pcm_end_`, what has not.
  std::vector<std::int16_t> pcm_;
  std::size_t pcm_begin_ = 0;
  std::size_t pcm_end_ = 0;

  bool fresh_ = true;  // nothing has been heard yet
  state state_ = state::waiting;
  frame_kind kind_ = frame_kind::silence;  // of what was appended last
  codec* active_ = nullptr;                // who decoded last
  std::int64_t next_ = 0;                  // media time at `pcm_end_`
  bool has_played_ = false;                // whether `next_` means anything
  bool seam_ = false;                      // what is appended next doesn't follow what was
  std::size_t held_ = 0;                   // instants concealed while media time stood still
  std::size_t filled_ = 0;                 // instants concealed since something was decoded
  unsigned above_ = 0;                     // pulls at which the delay was too great
  unsigned below_ = 0;                     // … too small
  unsigned since_stretch_ = 0;
  base::duration current_delay_{};
};

}  // namespace parley::media
