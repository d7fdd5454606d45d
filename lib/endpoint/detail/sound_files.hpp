#pragma once

#include <parley/base/result.hpp>
#include <parley/media/sound_file.hpp>
#include <parley/media/sound_io.hpp>
#include <parley/net/file_store.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace parley::detail {

/// A file that is being played.
class played_file final : public media::sound_source {
 public:
  /// *Errors:* of the system, and of `media::sound_file_reader::open`.
  static base::result<std::shared_ptr<played_file>> open(const std::string& path, std::uint32_t rate) {
    auto store = net::file_store::open(path);
    if (!store) return store.error();
    auto made = std::make_shared<played_file>(*std::move(store));
    auto reader = media::sound_file_reader::open(made->store_, media::pcm_format{rate, 1});
    if (!reader) return reader.error();
    made->sound_.emplace(*std::move(reader));
    return made;
  }
  explicit played_file(net::file_store store) noexcept : store_(std::move(store)) {}

  /// Called once, from inside of `read`, behind the last sound. It does not throw.
  void on_end(std::function<void()> told) { ended_ = std::move(told); }
  const base::error_code& error() const noexcept { return sound_->error(); }

  /// Silence comes before that.
  void begin() noexcept { begun_ = true; }

  std::size_t read(std::span<std::int16_t> out) noexcept override {
    if (!begun_) return 0;
    const std::size_t got = sound_->read(out);
    if (sound_->ended() && ended_) std::exchange(ended_, nullptr)();
    return got;
  }

 private:
  net::file_store store_;
  std::optional<media::file_source> sound_;
  std::function<void()> ended_;
  bool begun_ = false;
};

/// A file that what is heard is written to.
class recorded_file final : public media::sound_sink {
 public:
  /// *Errors:* of the system, and of `media::sound_file_writer::create`.
  static base::result<std::shared_ptr<recorded_file>> create(const std::string& path, std::uint32_t rate) {
    auto store = net::file_store::create(path);
    if (!store) return store.error();
    auto made = std::make_shared<recorded_file>(*std::move(store));
    const bool opus = path.ends_with(".opus") || path.ends_with(".ogg");
    auto writer = media::sound_file_writer::create(
        made->store_, opus ? media::sound_encoding::ogg_opus : media::sound_encoding::wav_s16, {rate, 1});
    if (!writer) return writer.error();
    made->sound_.emplace(*std::move(writer));
    return made;
  }
  explicit recorded_file(net::file_store store) noexcept : store_(std::move(store)) {}

  void write(std::span<const std::int16_t> frame) noexcept override { sound_->write(frame); }
  base::result<void> finish() noexcept { return sound_->finish(); }

 private:
  net::file_store store_;
  std::optional<media::file_sink> sound_;
};

}  // namespace parley::detail
