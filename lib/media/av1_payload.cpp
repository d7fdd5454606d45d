#include <parley/base/byte_writer.hpp>
#include <parley/media/video_header.hpp>

#include "media/detail/obu.hpp"
#include "media/detail/video_payloads.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

// RTP Payload Format For AV1 of the Alliance for Open Media, 4.4: an aggregation header and OBU elements.
// Units have no sizes in packets, and there are no temporal delimiters; on this side of it both are there.
//
//      0 1 2 3 4 5 6 7
//     +-+-+-+-+-+-+-+-+
//     |Z|Y| W |N|-|-|-|
//     +-+-+-+-+-+-+-+-+

namespace parley::media::detail {
namespace {

constexpr unsigned av1_continues = 0x80;     // Z
constexpr unsigned av1_goes_on = 0x40;       // Y
constexpr unsigned av1_new_sequence = 0x08;  // N
constexpr unsigned av1_count_shift = 4;      // W
constexpr unsigned av1_max_counted = 3;

/// 5: neither is sent, nor kept of who sends it.
constexpr bool is_left_out(obu_type type) noexcept {
  return type == obu_type::temporal_delimiter || type == obu_type::tile_list;
}

/// The elements of a payload, one after the other.
class obu_elements {
 public:
  explicit obu_elements(std::span<const std::byte> payload) noexcept : rest_(payload.subspan(1)) {
    const auto header = std::to_integer<unsigned>(payload[0]);
    continues_ = (header & av1_continues) != 0;
    goes_on_ = (header & av1_goes_on) != 0;
    counted_ = header >> av1_count_shift & av1_max_counted;
    left_ = counted_;
  }

  bool continues() const noexcept { return continues_; }
  bool goes_on() const noexcept { return goes_on_; }
  bool done() const noexcept { return counted_ == 0 ? rest_.empty() : left_ == 0; }

  /// *Errors:* `errc::bad_aggregation`.
  base::result<std::span<const std::byte>> next() noexcept {
    std::size_t size = rest_.size();
    if (counted_ == 0 || left_ > 1) {
      const auto told = take_leb128(rest_);
      if (!told || *told > rest_.size()) return errc::bad_aggregation;
      size = *told;
    }
    if (size == 0) return errc::bad_aggregation;
    if (left_ != 0) --left_;
    const auto element = rest_.first(size);
    rest_ = rest_.subspan(size);
    return element;
  }

 private:
  std::span<const std::byte> rest_;
  bool continues_ = false;
  bool goes_on_ = false;
  unsigned counted_ = 0;
  unsigned left_ = 0;
};

class av1_reader final : public payload_reader {
 public:
  base::result<payload_place> place_of(std::span<const std::byte> payload) const noexcept override {
    obu_elements elements(payload);
    if (elements.done()) return errc::bad_aggregation;
    while (!elements.done()) {
      if (const auto element = elements.next(); !element) return element.error();
    }
    return elements.continues() ? payload_place::goes_on : payload_place::may_begin;
  }

  void begin() noexcept override { open_ = false; }

  base::result<void> append(std::span<const std::byte> payload, frame_buffer& out) override {
    obu_elements elements(payload);
    if (elements.continues() != open_ || elements.done()) return errc::bad_fragment;
    if (out.size() == 0) {
      constexpr std::array delimiter{std::byte{0x12}, std::byte{0x00}};
      if (const auto added = out.add(delimiter); !added) return added;
    }
    while (!elements.done()) {
      const auto element = elements.next();
      if (!element) return element.error();
      if (!open_) begin_ = out.size();
      if (const auto added = out.add(*element); !added) return added;
      open_ = elements.done() && elements.goes_on();
      if (open_) return {};
      if (const auto closed = close_unit(out); !closed) return closed;
    }
    return {};
  }

  base::result<void> finish(frame_buffer&) override {
    if (open_) return errc::bad_fragment;
    return {};
  }

