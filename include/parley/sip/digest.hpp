#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/authentication.hpp>
#include <parley/sip/digest_names.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace parley::sip {

/// The hexadecimal digits of one hash, in lower case. Empty where the hash could not be made; an empty one
/// equals nothing.
class hex_digest {
 public:
  std::string_view view() const noexcept { return {text_.data(), size_}; }
  bool empty() const noexcept { return size_ == 0; }

  /// Compares with what a peer sent, in either case, in a time that does not depend on where they differ.
  PARLEY_API bool matches(std::string_view other) const noexcept;

 private:
  friend class digest_hasher;

  std::array<char, 64> text_{};
  std::uint8_t size_ = 0;
};

/// What one Digest response is made over, beside the key (RFC 7616 3.4.1). All text as it stands between the
/// quotes on the wire.
struct digest_input {
  std::string_view method;  ///< "" for `rspauth` (RFC 7616 3.5)
  std::string_view uri;
  std::string_view nonce;
  digest_qop qop = digest_qop::none;
  std::string_view nc;      ///< the digits of the count; unused for `none`
  std::string_view cnonce;  ///< unused for `none`, but with a -sess algorithm
  std::string_view body;    ///< used for `auth_int`
};

/// Makes the hashes of Digest authentication (RFC 7616 3.4, RFC 8760 2). Keep one and use it again: it holds
/// the hash's working state, so that nothing allocates.
class digest_hasher {
 public:
  PARLEY_API digest_hasher() noexcept;
  PARLEY_API ~digest_hasher();
  digest_hasher(digest_hasher&&) noexcept = default;
  digest_hasher& operator=(digest_hasher&&) noexcept = default;

  /// False where OpenSSL is set up without the hash, as in FIPS mode without MD5.
  PARLEY_API static bool supports(digest_algorithm algorithm) noexcept;

  /// H(username:realm:password), what servers store in place of a password. The same for an algorithm and its
  /// -sess variant. Text is hashed unescaped: a realm of `a"b`, never `a\"b`.
  PARLEY_API hex_digest ha1(digest_algorithm algorithm, std::string_view username, std::string_view realm,
                            std::string_view password) noexcept;

  /// H(username:realm), what `userhash` sends in place of a name (RFC 7616 3.4.4).
  PARLEY_API hex_digest userhash(digest_algorithm algorithm, std::string_view username,
                                 std::string_view realm) noexcept;

  /// The value of `response`, or of `rspauth` where `input.method` is empty, from an `ha1` as the function
  /// above makes it.
  PARLEY_API hex_digest response(digest_algorithm algorithm, std::string_view ha1,
                                 const digest_input& input) noexcept;

 private:
  struct free_context {
    PARLEY_API void operator()(evp_md_ctx_st* context) const noexcept;
  };

  hex_digest hash(digest_algorithm algorithm,
                  std::initializer_list<std::string_view> joined_by_colons) noexcept;

  std::unique_ptr<evp_md_ctx_st, free_context> context_;
};

/// The user that credentials name: `username` unescaped, or `username*` decoded (RFC 8187); with `userhash`
/// the hash to look the user up by. Empty where `username*` is not UTF-8 as the RFC writes it.
PARLEY_API std::string digest_username(const credentials& from);

/// `raw`, the inside of a quoted string, with each quoted-pair replaced by its second character (RFC
/// 3261 25.1).
PARLEY_API std::string unescape_quoted(std::string_view raw);

/// Appends `text` to `out` as a quoted string, escaping quotes and backslashes. Control characters, which no
/// quoted string may hold, are left out.
PARLEY_API void append_quoted(std::string& out, std::string_view text);

}  // namespace parley::sip
