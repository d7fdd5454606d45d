#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/audio_format.hpp>
#include <parley/media/error.hpp>
#include <parley/media/pcm.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace parley::media {

/// Makes payloads of sound. Allocates nothing once it has been made, but for `reset`.
class PARLEY_API audio_encoder {
 public:
  audio_encoder() = default;
  audio_encoder(const audio_encoder&) = delete;
  audio_encoder& operator=(const audio_encoder&) = delete;
  virtual ~audio_encoder();

  /// The sound that it takes.
  virtual pcm_format input() const noexcept = 0;

  /// Whether a payload may hold that many samples a channel: Opus has frames of certain lengths, GSM
  /// multiples of 20 ms.
  virtual bool accepts(std::size_t length) const noexcept = 0;

  /// The bytes that a payload of that many samples a channel takes at most.
  virtual std::size_t max_payload(std::size_t length) const noexcept = 0;

  /// Writes one payload and returns its size; 0 where nothing need be sent, because the codec is silent
  /// (DTX). *Errors:* `errc::bad_frame_length` for what `accepts` refuses, `errc::no_space` where `out`
  /// is smaller than what is to be written; the state of the codec is as before then. `errc::codec_failed`
  /// where the library refuses: `reset` and go on.
  virtual base::result<std::size_t> encode(std::span<const std::int16_t> samples,
                                           std::span<std::byte> out) = 0;

  /// Tells how many of a hundred packets are lost, so that Opus puts in as much redundancy. Others ignore it.
  virtual void expect_loss(unsigned percent) noexcept;

  /// Tells what the network carries, in bit/s without headers. Codecs of one rate ignore it.
  virtual void set_bit_rate(std::uint32_t bits_per_second) noexcept;

  /// Forgets what has been encoded, as at the beginning of a stream. libgsm's state can only be made anew:
  /// where GSM has been used since, this takes memory (less than 1 KiB) and gives as much back.
  virtual void reset() noexcept = 0;
};

/// Makes sound of payloads. Any bytes may be given. Allocates nothing once it has been made, but for `reset`.
class PARLEY_API audio_decoder {
 public:
  audio_decoder() = default;
  audio_decoder(const audio_decoder&) = delete;
  audio_decoder& operator=(const audio_decoder&) = delete;
  virtual ~audio_decoder();

  /// The sound that it gives.
  virtual pcm_format output() const noexcept = 0;

  /// How many samples a channel a payload holds, from its size and its first bytes alone. *Errors:*
  /// `errc::bad_payload`.
  virtual base::result<std::size_t> samples_of(std::span<const std::byte> payload) const noexcept = 0;

  /// Writes the sound of a payload to the beginning of `out` and returns that part of it. *Errors:*
  /// `errc::bad_payload`: take the packet for lost; `errc::no_space` where `samples_of` is more than `out`
  /// has.
  virtual base::result<std::span<std::int16_t>> decode(std::span<const std::byte> payload,
                                                       std::span<std::int16_t> out) = 0;

  /// Fills `out` with what a lost packet probably held. *Errors:* `errc::not_concealed` where the codec has
  /// no concealment of its own, or none for that length: fill the gap from the samples before it.
  virtual base::result<void> conceal(std::span<std::int16_t> out);

  /// Fills `out`, as long as the one lost packet, from the redundancy in the packet that came after it; then
  /// `decode` that one. *Errors:* `errc::not_concealed` where it has none: `conceal`. `errc::bad_payload`.
  virtual base::result<void> recover(std::span<const std::byte> next_payload, std::span<std::int16_t> out);

  /// Forgets what has been decoded, as at the beginning of a stream. Of GSM as `audio_encoder::reset`.
  virtual void reset() noexcept = 0;
};

/// What Opus is tuned for.
enum class opus_application : std::uint8_t { voip, audio, low_delay };

/// What an encoder may choose. All of it is Opus's: the others have nothing to choose. What the peer's
/// parameters (RFC 7587 6.1) limit is limited further, never less.
struct encoder_options {
  std::optional<std::uint32_t> bit_rate;  ///< bit/s; without one libopus chooses by rate and channels
  std::uint8_t complexity = 5;            ///< 0 to 10; a step costs about as much time as it saves bits
  bool fec = true;                 ///< redundancy, where the peer has useinbandfec and losses are expected
  bool dtx = true;                 ///< silence isn't sent, where the peer has usedtx
  std::uint8_t expected_loss = 0;  ///< percent
  std::uint32_t max_playback_rate = 48000;  ///< Hz; what is above half of it isn't encoded
  opus_application application = opus_application::voip;
};

/// An encoder whose payloads a peer that has announced `format` understands. *Errors:*
/// `errc::unknown_codec`; `errc::bad_parameters` where the fmtp can't be read: treat the format as one that
/// isn't supported.
PARLEY_API base::result<std::unique_ptr<audio_encoder>> make_encoder(const audio_format& format,
                                                                     const encoder_options& options = {});

/// A decoder of what was announced as `format`. *Errors:* as `make_encoder`.
PARLEY_API base::result<std::unique_ptr<audio_decoder>> make_decoder(const audio_format& format);

}  // namespace parley::media
