#pragma once

#include <parley/base/api.hpp>
#include <parley/base/error.hpp>
#include <parley/media/sound_file.hpp>
#include <parley/media/tone_generator.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace parley::media {

/// Where sound comes from: a microphone, a file, a tone. One channel, at the rate of whoever reads.
class PARLEY_API sound_source {
 public:
  sound_source() = default;
  sound_source(const sound_source&) = delete;
  sound_source& operator=(const sound_source&) = delete;
  virtual ~sound_source();

  /// Writes what comes next to the beginning of `out` and returns how many samples that is; the reader takes
  /// the rest for silence. Called from inside of a machine: must not call that, nor block for long.
  virtual std::size_t read(std::span<std::int16_t> out) noexcept = 0;
};

/// Where sound goes: a loudspeaker, a file. One channel.
class PARLEY_API sound_sink {
 public:
  sound_sink() = default;
  sound_sink(const sound_sink&) = delete;
  sound_sink& operator=(const sound_sink&) = delete;
  virtual ~sound_sink();

  /// Takes a frame. The same holds as for `sound_source::read`.
  virtual void write(std::span<const std::int16_t> frame) noexcept = 0;
};

/// A tone as a source.
class PARLEY_API tone_source final : public sound_source {
 public:
  /// Silence where `what` is none that a `tone_generator` of that rate can play.
  tone_source(const tone& what, std::uint32_t rate) noexcept;

  std::size_t read(std::span<std::int16_t> out) noexcept override;

 private:
  tone_generator generator_;
};

/// A sound file as a source: once, and then nothing. What can't be read ends it.
class PARLEY_API file_source final : public sound_source {
 public:
  /// `reader` gives one channel at the rate of whoever reads.
  explicit file_source(sound_file_reader reader) noexcept : reader_(std::move(reader)) {}

  bool ended() const noexcept { return ended_; }
  /// What ended it before the end of the file; none where nothing did.
  const base::error_code& error() const noexcept { return error_; }

  std::size_t read(std::span<std::int16_t> out) noexcept override;

 private:
  sound_file_reader reader_;
  base::error_code error_;
  bool ended_ = false;
};

/// A sound file as a sink.
class PARLEY_API file_sink final : public sound_sink {
 public:
  /// `writer` takes one channel, at the rate of the frames.
  explicit file_sink(sound_file_writer writer) noexcept : writer_(std::move(writer)) {}

  /// Why nothing more is written, as on a disk that is full; none where all was.
  const base::error_code& error() const noexcept { return error_; }

  void write(std::span<const std::int16_t> frame) noexcept override;

  /// Completes the file; what comes later is left out. *Errors:* the first that there was.
  base::result<void> finish() noexcept;

 private:
  sound_file_writer writer_;
  base::error_code error_;
  bool finished_ = false;
};

}  // namespace parley::media
