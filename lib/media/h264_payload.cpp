#include <parley/base/byte_reader.hpp>
#include <parley/base/byte_writer.hpp>
#include <parley/media/video_header.hpp>

#include "media/detail/nal_unit.hpp"
#include "media/detail/video_payloads.hpp"

#include <array>
#include <cstdint>

// RFC 6184. On this side of it units stand in the byte stream of H.264 Annex B, each behind 0, 0, 0, 1.

namespace parley::media::detail {
namespace {

constexpr unsigned fu_start = 0x80;
constexpr unsigned fu_end = 0x40;
constexpr std::byte nal_importance{0x60};  // nal_ref_idc
constexpr std::byte nal_forbidden{0x80};
constexpr std::byte nal_type_bits{0x1F};

class h264_reader final : public payload_reader {
 public:
  explicit h264_reader(unsigned packetization_mode) noexcept : mode_(packetization_mode) {}

  base::result<payload_place> place_of(std::span<const std::byte> payload) const noexcept override {
    const auto type = nal_type_of(payload[0]);
    if (is_single(type)) return payload_place::may_begin;
    // 5.4, table 3: what mode 1 adds; STAP-B, MTAPs and FU-B are of the interleaved mode.
    if (mode_ == 0 || (type != nal_type::stap_a && type != nal_type::fu_a)) return errc::unsupported_packet;
    if (type == nal_type::stap_a) {
      base::byte_reader in(payload.subspan(1));
      if (in.empty()) return errc::bad_aggregation;
      while (!in.empty()) {
        const auto size = in.u16();
        if (!size || *size == 0) return errc::bad_aggregation;
        const auto unit = in.bytes(*size);
        if (!unit || !is_single(nal_type_of((*unit)[0]))) return errc::bad_aggregation;
      }
      return payload_place::may_begin;
    }
    // 5.8: a unit is not one fragment.
    if (payload.size() < 3) return errc::bad_fragment;
    const auto header = std::to_integer<unsigned>(payload[1]);
    if ((header & (fu_start | fu_end)) == (fu_start | fu_end)) return errc::bad_fragment;
    if (!is_single(nal_type_of(payload[1]))) return errc::bad_fragment;
    return (header & fu_start) != 0 ? payload_place::may_begin : payload_place::goes_on;
  }

  void begin() noexcept override { open_ = false; }

  base::result<void> append(std::span<const std::byte> payload, frame_buffer& out) override {
    if (const auto fine = place_of(payload); !fine) return fine.error();
    const auto type = nal_type_of(payload[0]);
    if (type == nal_type::fu_a) return append_fragment(payload, out);
    if (open_) return errc::bad_fragment;
    if (type != nal_type::stap_a) return append_unit(payload, out);
    base::byte_reader in(payload.subspan(1));
    while (!in.empty()) {
      const auto unit = in.bytes(*in.u16());
      if (const auto added = append_unit(*unit, out); !added) return added;
    }
    return {};
  }

  base::result<void> finish(frame_buffer&) override {
    if (open_) return errc::bad_fragment;
    return {};
  }

 private:
  /// 5.2: types 1 to 23 are units as they are.
  static bool is_single(nal_type type) noexcept {
    return static_cast<unsigned>(type) >= 1 && static_cast<unsigned>(type) <= 23;
  }

  static base::result<void> append_start_code(frame_buffer& out) {
    constexpr std::array start_code{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
    return out.add(start_code);
  }

  static base::result<void> append_unit(std::span<const std::byte> unit, frame_buffer& out) {
    if (const auto added = append_start_code(out); !added) return added;
    return out.add(unit);
  }

  base::result<void> append_fragment(std::span<const std::byte> payload, frame_buffer& out) {
    const auto header = std::to_integer<unsigned>(payload[1]);
    const bool starts = (header & fu_start) != 0;
    if (starts == open_ || (!starts && nal_type_of(payload[1]) != type_)) return errc::bad_fragment;
    if (starts) {
      type_ = nal_type_of(payload[1]);
      if (const auto added = append_start_code(out); !added) return added;
      const std::byte unit = (payload[0] & ~nal_type_bits) | (payload[1] & nal_type_bits);
      if (const auto added = out.add(unit); !added) return added;
    }
    open_ = (header & fu_end) == 0;
    return out.add(payload.subspan(2));
  }

  unsigned mode_;
  bool open_ = false;
  nal_type type_{};
};

class h264_packetizer final : public video_packetizer {
 public:
  h264_packetizer(const video_packetizer_options& options, unsigned packetization_mode) noexcept
      : options_(options), mode_(packetization_mode) {}

