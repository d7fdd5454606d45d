#include <parley/media/sound_io.hpp>

#include <tuple>

namespace parley::media {

sound_source::~sound_source() = default;
sound_sink::~sound_sink() = default;

tone_source::tone_source(const tone& what, std::uint32_t rate) noexcept : generator_(rate) {
  std::ignore = generator_.play(what);
}

std::size_t tone_source::read(std::span<std::int16_t> out) noexcept { return generator_.generate(out); }

std::size_t file_source::read(std::span<std::int16_t> out) noexcept {
  if (ended_) return 0;
  try {
    const auto got = reader_.read(out);
    if (got && got->size() == out.size()) return out.size();
    ended_ = true;
    if (got) return got->size();
    error_ = got.error();
  } catch (...) {
    ended_ = true;
    error_ = make_error_code(errc::limit_reached);
  }
  return 0;
}

void file_sink::write(std::span<const std::int16_t> frame) noexcept {
  if (error_ || finished_) return;
  try {
    if (const auto written = writer_.write(frame); !written) error_ = written.error();
  } catch (...) {
    error_ = make_error_code(errc::limit_reached);
  }
}

base::result<void> file_sink::finish() noexcept {
  if (!finished_) {
    finished_ = true;
    try {
      const auto done = writer_.finish();
      if (!done && !error_) error_ = done.error();
    } catch (...) {
      error_ = make_error_code(errc::limit_reached);
    }
  }
  if (error_) return error_;
  return {};
}

}  // namespace parley::media
