#include <parley/rtp/octets.hpp>
#include <parley/rtp/red.hpp>

namespace parley::rtp {

parsed<red_payload> red_payload::parse(std::span<const std::byte> payload) noexcept {
  const auto fail = [](errc code, std::size_t at) {
    return parse_error{code, static_cast<std::uint32_t>(at)};
  };
  red_payload out;
  std::array<std::size_t, max_blocks> sizes{};
  std::size_t at = 0;
  std::size_t total = 0;
  for (bool more = true; more;) {
    if (out.count_ == max_blocks) return fail(errc::too_many_items, at);
    if (at == payload.size()) return fail(errc::red_truncated, at);
    red_block& block = out.blocks_[out.count_];
    const unsigned first = octets::load_u8(payload.data() + at);
    more = (first & 0x80U) != 0;
    block.payload_type = static_cast<std::uint8_t>(first & 0x7FU);
    if (more) {
      if (payload.size() - at < 4) return fail(errc::red_truncated, at);
      const std::uint32_t rest = octets::load_u24(payload.data() + at + 1);
      block.timestamp_offset = static_cast<std::uint16_t>(rest >> 10U);
      sizes[out.count_] = rest & 0x3FFU;
      total += rest & 0x3FFU;
    }
    at += more ? 4 : 1;
    ++out.count_;
  }
  if (payload.size() - at < total) return fail(errc::red_truncated, at);
  sizes[out.count_ - 1] = payload.size() - at - total;
  for (std::size_t i = 0; i < out.count_; ++i) {
    out.blocks_[i].data = payload.subspan(at, sizes[i]);
    at += sizes[i];
  }
  return out;
}

base::result<void> write_red(base::byte_writer& out, std::span<const red_block> blocks) noexcept {
  if (blocks.empty() || blocks.back().timestamp_offset != 0) return make_error_code(errc::value_out_of_range);
  for (const red_block& block : blocks) {
    const bool primary = &block == &blocks.back();
    if (block.payload_type > 127 || block.timestamp_offset > 0x3FFF ||
        (!primary && block.data.size() > 0x3FF)) {
      return make_error_code(errc::value_out_of_range);
    }
    if (primary) {
      out.u8(block.payload_type);
    } else {
      out.u8(static_cast<std::uint8_t>(0x80U | block.payload_type));
      out.u24(std::uint32_t{block.timestamp_offset} << 10U | static_cast<std::uint32_t>(block.data.size()));
    }
  }
  for (const red_block& block : blocks) out.bytes(block.data);
  if (!out.status()) return make_error_code(errc::no_space);
  return {};
}

}  // namespace parley::rtp
