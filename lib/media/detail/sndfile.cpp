#include "media/detail/sndfile.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <sndfile.h>

namespace parley::media::detail {
namespace {

struct sndfile_closer {
  void operator()(SNDFILE* file) const noexcept { sf_close(file); }
};
using sndfile_handle = std::unique_ptr<SNDFILE, sndfile_closer>;

/// A place in a store, and the first error of it: the library's callbacks can't hand one on.
struct position {
  byte_store* store;
  std::uint64_t offset = 0;
  base::error_code failed{};
};

constexpr std::uint64_t last_offset = std::numeric_limits<sf_count_t>::max();

position& at(void* user) noexcept { return *static_cast<position*>(user); }

sf_count_t length_of(void* user) noexcept {
  return static_cast<sf_count_t>(std::min(at(user).store->size(), last_offset));
}

sf_count_t seek_to(sf_count_t offset, int whence, void* user) noexcept {
  auto& p = at(user);
  sf_count_t from = 0;
  if (whence == SEEK_CUR) from = static_cast<sf_count_t>(p.offset);
  if (whence == SEEK_END) from = length_of(user);
  if (offset > 0 ? from > static_cast<sf_count_t>(last_offset) - offset : from + offset < 0) return -1;
  p.offset = static_cast<std::uint64_t>(from + offset);
  return from + offset;
}

sf_count_t read_some(void* out, sf_count_t count, void* user) noexcept {
  auto& p = at(user);
  if (count <= 0 || p.failed.failed()) return 0;
  const auto read =
      p.store->read_at(p.offset, std::span(static_cast<std::byte*>(out), static_cast<std::size_t>(count)));
  if (!read) {
    p.failed = read.error();
    return 0;
  }
  p.offset += *read;
  return static_cast<sf_count_t>(*read);
}

sf_count_t write_all(const void* bytes, sf_count_t count, void* user) noexcept {
  auto& p = at(user);
  if (count <= 0 || p.failed.failed()) return 0;
  const auto written = p.store->write_at(
      p.offset, std::span(static_cast<const std::byte*>(bytes), static_cast<std::size_t>(count)));
  if (!written) {
    p.failed = written.error();
    return 0;
  }
  p.offset += static_cast<std::uint64_t>(count);
  return count;
}

sf_count_t offset_of(void* user) noexcept { return static_cast<sf_count_t>(at(user).offset); }

SF_VIRTUAL_IO callbacks() noexcept { return {length_of, seek_to, read_some, write_all, offset_of}; }

int format_of(sound_encoding encoding) noexcept {
  switch (encoding) {
    case sound_encoding::wav_u8: return SF_FORMAT_WAV | SF_FORMAT_PCM_U8;
    case sound_encoding::wav_s16: return SF_FORMAT_WAV | SF_FORMAT_PCM_16;
    case sound_encoding::wav_s24: return SF_FORMAT_WAV | SF_FORMAT_PCM_24;
    case sound_encoding::wav_s32: return SF_FORMAT_WAV | SF_FORMAT_PCM_32;
    case sound_encoding::wav_float: return SF_FORMAT_WAV | SF_FORMAT_FLOAT;
    case sound_encoding::wav_alaw: return SF_FORMAT_WAV | SF_FORMAT_ALAW;
    case sound_encoding::wav_ulaw: return SF_FORMAT_WAV | SF_FORMAT_ULAW;
    case sound_encoding::ogg_opus: break;
  }
  return SF_FORMAT_OGG | SF_FORMAT_OPUS;
}

/// Whether the library has found what the header was read to be.
bool is(const SF_INFO& info, sound_encoding encoding) noexcept {
  int container = info.format & SF_FORMAT_TYPEMASK;
  int samples = info.format & SF_FORMAT_SUBMASK;
  if (container == SF_FORMAT_WAVEX) container = SF_FORMAT_WAV;
  if (samples == SF_FORMAT_DOUBLE) samples = SF_FORMAT_FLOAT;
  return (container | samples) == format_of(encoding);
}

/// The library would scale these by its own lights: they come and go in floating point, where 1 is 32768.
bool is_floating(sound_encoding encoding) noexcept {
  return encoding == sound_encoding::wav_float || encoding == sound_encoding::ogg_opus;
}

constexpr float full_scale = 32768;

std::int16_t to_sample(float value) noexcept {
  if (std::isnan(value)) return 0;
  return static_cast<std::int16_t>(std::lrint(std::clamp(value * full_scale, -full_scale, full_scale - 1)));
}

class sndfile_source final : public sound_source {
 public:
  explicit sndfile_source(byte_store& store) noexcept : position_{&store} {}

