#include <parley/rtp/rtcp.hpp>

namespace parley::rtp {

parsed<compound_view> compound_view::parse(std::span<const std::byte> datagram, rtcp_form form) noexcept {
  const auto fail = [](errc code, std::size_t at) {
    return parse_error{code, static_cast<std::uint32_t>(at)};
  };
  std::size_t at = 0;
  do {
    if (datagram.size() - at < rtcp_header_bytes) return fail(errc::rtcp_truncated, at);
    const std::byte* const header = datagram.data() + at;
    const unsigned first = octets::load_u8(header);
    if (first >> 6U != 2) return fail(errc::bad_version, at);
    const std::size_t size = rtcp_header_bytes + 4 * std::size_t{octets::load_u16(header + 2)};
    if (size > datagram.size() - at) return fail(errc::bad_rtcp_length, at + 2);
    const bool padded = (first & 0x20U) != 0;
    if (at == 0 && form == rtcp_form::compound) {
      const auto type = static_cast<rtcp_type>(octets::load_u8(header + 1));
      if (padded || (type != rtcp_type::sender_report && type != rtcp_type::receiver_report)) {
        return fail(errc::first_not_report, 0);
      }
    }
    if (padded) {
      const std::size_t padding = octets::load_u8(header + size - 1);
      if (at + size != datagram.size() || padding == 0 || padding % 4 != 0 ||
          padding > size - rtcp_header_bytes) {
        return fail(errc::bad_rtcp_padding, at + size - 1);
      }
    }
    at += size;
  } while (at != datagram.size());
  return compound_view(datagram);
}

compound_writer& compound_writer::add_raw(rtcp_type type, std::uint8_t count,
                                          std::span<const std::byte> body) noexcept {
  base::byte_writer out = begin();
  out.bytes(body);
  end(type, count, out, body.size() % 4 != 0 ? errc::value_out_of_range : errc{});
  return *this;
}

void compound_writer::end(rtcp_type type, std::size_t count, const base::byte_writer& body,
                          errc failed) noexcept {
  last_ = failed;
  const std::size_t words = body.position() / 4;
  if (last_ == errc{} && count > 31) last_ = errc::too_many_items;
  if (last_ == errc{} && (!body.status() || buffer_.size() - size_ < rtcp_header_bytes)) {
    last_ = errc::no_space;
  }
  if (last_ == errc{} && words > 0xFFFF) last_ = errc::value_out_of_range;
  if (first_ == errc{}) first_ = last_;
  if (last_ != errc{}) return;
  std::byte* const header = buffer_.data() + size_;
  octets::store_u8(header, 0x80U | static_cast<unsigned>(count));
  octets::store_u8(header + 1, static_cast<unsigned>(type));
  octets::store_u16(header + 2, static_cast<unsigned>(words));
  size_ += rtcp_header_bytes + body.position();
}

base::result<std::span<const std::byte>> compound_writer::finish() const noexcept {
  if (first_ != errc{}) return make_error_code(first_);
  return written();
}

}  // namespace parley::rtp