 private:
  /// Gives the unit that has come to its end a size, or leaves it out.
  base::result<void> close_unit(frame_buffer& out) const {
    auto bytes = std::span<const std::byte>(out.from(begin_));
    const std::size_t whole = bytes.size();
    const bool sized = (bytes[0] & obu_size_flag) != std::byte{0};
    const auto unit = take_obu(bytes);
    if (!unit || !bytes.empty()) return errc::bad_aggregation;
    if (is_left_out(unit->type())) {
      out.cut(begin_);
      return {};
    }
    if (sized) return {};
    const std::size_t header = unit->header.size();
    const std::size_t payload = unit->payload.size();
    const std::size_t field = leb128_bytes(payload);
    constexpr std::array<std::byte, 8> space{};
    if (const auto added = out.add(std::span(space).first(field)); !added) return added;
    const auto grown = out.from(begin_);
    std::move_backward(grown.begin() + static_cast<std::ptrdiff_t>(header),
                       grown.begin() + static_cast<std::ptrdiff_t>(whole), grown.end());
    put_leb128(grown.data() + header, payload);
    grown[0] |= obu_size_flag;
    return {};
  }

  bool open_ = false;
  std::size_t begin_ = 0;
};

class av1_packetizer final : public video_packetizer {
 public:
  explicit av1_packetizer(const video_packetizer_options& options) noexcept : options_(options) {}

  base::result<void> begin(std::span<const std::byte> frame, const video_layer&) override {
    units_.clear();
    at_ = 0;
    sent_ = 0;
    const auto header = read_video_header(video_codec::av1, frame);
    if (!header) return header.error();
    while (!frame.empty()) {
      const auto unit = take_obu(frame);
      if (is_left_out(unit->type())) continue;
      if (units_.size() == max_units) {
        units_.clear();
        return errc::limit_reached;
      }
      units_.push_back(*unit);
    }
    if (units_.empty()) return errc::bad_frame;
    key_frame_ = header->key_frame;
    return {};
  }

  base::result<video_payload> next(std::span<std::byte> out) noexcept override {
    if (out.size() < options_.max_payload) return errc::no_space;
    if (at_ == units_.size()) return errc::late;
    base::byte_writer writer(out.first(options_.max_payload));
    unsigned header = sent_ != 0 ? av1_continues : 0U;
    if (key_frame_ && at_ == 0 && sent_ == 0) header |= av1_new_sequence;
    writer.u8(0);
    unsigned count = 0;
    for (bool more = true; more;) {
      const std::size_t left = size_of(at_) - sent_;
      const std::size_t sized = leb128_bytes(left) + left;
      // Three elements are counted by the header, which spares the last one its length. Another one begins
      // only where two bytes of it fit.
      more = ++count < av1_max_counted && at_ + 1 < units_.size() && sized + 2 <= writer.remaining();
      if (more) {
        std::array<std::byte, 8> field{};
        put_leb128(field.data(), left);
        writer.bytes(std::span(field).first(leb128_bytes(left)));
      }
      write_element(writer, std::min(left, writer.remaining()));
    }
    if (sent_ != 0) header |= av1_goes_on;
    out[0] = static_cast<std::byte>(header | count << av1_count_shift);
    return video_payload{writer.written(), at_ == units_.size()};
  }

 private:
  std::size_t size_of(std::size_t unit) const noexcept {
    return units_[unit].header.size() + units_[unit].payload.size();
  }

  /// Writes so many bytes of the unit whose turn it is, and goes to the next one behind its end.
  void write_element(base::byte_writer& writer, std::size_t size) noexcept {
    const obu& unit = units_[at_];
    for (; size != 0 && sent_ < unit.header.size(); --size, ++sent_) {
      const std::byte b = sent_ == 0 ? unit.header[0] & ~obu_size_flag : unit.header[sent_];
      writer.u8(std::to_integer<std::uint8_t>(b));
    }
    if (size != 0) writer.bytes(unit.payload.subspan(sent_ - unit.header.size(), size));
    sent_ += size;
    if (sent_ == size_of(at_)) {
      ++at_;
      sent_ = 0;
    }
  }

  video_packetizer_options options_;
  std::vector<obu> units_;
  std::size_t at_ = 0;
  std::size_t sent_ = 0;
  bool key_frame_ = false;
};

}  // namespace

std::unique_ptr<payload_reader> make_av1_reader() { return std::make_unique<av1_reader>(); }

std::unique_ptr<video_packetizer> make_av1_packetizer(const video_packetizer_options& options) {
  return std::make_unique<av1_packetizer>(options);
}

}  // namespace parley::media::detail
