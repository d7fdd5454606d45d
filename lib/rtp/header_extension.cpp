#include <parley/rtp/header_extension.hpp>

namespace parley::rtp {
namespace {

constexpr std::uint16_t one_byte_profile = 0xBEDE;
constexpr std::uint16_t two_byte_profile = 0x1000;

/// RFC 8285 4.2: of the one-byte form the id that ends the elements.
constexpr std::uint8_t stop_id = 15;

struct head {
  std::uint8_t id = 0;
  std::size_t header_bytes = 0;
  std::size_t data_bytes = 0;
};

/// Passes over padding. Without an id there are no more elements; `truncated` where the last one is cut off.
head next_element(std::span<const std::byte>& rest, extension_form form, bool& truncated) noexcept {
  while (!rest.empty() && rest[0] == std::byte{0}) rest = rest.subspan(1);
  if (rest.empty()) return {};
  head out;
  const unsigned first = octets::load_u8(rest.data());
  if (form == extension_form::one_byte) {
    out = {static_cast<std::uint8_t>(first >> 4U), 1, (first & 0xFU) + 1};
    // RFC 8285 4.2: what stands behind an id of 15 does not count, and an id of zero has no length.
    if (out.id == stop_id || out.id == 0) return {};
  } else {
    truncated = rest.size() < 2;
    if (truncated) return {};
    out = {static_cast<std::uint8_t>(first), 2, octets::load_u8(rest.data() + 1)};
  }
  truncated = out.header_bytes + out.data_bytes > rest.size();
  return truncated ? head{} : out;
}

}  // namespace

parsed<extension_elements> extension_elements::parse(const packet_view& packet) noexcept {
  const header_extension extension = packet.extension();
  extension_form form = extension_form::one_byte;
  if (packet.has_extension() && extension.profile != one_byte_profile) {
    // RFC 8285 4.3: the lowest four bits are for the application.
    if ((extension.profile & 0xFFF0U) != two_byte_profile) {
      return parse_error{errc::bad_extension_profile,
                         static_cast<std::uint32_t>(packet.header_size() - extension.bytes.size() - 4)};
    }
    form = extension_form::two_byte;
  }
  std::span<const std::byte> rest = extension.bytes;
  for (bool truncated = false;;) {
    const head element = next_element(rest, form, truncated);
    if (truncated) {
      return parse_error{errc::bad_extension_length,
                         static_cast<std::uint32_t>(packet.header_size() - rest.size())};
    }
    if (element.id == 0) break;
    rest = rest.subspan(element.header_bytes + element.data_bytes);
  }
  return extension_elements(extension.bytes, form);
}

void extension_elements::iterator::read() noexcept {
  bool truncated = false;
  const head element = next_element(rest_, form_, truncated);
  current_ = {element.id, rest_.subspan(element.header_bytes, element.data_bytes)};
  rest_ = rest_.subspan(element.header_bytes + element.data_bytes);
}

std::optional<std::span<const std::byte>> extension_elements::find(std::uint8_t id) const noexcept {
  for (const extension_element& element : *this) {
    if (element.id == id) return element.data;
  }
  return std::nullopt;
}

extension_writer& extension_writer::put(std::uint8_t id, std::span<const std::byte> data,
                                        errc failed) noexcept {
  if (failed_ != errc{}) return *this;
  const bool one = form_ == extension_form::one_byte;
  failed_ = failed;
  if (failed_ == errc{} && (id == 0 || (one && id >= stop_id))) failed_ = errc::bad_extension_id;
  if (failed_ == errc{} && (one ? data.empty() || data.size() > 16 : data.size() > 255)) {
    failed_ = errc::bad_extension_length;
  }
  if (failed_ != errc{}) return *this;
  if (one) {
    out_.u8(static_cast<std::uint8_t>(std::size_t{id} << 4U | (data.size() - 1)));
  } else {
    out_.u8(id);
    out_.u8(static_cast<std::uint8_t>(data.size()));
  }
  out_.bytes(data);
  if (!out_.status()) failed_ = errc::no_space;
  return *this;
}

base::result<header_extension> extension_writer::finish() noexcept {
  if (failed_ == errc{} && !out_.fill(-out_.position() % 4)) failed_ = errc::no_space;
  if (failed_ != errc{}) return make_error_code(failed_);
  return header_extension{form_ == extension_form::one_byte ? one_byte_profile : two_byte_profile,
                          out_.written()};
}

}  // namespace parley::rtp
