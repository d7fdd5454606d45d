#include <parley/rtp/packet.hpp>
#include <parley/rtp/rtx.hpp>

#include <cstring>

namespace parley::rtp {
namespace {

constexpr std::size_t original_bytes = 2;

}  // namespace

base::result<void> wrap_rtx(base::packet_buffer& packet, const rtx_header& header) noexcept {
  const parsed<packet_view> view = packet_view::parse(packet.bytes());
  if (!view) return make_error_code(view.error().code);
  const std::size_t header_size = view->header_size();
  const std::uint16_t original = view->sequence_number();
  if (!packet.prepend(original_bytes)) return make_error_code(errc::no_space);
  std::byte* const start = packet.mutable_data();
  std::memmove(start, start + original_bytes, header_size);
  octets::store_u16(start + header_size, original);
  set_payload_type(packet.mutable_bytes(), header.payload_type);
  set_sequence_number(packet.mutable_bytes(), header.sequence_number);
  set_ssrc(packet.mutable_bytes(), header.ssrc);
  return {};
}

parsed<void> unwrap_rtx(base::packet_buffer& packet, std::uint8_t payload_type, std::uint32_t ssrc) noexcept {
  const parsed<packet_view> view = packet_view::parse(packet.bytes());
  if (!view) return view.error();
  const std::size_t header_size = view->header_size();
  if (view->payload().size() < original_bytes) {
    return parse_error{errc::rtx_truncated, static_cast<std::uint32_t>(header_size)};
  }
  const std::uint16_t original = octets::load_u16(view->payload().data());
  std::byte* const start = packet.mutable_data();
  std::memmove(start + original_bytes, start, header_size);
  packet.trim_front(original_bytes);
  set_payload_type(packet.mutable_bytes(), payload_type);
  set_sequence_number(packet.mutable_bytes(), original);
  set_ssrc(packet.mutable_bytes(), ssrc);
  return {};
}

}  // namespace parley::rtp
