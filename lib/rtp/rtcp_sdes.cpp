#include <parley/rtp/rtcp_sdes.hpp>

namespace parley::rtp {

errc sdes_item::write(base::byte_writer& out) const noexcept {
  if (text.size() > 255) return errc::text_too_long;
  // RFC 3550 6.5: a type of zero ends the items.
  if (type == sdes_type{}) return errc::value_out_of_range;
  out.u8(static_cast<std::uint8_t>(type));
  out.u8(static_cast<std::uint8_t>(text.size()));
  out.text(text);
  return {};
}

std::optional<sdes_private> sdes_private::read(const sdes_item& item) noexcept {
  if (item.type != sdes_type::private_extension || item.text.empty()) return std::nullopt;
  const auto prefix = static_cast<unsigned char>(item.text[0]);
  if (prefix > item.text.size() - 1) return std::nullopt;
  return sdes_private{item.text.substr(1, prefix), item.text.substr(1 + std::size_t{prefix})};
}

std::optional<std::string_view> sdes_chunk::find(sdes_type type) const noexcept {
  for (const sdes_item& item : items) {
    if (item.type == type) return item.text;
  }
  return std::nullopt;
}

sdes_chunk sdes_chunk::take(std::span<const std::byte>& rest) noexcept {
  std::size_t at = 4;
  while (rest[at] != std::byte{0}) at += 2 + octets::load_u8(rest.data() + at + 1);
  const sdes_chunk out{octets::load_u32(rest.data()), item_list<sdes_item>::over(rest.subspan(4, at - 4))};
  rest = rest.subspan((at & ~std::size_t{3}) + 4);
  return out;
}

errc sdes_chunk::write(base::byte_writer& out) const noexcept {
  out.u32(ssrc);
  if (const errc failed = items.write(out); failed != errc{}) return failed;
  // RFC 3550 6.5: one zero byte or more, up to the next multiple of four.
  out.fill(4 - out.position() % 4);
  return {};
}

parsed<source_description> source_description::read(const rtcp_packet& packet) noexcept {
  const std::span<const std::byte> body = packet.body();
  std::size_t at = 0;
  for (unsigned i = 0; i < packet.count(); ++i) {
    if (body.size() - at < 4) return packet.error(errc::rtcp_body_truncated, body.size());
    at += 4;
    for (;;) {
      if (at == body.size()) return packet.error(errc::sdes_not_ended, at);
      if (body[at] == std::byte{0}) break;
      if (body.size() - at < 2 || octets::load_u8(body.data() + at + 1) > body.size() - at - 2) {
        return packet.error(errc::bad_sdes_item, at);
      }
      at += 2 + octets::load_u8(body.data() + at + 1);
    }
    // The body is a multiple of four, so the padding ends within it.
    at = (at & ~std::size_t{3}) + 4;
  }
  return source_description{item_list<sdes_chunk>::over(body.first(at))};
}

errc source_description::write(base::byte_writer& out) const noexcept { return chunks.write(out); }

}  // namespace parley::rtp
