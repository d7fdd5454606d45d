#include <parley/media/ivf.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

// All numbers are in little endian. The header: "DKIF", version (2 bytes), length of the header (2), code of
// the codec (4), width (2), height (2), rate (4), scale (4), number of frames (4), unused (4). A frame: size
// (4), time (8), bytes.

namespace parley::media {
namespace {

constexpr std::size_t ivf_header_bytes = 32;
constexpr std::size_t ivf_frame_header_bytes = 12;
constexpr std::size_t ivf_count_at = 24;
constexpr std::string_view ivf_magic = "DKIF";

struct ivf_code {
  video_codec codec;
  std::string_view code;
};
constexpr std::array<ivf_code, 4> ivf_codes{{{video_codec::vp8, "VP80"},
                                             {video_codec::vp9, "VP90"},
                                             {video_codec::h264, "H264"},
                                             {video_codec::av1, "AV01"}}};

template <std::size_t Width>
void put_little(std::span<std::byte> out, std::size_t at, std::uint64_t value) noexcept {
  for (std::size_t i = 0; i < Width; ++i) out[at + i] = static_cast<std::byte>(value >> (8 * i) & 0xFFU);
}

template <std::size_t Width>
std::uint64_t take_little(std::span<const std::byte> in, std::size_t at) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = Width; i-- > 0;) value = value << 8U | std::to_integer<std::uint64_t>(in[at + i]);
  return value;
}

bool stands_at(std::span<const std::byte> in, std::size_t at, std::string_view text) noexcept {
  return std::ranges::equal(in.subspan(at, text.size()), std::as_bytes(std::span(text)));
}

}  // namespace

base::result<ivf_writer> ivf_writer::create(byte_store& store, const ivf_header& header) {
  if (store.size() != 0) return errc::unknown_file;
  if (header.rate == 0 || header.scale == 0) return errc::bad_parameters;
  std::array<std::byte, ivf_header_bytes> bytes{};
  std::ranges::copy(std::as_bytes(std::span(ivf_magic)), bytes.begin());
  put_little<2>(bytes, 6, ivf_header_bytes);
  for (const auto& [codec, code] : ivf_codes) {
    if (codec == header.codec) std::ranges::copy(std::as_bytes(std::span(code)), bytes.begin() + 8);
  }
  put_little<2>(bytes, 12, header.width);
  put_little<2>(bytes, 14, header.height);
  put_little<4>(bytes, 16, header.rate);
  put_little<4>(bytes, 20, header.scale);
  if (const auto written = store.write_at(0, bytes); !written) return written.error();
  ivf_writer writer(store);
  writer.end_ = bytes.size();
  return writer;
}

base::result<void> ivf_writer::write(std::span<const std::byte> frame, std::uint64_t time) {
  if (frame.empty() || frame.size() > std::numeric_limits<std::uint32_t>::max()) return errc::bad_frame;
  if (frames_ == std::numeric_limits<std::uint32_t>::max()) return errc::limit_reached;
  std::array<std::byte, ivf_frame_header_bytes> head{};
  put_little<4>(head, 0, frame.size());
  put_little<8>(head, 4, time);
  if (const auto written = store_->write_at(end_, head); !written) return written;
  if (const auto written = store_->write_at(end_ + head.size(), frame); !written) return written;
  end_ += head.size() + frame.size();
  ++frames_;
  return {};
}

base::result<void> ivf_writer::finish() {
  std::array<std::byte, 4> count{};
  put_little<4>(count, 0, frames_);
  return store_->write_at(ivf_count_at, count);
}

base::result<ivf_reader> ivf_reader::open(byte_store& store, std::size_t max_frame_bytes) {
  std::array<std::byte, ivf_header_bytes> bytes{};
  const auto read = store.read_at(0, bytes);
  if (!read) return read.error();
  const auto length = take_little<2>(bytes, 6);
  if (*read < bytes.size() || !stands_at(bytes, 0, ivf_magic) || take_little<2>(bytes, 4) != 0 ||
      length < ivf_header_bytes) {
    return errc::unknown_file;
  }
  ivf_reader reader(store, max_frame_bytes);
  const auto code =
      std::ranges::find_if(ivf_codes, [&](const ivf_code& c) { return stands_at(bytes, 8, c.code); });
  if (code == ivf_codes.end()) return errc::unknown_file;
  reader.header_ = {code->codec, static_cast<std::uint16_t>(take_little<2>(bytes, 12)),
                    static_cast<std::uint16_t>(take_little<2>(bytes, 14)),
                    static_cast<std::uint32_t>(take_little<4>(bytes, 16)),
                    static_cast<std::uint32_t>(take_little<4>(bytes, 20))};
  if (reader.header_.rate == 0 || reader.header_.scale == 0) return errc::unknown_file;
  reader.at_ = length;
  return reader;
}

base::result<std::optional<ivf_frame>> ivf_reader::next() {
  using frame_result = base::result<std::optional<ivf_frame>>;
  std::array<std::byte, ivf_frame_header_bytes> head{};
  const auto read = store_->read_at(at_, head);
  if (!read) return read.error();
  const std::uint64_t size = take_little<4>(head, 0);
  // What a frame takes is known to be there before there is memory for it.
  if (*read < head.size() || store_->size() < at_ + head.size() + size) return frame_result(std::nullopt);
  if (size > max_frame_bytes_) return errc::limit_reached;
  frame_.resize(size);
  const auto got = store_->read_at(at_ + head.size(), frame_);
  if (!got) return got.error();
  if (*got < size) return frame_result(std::nullopt);
  at_ += head.size() + size;
  return frame_result(ivf_frame{frame_, take_little<8>(head, 4)});
}

}  // namespace parley::media
