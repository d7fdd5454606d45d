#include <parley/base/byte_reader.hpp>
#include <parley/base/byte_writer.hpp>

#include "media/detail/video_payloads.hpp"
#include "media/detail/vp9_frames.hpp"

#include <array>
#include <cstdint>

// RFC 9628 4.2:
//
//      0 1 2 3 4 5 6 7
//     +-+-+-+-+-+-+-+-+
//     |I|P|L|F|B|E|V|Z| (REQUIRED)
//     +-+-+-+-+-+-+-+-+
// I:  |M| PICTURE ID  | (REQUIRED in flexible mode)  a second byte where M is set
//     +-+-+-+-+-+-+-+-+
// L:  | TID |U| SID |D| (CONDITIONALLY RECOMMENDED)
//     +-+-+-+-+-+-+-+-+
//     |   TL0PICIDX   | (CONDITIONALLY REQUIRED)  where L is set and F is not
//     +-+-+-+-+-+-+-+-+
// P,F:| P_DIFF      |N| (CONDITIONALLY REQUIRED)  up to three times
//     +-+-+-+-+-+-+-+-+
// V:  | SS            |
//     +-+-+-+-+-+-+-+-+

namespace parley::media::detail {
namespace {

constexpr unsigned vp9_has_picture_id = 0x80;
constexpr unsigned vp9_predicted = 0x40;
constexpr unsigned vp9_has_layer = 0x20;
constexpr unsigned vp9_flexible = 0x10;
constexpr unsigned vp9_begins = 0x08;
constexpr unsigned vp9_ends = 0x04;
constexpr unsigned vp9_has_structure = 0x02;
constexpr unsigned vp9_max_references = 3;

/// 4.2.1. False where it doesn't end.
bool skip_scalability_structure(base::byte_reader& in) noexcept {
  const auto first = in.u8();
  if (!first) return false;
  const std::size_t layers = (*first >> 5U) + 1U;
  if ((*first & 0x10U) != 0 && !in.skip(4 * layers)) return false;
  if ((*first & 0x08U) == 0) return true;
  const auto pictures = in.u8();
  if (!pictures) return false;
  for (unsigned i = 0; i < *pictures; ++i) {
    const auto picture = in.u8();
    if (!picture || !in.skip(*picture >> 2U & 3U)) return false;
  }
  return true;
}

struct vp9_descriptor {
  bool begins = false;
  bool ends = false;
  std::span<const std::byte> rest{};
};

base::result<vp9_descriptor> read_vp9_descriptor(std::span<const std::byte> payload) noexcept {
  base::byte_reader in(payload);
  const auto first = in.u8();
  if (!first) return errc::bad_descriptor;
  const bool flexible = (*first & vp9_flexible) != 0;
  vp9_descriptor read{(*first & vp9_begins) != 0, (*first & vp9_ends) != 0, {}};
  if ((*first & vp9_has_picture_id) != 0) {
    const auto id = in.u8();
    if (!id || ((*id & 0x80U) != 0 && !in.skip(1))) return errc::bad_descriptor;
  } else if (flexible) {
    return errc::bad_descriptor;
  }
  if ((*first & vp9_has_layer) != 0) {
    const auto layer = in.u8();
    if (!layer || (!flexible && !in.skip(1))) return errc::bad_descriptor;
  }
  if (flexible && (*first & vp9_predicted) != 0) {
    for (unsigned i = 0;; ++i) {
      const auto reference = in.u8();
      if (!reference || i == vp9_max_references) return errc::bad_descriptor;
      if ((*reference & 1U) == 0) break;
    }
  }
  if ((*first & vp9_has_structure) != 0 && !skip_scalability_structure(in)) return errc::bad_descriptor;
  if (in.empty()) return errc::bad_descriptor;
  read.rest = in.rest();
  return read;
}

/// The frames of the spatial layers of a picture become one superframe, whose index says where each begins.
class vp9_reader final : public payload_reader {
 public:
  base::result<payload_place> place_of(std::span<const std::byte> payload) const noexcept override {
    const auto read = read_vp9_descriptor(payload);
    if (!read) return read.error();
    // The frame of any spatial layer may be the first: where the upper ones depend on the lower ones in key
    // pictures only, nobody sends the lower ones of the others.
    return read->begins ? payload_place::may_begin : payload_place::goes_on;
  }

  void begin() noexcept override {
    count_ = 0;
    open_ = false;
  }

