#pragma once

#include <parley/base/api.hpp>
#include <parley/base/siphash.hpp>
#include <parley/sip/hop.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::proxy {

/// A short text that holds itself: the user part of a Path or Record-Route of ours that names the flow by
/// which a peer is reached (RFC 5626 5.2).
///
///     flow-2-0001000000000029-89abcdef01234567        listener, connection, seal
///     flow-0-c00002011f90-89abcdef01234567            listener, address and port of a datagram's source,
///     seal
class flow_token {
 public:
  std::string_view text() const noexcept { return {text_.data(), size_}; }

  /// True where the text is written like a token, whoever has sealed it.
  PARLEY_API static bool is_token(std::string_view user) noexcept;

 private:
  friend class flow_tokens;

  std::array<char, 72> text_{};
  std::uint8_t size_ = 0;
};

/// Writes the tokens of one proxy, and reads those that it has written. The seal is a keyed hash, so that
/// nobody can make up a token to have us send to where no flow leads (RFC 5626 5.2).
class flow_tokens {
 public:
  /// All shards of a proxy have the same key.
  explicit flow_tokens(const base::siphash_key& key) noexcept : key_(key) {}

  PARLEY_API flow_token write(const sip::hop& flow) const noexcept;

  /// The flow, which alone will do: `only_flow` is set, and `transport` is for the caller to fill in from the
  /// listener, once it has seen that there is one of that number. For datagrams `remote` is the peer, for a
  /// stream `flow` is the connection. Nothing where the seal is wrong.
  PARLEY_API std::optional<sip::hop> read(std::string_view user) const noexcept;

 private:
  std::uint64_t seal(std::string_view text) const noexcept;

  base::siphash_key key_;
};

}  // namespace parley::proxy
