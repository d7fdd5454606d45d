#include <parley/rtp/dtmf_event.hpp>

#include <string_view>

namespace parley::rtp {
namespace {

constexpr std::string_view digits = "0123456789*#ABCD";

}  // namespace

telephone_event telephone_event::load(const std::byte* p) noexcept {
  const unsigned second = octets::load_u8(p + 1);
  return {octets::load_u8(p), (second & 0x80U) != 0, static_cast<std::uint8_t>(second & 0x3FU),
          octets::load_u16(p + 2)};
}

errc telephone_event::write(base::byte_writer& out) const noexcept {
  if (volume > 63) return errc::value_out_of_range;
  out.u8(event);
  out.u8(static_cast<std::uint8_t>((end ? 0x80U : 0U) | volume));
  out.u16(duration);
  return {};
}

parsed<field_list<telephone_event>> parse_events(std::span<const std::byte> payload) noexcept {
  if (payload.empty() || payload.size() % telephone_event::wire_bytes != 0) {
    return parse_error{errc::bad_event_length, static_cast<std::uint32_t>(payload.size())};
  }
  const auto events = field_list<telephone_event>::over(payload);
  if (events.size() > max_events_in_packet) {
    return parse_error{errc::too_many_items, max_events_in_packet * telephone_event::wire_bytes};
  }
  return events;
}

std::optional<char> digit_of(std::uint8_t event) noexcept {
  if (event >= digits.size()) return std::nullopt;
  return digits[event];
}

std::optional<std::uint8_t> event_of(char digit) noexcept {
  const char upper = digit >= 'a' && digit <= 'd' ? static_cast<char>(digit - ('a' - 'A')) : digit;
  const std::size_t found = digits.find(upper);
  if (found == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint8_t>(found);
}

}  // namespace parley::rtp