  base::result<void> append(std::span<const std::byte> payload, frame_buffer& out) override {
    const auto read = read_vp9_descriptor(payload);
    if (!read) return read.error();
    // 4.2: B on the first packet of each layer's frame, E on the last.
    if (read->begins == open_) return errc::bad_fragment;
    if (read->begins) {
      if (count_ == sizes_.size()) return errc::limit_reached;
      sizes_[count_++] = 0;
    }
    open_ = !read->ends;
    sizes_[count_ - 1] += static_cast<std::uint32_t>(read->rest.size());
    return out.add(read->rest);
  }

  base::result<void> finish(frame_buffer& out) override {
    if (open_ || count_ == 0) return errc::bad_fragment;
    if (count_ == 1) return {};
    std::array<std::byte, superframe_index_bytes(vp9_frames::max_frames)> index{};
    put_superframe_index(index.data(), std::span(sizes_).first(count_));
    return out.add(std::span(index).first(superframe_index_bytes(count_)));
  }

 private:
  std::array<std::uint32_t, vp9_frames::max_frames> sizes_{};
  std::size_t count_ = 0;
  bool open_ = false;
};

class vp9_packetizer final : public video_packetizer {
 public:
  explicit vp9_packetizer(const video_packetizer_options& options) noexcept
      : options_(options), picture_id_(static_cast<std::uint16_t>(options.first_picture_id - 1)) {}

  base::result<void> begin(std::span<const std::byte> frame, const video_layer& layer) override {
    rest_ = {};
    const auto header = read_video_header(video_codec::vp9, frame);
    if (!header) return header.error();
    if (layer.temporal_id > 7 || layer.reference_distance == 0 || layer.reference_distance > 127) {
      return errc::bad_frame;
    }
    rest_ = frame;
    header_ = *header;
    layer_ = layer;
    first_ = true;
    picture_id_ = (picture_id_ + 1U) & picture_id_mask;
    return {};
  }

  base::result<video_payload> next(std::span<std::byte> out) noexcept override {
    if (out.size() < options_.max_payload) return errc::no_space;
    if (rest_.empty()) return errc::late;
    const bool layers = options_.temporal_layers;
    const bool structure = first_ && header_.key_frame;
    const bool predicted = !header_.key_frame;
    base::byte_writer writer(out);
    writer.u8(static_cast<std::uint8_t>(vp9_has_picture_id | (predicted ? vp9_predicted : 0U) |
                                        (layers ? vp9_has_layer | vp9_flexible : 0U) |
                                        (first_ ? vp9_begins : 0U) | (structure ? vp9_has_structure : 0U)));
    writer.u16(static_cast<std::uint16_t>(0x8000U | picture_id_));
    if (layers) {
      writer.u8(
          static_cast<std::uint8_t>(unsigned{layer_.temporal_id} << 5U | (layer_.layer_sync ? 0x10U : 0U)));
      if (predicted) writer.u8(static_cast<std::uint8_t>(layer_.reference_distance << 1U));
    }
    if (structure) write_structure(writer);
    first_ = false;
    writer.bytes(take_even_piece(rest_, options_.max_payload - writer.position()));
    if (rest_.empty()) out[0] |= static_cast<std::byte>(vp9_ends);
    return video_payload{writer.written(), rest_.empty()};
  }

 private:
  /// 4.2.1: one spatial layer of that size. In the other mode than the flexible one a picture refers to the
  /// one before it; 4.2: in flexible mode each tells by itself.
  void write_structure(base::byte_writer& writer) const noexcept {
    constexpr std::uint8_t sizes = 0x10;
    constexpr std::uint8_t group = 0x08;
    constexpr std::uint8_t one_reference = 1U << 2U;
    const bool grouped = !options_.temporal_layers;
    writer.u8(grouped ? sizes | group : sizes);
    writer.u16(static_cast<std::uint16_t>(header_.width));
    writer.u16(static_cast<std::uint16_t>(header_.height));
    if (!grouped) return;
    writer.u8(1);
    writer.u8(one_reference);
    writer.u8(1);
  }

  video_packetizer_options options_;
  std::span<const std::byte> rest_;
  video_header header_;
  video_layer layer_;
  bool first_ = false;
  std::uint16_t picture_id_;
};

}  // namespace

std::unique_ptr<payload_reader> make_vp9_reader() { return std::make_unique<vp9_reader>(); }

std::unique_ptr<video_packetizer> make_vp9_packetizer(const video_packetizer_options& options) {
  return std::make_unique<vp9_packetizer>(options);
}

}  // namespace parley::media::detail
