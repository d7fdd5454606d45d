#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/audio_codec.hpp>
#include <parley/media/audio_format.hpp>
#include <parley/media/concealment.hpp>
#include <parley/media/resampler.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace parley::media {

/// How a `transcoder` works.
struct transcoder_options {
  encoder_options encoder{};
  std::uint16_t packet_time = 20;     ///< ms of sound in a payload that comes out, up to 120
  std::uint16_t max_gap = 200;        ///< ms that are filled where payloads are missing, up to 1000
  std::uint32_t first_timestamp = 0;  ///< of what comes out
};

/// What belongs to a payload that comes out.
struct transcoded {
  std::size_t size = 0;  ///< bytes written
  std::uint32_t timestamp = 0;
  bool marker = false;  ///< sound begins, after silence that wasn't sent or a jump (RFC 3551 4.1)
};

/// What became of the payloads that went in.
struct transcoder_counters {
  std::uint64_t decoded = 0;
  std::uint64_t refused = 0;    ///< payloads that their codec could not read, and were filled like lost ones
  std::uint64_t late = 0;       ///< whose place had been passed
  std::uint64_t recovered = 0;  ///< packets that came out of the redundancy of the next
  std::uint64_t concealed = 0;  ///< samples a channel that were made up
  std::uint64_t jumps = 0;      ///< gaps that were too long to fill, and new timelines
};

/// Makes payloads of one codec into those of another, with another rate, number of channels and length where
/// they differ. Where Opus is one of both it takes or gives the other's rate itself, and nothing is
/// resampled.
///
///  input: payload whose timestamp is …       action
///  the one expected                          decode
///  up to max_gap later                       fill the gap, decode
///  later                                     end the frame in work with silence, jump as far, decode
///  up to a second earlier                    drop: it is late, or came twice
///  earlier                                   a new timeline; what comes out goes on where it is, decode
///
/// Payloads go in by the order of their timestamps, as they leave a jitter buffer. `poll_transmit` gives what
/// is ready; several payloads may go in before. Allocates nothing once it has been made, but for a codec's
/// `reset` where a timeline begins.
class PARLEY_API transcoder {
 public:
  /// *Errors:* those of `make_encoder` and `make_decoder`; `errc::unsupported_rate` where nothing leads from
  /// one rate to the other; `errc::bad_frame_length` where `to` has no frames of `packet_time`.
  static base::result<transcoder> create(const audio_format& from, const audio_format& to,
                                         const transcoder_options& options = {});

  transcoder(transcoder&&) noexcept = default;
  transcoder& operator=(transcoder&&) noexcept = default;
  ~transcoder() = default;

  const transcoder_counters& counters() const noexcept { return counters_; }

  /// What `poll_transmit` needs as space.
  std::size_t max_payload() const noexcept { return encoder_->max_payload(frame_length_); }

  /// Tells the encoder how many of a hundred packets are lost on the other side.
  void expect_loss(unsigned percent) noexcept { encoder_->expect_loss(percent); }
  /// Tells the encoder what the other side's network carries, in bit/s.
  void set_bit_rate(std::uint32_t bits_per_second) noexcept { encoder_->set_bit_rate(bits_per_second); }

  /// Takes a payload. *Errors:* `errc::no_space` where so much is waiting that it has no room: nothing was
  /// taken, call `poll_transmit` first; where nothing is waiting, the payload is longer than 120 ms: drop it.
  /// `errc::late`: it was dropped. `errc::bad_payload`: it was dropped, and will be filled like a lost one.
  base::result<void> handle_payload(std::span<const std::byte> payload, std::uint32_t timestamp, bool marker);

  /// Takes sound that was made here in the place of a payload: of the format `pcm`, changed at its beginning
  /// where it follows a gap. *Errors:* as `handle_payload`.
  base::result<void> handle_sound(std::span<std::int16_t> sound, std::uint32_t timestamp);

  /// What payloads are decoded to.
  pcm_format pcm() const noexcept { return from_.pcm(); }
  /// What the payload that was taken last has become, until the next one is taken.
  std::span<const std::int16_t> last_sound() const noexcept { return std::span(sound_).first(sound_size_); }
  /// The timestamp of the next payload, if it follows without a gap; nothing before the first.
  std::optional<std::uint32_t> expected() const noexcept {
    return started_ ? std::optional(expected_) : std::nullopt;
  }
  /// How long a payload is, a channel; 0 for one that can't be read.
  std::size_t samples_of(std::span<const std::byte> payload) const noexcept {
    const auto length = decoder_->samples_of(payload);
    return length ? *length : 0;
  }
  /// How many samples, a channel, that many units of the timestamps of what goes in are.
  std::size_t samples(std::uint32_t ticks) const noexcept { return from_.samples(ticks); }

  /// Forgets what is waiting and all sound before it. The next payload is the first again, and so is the
  /// timestamp that comes out.
  void reset() noexcept;

  /// Writes the next payload to `out`. Nothing where no whole one is ready, or `out` has less than
  /// `max_payload()`.
  std::optional<transcoded> poll_transmit(std::span<std::byte> out);

 private:
  struct parts;
  explicit transcoder(parts&& made);

  /// Makes room for `length` samples a channel at `timestamp`, and fills or skips what is missing before
  /// them.
  base::result<void> place(std::size_t length, std::uint32_t timestamp,
                           std::span<const std::byte> next_payload);
  void go_on(std::size_t length, std::uint32_t timestamp) noexcept;
  std::size_t waiting() const noexcept { return end_ - begin_; }
  std::span<std::int16_t> space_for(std::size_t count) noexcept;
  void append(std::span<const std::int16_t> sound) noexcept;
  void fill(std::size_t length, std::span<const std::byte> next_payload);
  void conceal(std::span<std::int16_t> out);
  void jump(std::uint32_t ticks);

  audio_format from_;
  audio_format to_;
  transcoder_options options_;
  std::unique_ptr<audio_decoder> decoder_;
  std::unique_ptr<audio_encoder> encoder_;
  std::optional<resampler> resampler_;
  concealment concealment_;   // for a decoder that has none
  std::size_t frame_length_;  ///< of what comes out, samples a channel

  // Samples that are decoded, in the decoder's format; and those that wait to be encoded, from begin_ to
  // end_.
  std::vector<std::int16_t> sound_;
  std::size_t sound_size_ = 0;  ///< of the last payload, which a gap goes on from
  std::vector<std::int16_t> waiting_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;

  bool started_ = false;
  std::uint32_t expected_ = 0;   ///< timestamp of the next payload
  std::uint64_t ticks_in_ = 0;   ///< how far expected_ is from the first, in the input's clock
  std::size_t last_length_ = 0;  ///< of the payload before
  std::uint64_t ticks_out_ = 0;  ///< how far the next frame is from the first, in the output's clock
  std::uint64_t jump_to_ = 0;    ///< where the frames behind the one that ends before a jump begin
  std::size_t before_jump_ = 0;  ///< samples that wait and belong before the jump; 0 for no jump
  bool marker_ = true;
  transcoder_counters counters_;
};

}  // namespace parley::media
