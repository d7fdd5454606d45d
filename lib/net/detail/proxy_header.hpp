#pragma once

#include <parley/base/address.hpp>
#include <parley/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

namespace parley::net::detail {

/// Why a connection does not begin with a header of the PROXY protocol, version 2. It is closed then: what
/// follows can't be told from what somebody else says.
enum class proxy_header_errc {
  not_a_header = 1,  ///< other bytes than the twelve that each header begins with
  text_version,      ///< version 1, which is a line of text
  unknown_version,
  unknown_command,
  unknown_family,
  too_long,
  addresses_cut,     ///< shorter than the addresses that its family has
  extension_cut,     ///< a TLV that reaches behind the header's end
  bad_checksum_tlv,  ///< a CRC32c that is not four bytes, or a second one
  wrong_checksum,
};

/// The category of the values above; its name is "parley.net.proxy_protocol".
const base::error_category& proxy_header_category() noexcept;
inline base::error_code make_error_code(proxy_header_errc e) noexcept {
  return {static_cast<int>(e), proxy_header_category()};
}

/// The longest header that is read. Its addresses take 16 to 232 bytes; the rest is for TLVs, of which a
/// client's certificate is the largest that is seen.
inline constexpr std::size_t max_proxy_header = 4096;

/// What the beginning of a connection has turned out to be.
struct proxy_header_step {
  enum class status : std::uint8_t { need_more, error, done };
  status what = status::need_more;
  /// `need_more`: how long the header is, as far as is known yet; reading up to there never takes a byte of
  /// what follows. `done`: how long it is.
  std::size_t size = 0;
  std::size_t offset = 0;  ///< `error`: of the first byte that breaks the rule
  proxy_header_errc error{};
  /// `done`: the client for whom the connection was made. None where the sender speaks for itself, as health
  /// checks do (LOCAL), or for somebody without an address of TCP: then the connection's own address stands.
  std::optional<base::socket_address> source{};
};

/// Reads a header of the PROXY protocol, version 2, from all that a connection has brought so far. However it
/// is cut into pieces, the outcome is the same. A checksum is verified where there is one; other TLVs are
/// skipped.
proxy_header_step read_proxy_header(std::span<const std::byte> received) noexcept;

}  // namespace parley::net::detail

namespace boost::system {
template <>
struct is_error_code_enum<parley::net::detail::proxy_header_errc> : std::true_type {};
}  // namespace boost::system