  base::result<void> begin(std::span<const std::byte> frame, const video_layer&) override {
    units_.clear();
    at_ = 0;
    fragments_ = {};
    const auto taken = take_units(frame);
    if (!taken) units_.clear();
    return taken;
  }

  base::result<video_payload> next(std::span<std::byte> out) noexcept override {
    if (out.size() < options_.max_payload) return errc::no_space;
    if (at_ == units_.size()) return errc::late;
    base::byte_writer writer(out.first(options_.max_payload));
    if (!fragments_.empty() || units_[at_].size() > options_.max_payload) {
      write_fragment(writer);
    } else if (const std::size_t together = units_that_fit(); together > 1) {
      write_aggregation(writer, together);
    } else {
      writer.bytes(units_[at_++]);
    }
    return video_payload{writer.written(), at_ == units_.size()};
  }

 private:
  base::result<void> take_units(std::span<const std::byte> frame) {
    nal_stream stream(frame);
    if (!stream.clean()) return errc::bad_frame;
    while (const auto unit = stream.next()) {
      const auto type = static_cast<unsigned>(nal_type_of((*unit)[0]));
      if (type == 0 || type > 23 || ((*unit)[0] & nal_forbidden) != std::byte{0}) return errc::bad_frame;
      if (mode_ == 0 && unit->size() > options_.max_payload) return errc::unit_too_large;
      if (units_.size() == max_units) return errc::limit_reached;
      units_.push_back(*unit);
    }
    if (units_.empty()) return errc::bad_frame;
    return {};
  }

  /// How many units from the next on fit into one payload.
  std::size_t units_that_fit() const noexcept {
    if (mode_ == 0) return 1;
    std::size_t count = 0;
    for (std::size_t size = 1; at_ + count < units_.size(); ++count) {
      size += 2 + units_[at_ + count].size();
      if (size > options_.max_payload) break;
    }
    return count;
  }

  /// 5.7.1. The header has the greatest importance, and the forbidden bit, of any unit.
  void write_aggregation(base::byte_writer& writer, std::size_t count) noexcept {
    std::byte importance{0};
    for (std::size_t i = 0; i < count; ++i) {
      importance = std::max(importance, units_[at_ + i][0] & nal_importance);
    }
    writer.u8(std::to_integer<std::uint8_t>(importance) | static_cast<std::uint8_t>(nal_type::stap_a));
    for (; count != 0; --count, ++at_) {
      writer.u16(static_cast<std::uint16_t>(units_[at_].size()));
      writer.bytes(units_[at_]);
    }
  }

  /// 5.8. The unit's own header is spread over the two bytes before each fragment.
  void write_fragment(base::byte_writer& writer) noexcept {
    const std::byte header = units_[at_][0];
    const bool starts = fragments_.empty();
    if (starts) fragments_ = units_[at_].subspan(1);
    const auto piece = take_even_piece(fragments_, options_.max_payload - 2);
    writer.u8(std::to_integer<std::uint8_t>(header & nal_importance) |
              static_cast<std::uint8_t>(nal_type::fu_a));
    writer.u8(static_cast<std::uint8_t>((starts ? fu_start : 0U) | (fragments_.empty() ? fu_end : 0U) |
                                        std::to_integer<unsigned>(header & nal_type_bits)));
    writer.bytes(piece);
    if (fragments_.empty()) ++at_;
  }

  video_packetizer_options options_;
  unsigned mode_;
  std::vector<std::span<const std::byte>> units_;
  std::size_t at_ = 0;
  std::span<const std::byte> fragments_;
};

}  // namespace

std::unique_ptr<payload_reader> make_h264_reader(unsigned packetization_mode) {
  return std::make_unique<h264_reader>(packetization_mode);
}

std::unique_ptr<video_packetizer> make_h264_packetizer(const video_packetizer_options& options,
                                                       unsigned packetization_mode) {
  return std::make_unique<h264_packetizer>(options, packetization_mode);
}

}  // namespace parley::media::detail
