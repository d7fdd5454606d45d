#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/base/ring_queue.hpp>
#include <parley/base/time.hpp>
#include <parley/media/audio_codec.hpp>
#include <parley/media/sound_clip.hpp>
#include <parley/media/tone_generator.hpp>
#include <parley/rtp/dtmf_sender.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace parley::media {

/// A clip, or a tone, on its way into payloads of one format.
class PARLEY_API played_sound {
 public:
  /// `clip` is of `clip_format`; it is played `repeat` times, one after the other. *Errors:* those of
  /// `make_encoder`; `errc::unsupported_rate` for a clip of another format and where 20 ms are no whole
  /// number of samples and of units of timestamps; `errc::bad_frame_length` where no packet holds a frame.
  static base::result<played_sound> create(std::shared_ptr<const sound_clip> clip, const audio_format& format,
                                           std::uint8_t payload_type, unsigned repeat = 1);
  /// Plays `what` once, in as many channels as the codec has. *Errors:* those of `make_encoder` and of
  /// `tone_generator::play`; `errc::bad_tone` for one that never ends; for rates and lengths as with a clip.
  static base::result<played_sound> create(const tone& what, const audio_format& format,
                                           std::uint8_t payload_type);

  std::uint8_t payload_type() const noexcept { return payload_type_; }
  std::uint32_t clock_rate() const noexcept { return clock_rate_; }
  /// Payloads in 20 ms: one, or as many as it takes for each to fit into a packet.
  unsigned parts() const noexcept { return parts_; }
  bool ended() const noexcept { return tone_ ? !tone_->playing() : left_ == 0; }

  /// Writes the next payload, with silence behind the end of the sound, and returns its size; 0 where the
  /// codec has nothing to send. `out` has `relay_stream::max_payload` bytes. Allocates nothing.
  std::size_t next(std::span<std::byte> out);
  /// Goes on by one payload that is not wanted.
  void skip() noexcept;

 private:
  played_sound() = default;
  static base::result<played_sound> encoding(audio_format encoded, const pcm_format& pcm,
                                             std::uint8_t payload_type);
  /// The next samples, with silence behind the last of them.
  void take(std::span<std::int16_t> out) noexcept;

  std::shared_ptr<const sound_clip> clip_;
  std::unique_ptr<tone_generator> tone_;  // instead of a clip
  std::unique_ptr<audio_encoder> encoder_;
  std::uint8_t payload_type_ = 0;
  std::uint32_t clock_rate_ = 0;
  unsigned channels_ = 1;
  unsigned parts_ = 1;
  unsigned left_ = 0;   // times that the clip is still to be played, with the one that is
  std::size_t at_ = 0;  // in the samples of the clip
  std::vector<std::int16_t> frame_;
};

/// A packet of what is played.
struct played_packet {
  std::uint8_t payload_type = 0;
  bool marker = false;
  std::uint32_t timestamp = 0;
  std::size_t size = 0;  ///< of the payload
};

/// Plays sound and keys to one peer, in beats of 20 ms.
///
///  state   a beat that is due finds              sends                                next
///  idle                                          nothing
///  active  a key that is down, or may begin      a telephone-event (RFC 4733 2.5.1),  active
///                                                or payloads of its tone; as much of
///                                                the sound is left out
///  active  sound                                 its payloads                         active
///  active  a key that waits for its pause        nothing                              active
///  active  nothing of that                       nothing                              idle
///
/// So it is idle again when the time of the last packet is over, and timestamps count all beats. What can't
/// keep up by more than 200 ms goes on later, and does not make up for it.
///
/// Nothing allocates but construction and `play`.
class PARLEY_API relay_player {
 public:
  static constexpr std::chrono::milliseconds beat{20};
  /// Keys that wait.
  static constexpr std::size_t max_keys = 32;

  /// A key to press: an event, or its tone for who takes none.
  struct key {
    std::uint8_t event = 0;
    base::duration length{};
    std::uint8_t payload_type = 0;
    std::uint32_t clock_rate = 8000;
    std::uint8_t volume = 10;  ///< -dBm0, up to 63 (RFC 4733 2.3)
    /// Before the next key, in whole beats; not less than it takes to say the end of an event three times.
    base::duration pause = std::chrono::milliseconds(80);
    /// Sent in place of events, where there is one, and all of the above is not looked at. What it has of
    /// silence behind the tone is sent, too, and is its pause.
    std::optional<played_sound> tone{};
  };

  /// The tone of an event, to be `key::tone`, with the power that `volume` says and a silent pause.
  /// *Errors:* `errc::bad_tone` for an event above 15; those of `played_sound::create`.
  static base::result<played_sound> tone_of(const key& what, const audio_format& format,
                                            std::uint8_t payload_type);

  relay_player() : waiting_(max_keys) {}

  bool active() const noexcept { return active_; }
  /// Begins at `now` with that timestamp, of that clock until there is sound. It is idle.
  void begin(base::time_point now, std::uint32_t timestamp, std::uint32_t clock_rate) noexcept;

  /// Plays `sound` in place of what is playing. It is active, or begun next.
  void play(played_sound sound) noexcept;
  /// Ends the sound. Keys go on.
  void stop_sound() noexcept { sound_.reset(); }
  /// Presses a key when those before it are over. *Errors:* `errc::limit_reached` where `max_keys` wait.
  base::result<void> press(key next) noexcept;

  /// When the next beat is due; `base::never` while idle.
  base::time_point poll_timeout() const noexcept { return active_ ? due_ : base::never; }
  /// Writes the payload of a beat that is due to `out`, which has `relay_stream::max_payload` bytes. Call it
  /// until `poll_timeout` is later; without a packet, too.
  std::optional<played_packet> handle_timeout(base::time_point now, std::span<std::byte> out);

  /// Of the next beat.
  std::uint32_t timestamp() const noexcept { return timestamp_; }
  std::uint32_t clock_rate() const noexcept { return clock_rate_; }

 private:
  std::optional<played_packet> send_key(std::span<std::byte> out) noexcept;
  void begin_key() noexcept;
  played_packet send_part(played_sound& sound, std::span<std::byte> out);
  void end_beat() noexcept;

  bool active_ = false;
  bool marker_ = true;
  base::time_point due_{};
  std::uint32_t timestamp_ = 0;
  std::uint32_t clock_rate_ = 8000;
  unsigned part_ = 0;  // of the beat, that comes next
  std::optional<played_sound> sound_;

  rtp::dtmf_sender keys_{1};
  std::uint8_t key_type_ = 0;
  unsigned key_pause_ = 0;            // beats behind it
  unsigned pause_ = 0;                // beats that are left of that
  std::optional<played_sound> tone_;  // of a key that is down
  base::ring_queue<key> waiting_;
};

}  // namespace parley::media
