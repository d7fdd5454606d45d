#include <parley/rtp/rtcp_bye.hpp>

namespace parley::rtp {

parsed<bye> bye::read(const rtcp_packet& packet) noexcept {
  const std::span<const std::byte> body = packet.body();
  const std::size_t sources = 4 * std::size_t{packet.count()};
  if (body.size() < sources) return packet.error(errc::rtcp_body_truncated, body.size());
  bye out;
  out.sources = field_list<std::uint32_t>::over(body.first(sources));
  if (const std::span<const std::byte> rest = body.subspan(sources); !rest.empty()) {
    const std::size_t size = octets::load_u8(rest.data());
    if (size > rest.size() - 1) return packet.error(errc::bad_bye_reason, sources);
    out.reason = {reinterpret_cast<const char*>(rest.data()) + 1, size};
  }
  return out;
}

errc bye::write(base::byte_writer& out) const noexcept {
  if (reason.size() > 255) return errc::text_too_long;
  sources.write(out);
  if (reason.empty()) return {};
  out.u8(static_cast<std::uint8_t>(reason.size()));
  out.text(reason);
  out.fill(-out.position() % 4);
  return {};
}

}  // namespace parley::rtp