  base::result<void> open(sound_encoding encoding) {
    auto io = callbacks();
    file_.reset(sf_open_virtual(&io, SFM_READ, &info_, &position_));
    if (position_.failed.failed()) return position_.failed;
    if (!file_ || !is(info_, encoding)) return errc::unknown_file;
    if (info_.channels < 1 || info_.channels > std::numeric_limits<std::uint16_t>::max() ||
        info_.samplerate < 1 || info_.frames < 0) {
      return errc::unknown_file;
    }
    floating_ = is_floating(encoding);
    return {};
  }

  std::uint16_t channels() const noexcept override { return static_cast<std::uint16_t>(info_.channels); }
  std::uint32_t rate() const noexcept override { return static_cast<std::uint32_t>(info_.samplerate); }
  std::uint64_t length() const noexcept override { return static_cast<std::uint64_t>(info_.frames); }

  base::result<std::size_t> read(std::span<std::int16_t> out) noexcept override {
    const auto channels = static_cast<std::size_t>(info_.channels);
    std::size_t done = 0;
    while (done < out.size()) {
      const std::size_t got = read_block(out.subspan(done));
      if (position_.failed.failed()) return position_.failed;
      if (got == 0) break;
      done += got;
    }
    return done / channels;
  }

 private:
  /// Returns how many samples it has written to `out`, of whole instants.
  std::size_t read_block(std::span<std::int16_t> out) noexcept {
    const auto channels = static_cast<std::size_t>(info_.channels);
    if (!floating_) {
      const auto got =
          sf_readf_short(file_.get(), out.data(), static_cast<sf_count_t>(out.size() / channels));
      return static_cast<std::size_t>(std::max<sf_count_t>(got, 0)) * channels;
    }
    std::array<float, 2048> block{};
    const std::size_t most = std::min(out.size(), block.size()) / channels;
    const auto got = sf_readf_float(file_.get(), block.data(), static_cast<sf_count_t>(most));
    const std::size_t count = static_cast<std::size_t>(std::max<sf_count_t>(got, 0)) * channels;
    std::transform(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(count), out.begin(), to_sample);
    return count;
  }

  position position_;  ///< outlives the file
  sndfile_handle file_;
  SF_INFO info_{};
  bool floating_ = false;
};

class sndfile_sink final : public sound_sink {
 public:
  explicit sndfile_sink(byte_store& store) noexcept : position_{&store} {}

  base::result<void> create(sound_encoding encoding, pcm_format format) {
    auto io = callbacks();
    SF_INFO info{};
    info.samplerate = static_cast<int>(format.rate);
    info.channels = format.channels;
    info.format = format_of(encoding);
    file_.reset(sf_open_virtual(&io, SFM_WRITE, &info, &position_));
    if (position_.failed.failed()) return position_.failed;
    if (!file_) return errc::codec_failed;
    // This chunk would hold the time of day.
    if (encoding == sound_encoding::wav_float) {
      sf_command(file_.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
    }
    floating_ = is_floating(encoding);
    return {};
  }

  base::result<void> write(std::span<const std::int16_t> samples) noexcept override {
    while (!samples.empty()) {
      // Of one or two channels: blocks hold whole instants.
      const auto part = samples.first(std::min<std::size_t>(samples.size(), 2048));
      const auto count = static_cast<sf_count_t>(part.size());
      const auto written = floating_ ? write_floating(part) : sf_write_short(file_.get(), part.data(), count);
      if (position_.failed.failed()) return position_.failed;
      if (written != count) return errc::codec_failed;
      samples = samples.subspan(part.size());
    }
    return {};
  }

  base::result<void> finish() noexcept override {
    file_.reset();
    if (position_.failed.failed()) return position_.failed;
    return {};
  }

 private:
  sf_count_t write_floating(std::span<const std::int16_t> part) noexcept {
    std::array<float, 2048> block{};
    std::transform(part.begin(), part.end(), block.begin(),
                   [](std::int16_t s) { return static_cast<float>(s) / full_scale; });
    return sf_write_float(file_.get(), block.data(), static_cast<sf_count_t>(part.size()));
  }

  position position_;  ///< outlives the file
  sndfile_handle file_;
  bool floating_ = false;
};

}  // namespace

base::result<std::unique_ptr<sound_source>> open_sndfile(byte_store& store, sound_encoding encoding) {
  auto source = std::make_unique<sndfile_source>(store);
  if (const auto opened = source->open(encoding); !opened) return opened.error();
  return source;
}

base::result<std::unique_ptr<sound_sink>> create_sndfile(byte_store& store, sound_encoding encoding,
                                                         pcm_format format) {
  auto sink = std::make_unique<sndfile_sink>(store);
  if (const auto created = sink->create(encoding, format); !created) return created.error();
  return sink;
}

}  // namespace parley::media::detail
