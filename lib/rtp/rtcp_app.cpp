#include <parley/rtp/rtcp_app.hpp>

#include <algorithm>

namespace parley::rtp {
namespace {

bool ascii(std::string_view name) noexcept {
  return std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
}

}  // namespace

parsed<application_packet> application_packet::read(const rtcp_packet& packet) noexcept {
  const std::span<const std::byte> body = packet.body();
  if (body.size() < 8) return packet.error(errc::rtcp_body_truncated, body.size());
  application_packet out;
  out.subtype = packet.count();
  out.ssrc = octets::load_u32(body.data());
  out.name = {reinterpret_cast<const char*>(body.data()) + 4, 4};
  if (!ascii(out.name)) return packet.error(errc::bad_app_name, 4);
  out.data = body.subspan(8);
  return out;
}

errc application_packet::write(base::byte_writer& out) const noexcept {
  if (name.size() != 4 || !ascii(name) || subtype > 31) return errc::bad_app_name;
  if (data.size() % 4 != 0) return errc::value_out_of_range;
  out.u32(ssrc);
  out.text(name);
  out.bytes(data);
  return {};
}

}  // namespace parley::rtp
