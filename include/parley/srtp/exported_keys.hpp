#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/srtp/master_key.hpp>
#include <parley/srtp/profile.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace parley::srtp {

/// The label under which DTLS exports the keys, without a context (RFC 5764 4.2).
inline constexpr std::string_view exporter_label = "EXTRACTOR-dtls_srtp";

/// How many bytes to export: two master keys and two salts.
constexpr std::size_t exported_bytes(profile which) noexcept {
  return 2 * (sizes(which).key + sizes(which).salt);
}

/// Which end of the DTLS handshake we were.
enum class dtls_role : std::uint8_t { client, server };

/// The keys of both directions.
struct exported_keys {
  master_key local;   ///< protects what we send
  master_key remote;  ///< unprotects what the peer sends
};

/// Takes apart what DTLS has exported (RFC 5764 4.2): the client's key, the server's, the client's salt, the
/// server's.
/// *Ownership:* the keys are copies; wipe `exported` afterwards.
/// *Errors:* `bad_key_length` for another number than `exported_bytes`.
PARLEY_API base::result<exported_keys> split_exported(profile which, std::span<const std::byte> exported,
                                                      dtls_role role) noexcept;

}  // namespace parley::srtp
