#include <parley/base/byte_writer.hpp>
#include <parley/media/video_header.hpp>

#include "media/detail/video_payloads.hpp"

#include <cstdint>

// RFC 7741 4.2:
//
//      0 1 2 3 4 5 6 7
//     +-+-+-+-+-+-+-+-+
//     |X|R|N|S|R| PID | (REQUIRED)
//     +-+-+-+-+-+-+-+-+
// X:  |I|L|T|K| RSV   | (OPTIONAL)
//     +-+-+-+-+-+-+-+-+
// I:  |M| PictureID   | (OPTIONAL)  a second byte where M is set
//     +-+-+-+-+-+-+-+-+
// L:  |   TL0PICIDX   | (OPTIONAL)
//     +-+-+-+-+-+-+-+-+
// T/K:|TID|Y| KEYIDX  | (OPTIONAL)
//     +-+-+-+-+-+-+-+-+

namespace parley::media::detail {
namespace {

constexpr unsigned vp8_extended = 0x80;
constexpr unsigned vp8_discardable = 0x20;
constexpr unsigned vp8_start = 0x10;
constexpr unsigned vp8_partition = 0x07;
constexpr unsigned vp8_has_picture_id = 0x80;
constexpr unsigned vp8_has_tl0picidx = 0x40;
constexpr unsigned vp8_has_tid = 0x20;
constexpr unsigned vp8_has_keyidx = 0x10;

class vp8_reader final : public payload_reader {
 public:
  base::result<payload_place> place_of(std::span<const std::byte> payload) const noexcept override {
    if (!skip_descriptor(payload)) return errc::bad_descriptor;
    const auto first = std::to_integer<unsigned>(payload[0]);
    return (first & (vp8_start | vp8_partition)) == vp8_start ? payload_place::may_begin
                                                              : payload_place::goes_on;
  }

  base::result<void> append(std::span<const std::byte> payload, frame_buffer& out) override {
    const std::size_t descriptor = skip_descriptor(payload);
    if (descriptor == 0) return errc::bad_descriptor;
    return out.add(payload.subspan(descriptor));
  }

 private:
  /// The bytes of the descriptor; 0 where nothing of the frame follows it.
  static std::size_t skip_descriptor(std::span<const std::byte> payload) noexcept {
    const auto at = [&](std::size_t i) {
      return i < payload.size() ? std::to_integer<unsigned>(payload[i]) : 0U;
    };
    std::size_t size = 1;
    if ((at(0) & vp8_extended) != 0) {
      const unsigned fields = at(1);
      size = 2;
      if ((fields & vp8_has_picture_id) != 0) size += (at(size) & 0x80U) != 0 ? 2 : 1;
      if ((fields & vp8_has_tl0picidx) != 0) ++size;
      if ((fields & (vp8_has_tid | vp8_has_keyidx)) != 0) ++size;
    }
    return size < payload.size() ? size : 0;
  }
};

class vp8_packetizer final : public video_packetizer {
 public:
  explicit vp8_packetizer(const video_packetizer_options& options) noexcept
      : options_(options), picture_id_(static_cast<std::uint16_t>(options.first_picture_id - 1)) {}

  base::result<void> begin(std::span<const std::byte> frame, const video_layer& layer) override {
    rest_ = {};
    const auto header = read_video_header(video_codec::vp8, frame);
    if (!header) return header.error();
    if (layer.temporal_id > 3) return errc::bad_frame;
    rest_ = frame;
    layer_ = layer;
    first_ = true;
    picture_id_ = (picture_id_ + 1U) & picture_id_mask;
    if (layer.temporal_id == 0) ++tl0picidx_;
    if (header->key_frame) keyidx_ = (keyidx_ + 1U) & 31U;
    return {};
  }

  base::result<video_payload> next(std::span<std::byte> out) noexcept override {
    if (out.size() < options_.max_payload) return errc::no_space;
    if (rest_.empty()) return errc::late;
    base::byte_writer writer(out);
    // 4.2: all packets may be said to be of partition 0.
    writer.u8(static_cast<std::uint8_t>(vp8_extended | (layer_.discardable ? vp8_discardable : 0U) |
                                        (first_ ? vp8_start : 0U)));
    const unsigned layers = options_.temporal_layers ? vp8_has_tl0picidx | vp8_has_tid | vp8_has_keyidx : 0U;
    writer.u8(static_cast<std::uint8_t>(vp8_has_picture_id | layers));
    writer.u16(static_cast<std::uint16_t>(0x8000U | picture_id_));
    if (options_.temporal_layers) {
      writer.u8(tl0picidx_);
      writer.u8(static_cast<std::uint8_t>(unsigned{layer_.temporal_id} << 6U |
                                          (layer_.layer_sync ? 0x20U : 0U) | keyidx_));
    }
    first_ = false;
    writer.bytes(take_even_piece(rest_, options_.max_payload - writer.position()));
    return video_payload{writer.written(), rest_.empty()};
  }

 private:
  video_packetizer_options options_;
  std::span<const std::byte> rest_;
  video_layer layer_;
  bool first_ = false;
  std::uint16_t picture_id_;
  std::uint8_t tl0picidx_ = 0;
  std::uint8_t keyidx_ = 0;
};

}  // namespace

std::unique_ptr<payload_reader> make_vp8_reader() { return std::make_unique<vp8_reader>(); }

std::unique_ptr<video_packetizer> make_vp8_packetizer(const video_packetizer_options& options) {
  return std::make_unique<vp8_packetizer>(options);
}

}  // namespace parley::media::detail
