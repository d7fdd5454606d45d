#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/error.hpp>
#include <parley/sip/parameters.hpp>
#include <parley/sip/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace parley::sip {

/// The schemes that have rules of their own.
enum class uri_scheme : std::uint8_t { other, sip, sips, tel };

/// What a host is written as.
enum class host_kind : std::uint8_t { none, name, ipv4, ipv6 };

/// Where a URI stands, which decides where it ends.
enum class uri_place : std::uint8_t {
  whole,     ///< it is the whole text, as a Request-URI
  in_angle,  ///< behind `<`: it ends before `>`
  bare,  ///< an addr-spec without brackets: it ends before `;`, `,`, `>`, white space or the end of the text
};

/// The parameters (`;transport=tcp;lr`) or the headers (`?subject=x&priority=urgent`) of a URI, known to be
/// well formed.
///
/// Names and values are handed out as they stand, with their escapes; names are compared unescaped and
/// without case.
///
/// *Ownership:* a view into the text that was parsed.
class uri_fields {
 public:
  /// How one of the fields is taken off the text.
  struct grammar {
    /// False where none is left.
    PARLEY_API static bool read_next(std::string_view& rest, parameter& out) noexcept;
  };
  /// Walks over the fields in order.
  using iterator = detail::parameter_iterator<grammar>;

  uri_fields() = default;

  /// The text with its leading `;` or `?`; empty where there is none.
  std::string_view raw() const noexcept { return raw_; }
  bool empty() const noexcept { return raw_.empty(); }

  iterator begin() const noexcept { return iterator(raw_); }
  iterator end() const noexcept { return {}; }

  /// The first field of that name, which is given without escapes.
  PARLEY_API std::optional<parameter> find(std::string_view name) const noexcept;
  bool contains(std::string_view name) const noexcept { return find(name).has_value(); }

 private:
  friend class uri;
  friend class uri_reader;
  friend struct plain_uri;

  explicit uri_fields(std::string_view raw) noexcept : raw_(raw) {}

  std::string_view raw_;
};

/// A URI, taken apart (RFC 3261 19.1 and 25.1, RFC 3966, RFC 5954). Escapes are left as they stand: see
/// `unescape`.
///
///     sip:alice;day=tue:secret@[2001:db8::9]:5070;transport=tcp?subject=x
///     tel:+1-201-555-0123;ext=5
///     urn:service:sos
///
/// A `sip` or `sips` URI has a host; a `tel` URI has its number in `user`; any other is valid by its
/// characters only, and nothing but `raw` and `scheme_text` is set.
///
/// *Ownership:* a view into the text that was parsed; `uri` owns its text.
struct uri_view {
  std::string_view raw;
  std::string_view scheme_text;  ///< as written, without the colon
  std::string_view user;
  std::string_view password;
  std::string_view host;  ///< as written: an IPv6 address has its brackets
  uri_fields parameters;
  uri_fields headers;
  std::uint16_t port = 0;  ///< 0 where none is written
  uri_scheme scheme = uri_scheme::other;
  sip::host_kind host_kind = host_kind::none;
  bool has_user = false;
  bool has_password = false;

  /// Member by member: compilers clear an aggregate of this size as one block, which takes longer than
  /// reading a URI does.
  uri_view() noexcept {}  // NOLINT(modernize-use-equals-default)

  /// Reads one URI and leaves `in` at what ends it in that place.
  ///
  /// *Errors:* the rule that was broken. A bare URI that would need brackets is `addr_spec_needs_angle` (RFC
  /// 3261 20).
  PARLEY_API static bool read(cursor& in, uri_view& out, uri_place place = uri_place::whole) noexcept;

  bool is_sip() const noexcept { return scheme == uri_scheme::sip || scheme == uri_scheme::sips; }

  /// The address where the host is one.
  PARLEY_API std::optional<base::ip_address> ip() const noexcept;

  /// The transport that the URI asks for, `transport::other` for a name that is not known.
  PARLEY_API std::optional<sip::transport> transport() const noexcept;
  /// True where the URI names a loose router (RFC 3261 16.12).
  bool lr() const noexcept { return parameters.contains("lr"); }
  /// The values of these parameters as written, empty where they are missing.
  PARLEY_API std::string_view maddr() const noexcept;
  PARLEY_API std::string_view method() const noexcept;
  PARLEY_API std::string_view user_parameter() const noexcept;
  PARLEY_API std::optional<std::uint8_t> ttl() const noexcept;

  /// True where the user part is a telephone number: `tel:`, or `user=phone` (RFC 3261 19.1.6).
  PARLEY_API bool is_telephone() const noexcept;

  /// The port, or the one that scheme and transport imply (RFC 3261 19.1.2).
  PARLEY_API std::uint16_t port_or_default() const noexcept;
};

/// Reads `text` as one URI. *Ownership:* the result points into `text`.
[[nodiscard]] PARLEY_API parsed<uri_view> parse_uri(std::string_view text) noexcept;

/// True where both URIs name the same resource (RFC 3261 19.1.4; RFC 5954 4.2 for IPv6, RFC 3966 5 for `tel`;
/// any other scheme byte for byte). It is not transitive: `sip:a@b` equals both `sip:a@b;x=1` and
/// `sip:a@b;x=2`.
[[nodiscard]] PARLEY_API bool equivalent(const uri_view& a, const uri_view& b) noexcept;

/// Appends `text` to `out` with each %HH as the byte it stands for, NUL included. Malformed escapes stay as
/// they are.
PARLEY_API void unescape(std::string_view text, std::string& out);
/// The same as a new string.
[[nodiscard]] PARLEY_API std::string unescape(std::string_view text);

/// Append `text` to `out` with all escaped that can't stand in a user part, a password, a parameter or a
/// header of a SIP URI.
PARLEY_API void escape_user(std::string_view text, std::string& out);
/// As `escape_user`, for a password.
PARLEY_API void escape_password(std::string_view text, std::string& out);
/// As `escape_user`, for the name or value of a parameter.
PARLEY_API void escape_parameter(std::string_view text, std::string& out);
/// As `escape_user`, for the name or value of a header.
PARLEY_API void escape_header(std::string_view text, std::string& out);

/// A URI that owns its text. It always holds a valid one, except when moved from: then it may only be
/// assigned or destroyed.
///
///     auto target = uri::from_string("sip:example.com");
///     target->set_user("bob smith");             // sip:bob%20smith@example.com
///     target->set_parameter("transport", "tcp"); // sip:bob%20smith@example.com;transport=tcp
///
/// The setters take unescaped text. Those that change a part which the scheme does not have leave the URI as
/// it is and say `expected_scheme`.
class uri {
 public:
  /// *Errors:* the rule that `text` breaks, with its offset.
  [[nodiscard]] PARLEY_API static parsed<uri> from_string(std::string text);
  /// A copy of the text that `view` was read from.
  PARLEY_API explicit uri(const uri_view& view);

  PARLEY_API uri(const uri& other);
  PARLEY_API uri(uri&& other) noexcept;
  PARLEY_API uri& operator=(const uri& other);
  PARLEY_API uri& operator=(uri&& other) noexcept;
  ~uri() = default;

  const std::string& string() const noexcept { return text_; }

  /// *Ownership:* valid until the URI is changed or destroyed.
  const uri_view& view() const& noexcept { return view_; }
  const uri_view& view() const&& = delete;
  const uri_view* operator->() const noexcept { return &view_; }

  /// An empty user removes the user part and its password.
  PARLEY_API parsed<void> set_user(std::string_view user);
  /// *Errors:* `expected_user` where there is no user part.
  PARLEY_API parsed<void> set_password(std::string_view password);
  /// A name, an IPv4 address, or an IPv6 address with or without brackets. *Errors:* `expected_host`,
  /// `bad_ipv6`.
  PARLEY_API parsed<void> set_host(std::string_view host);
  /// 0 removes the port.
  PARLEY_API parsed<void> set_port(std::uint16_t port);
  /// Replaces the parameter, or adds it behind the others. *Errors:* `bad_parameter` for an empty name or
  /// value.
  PARLEY_API parsed<void> set_parameter(std::string_view name, std::string_view value);
  /// Sets a parameter without a value, as `lr`.
  PARLEY_API parsed<void> set_parameter(std::string_view name);
  PARLEY_API void remove_parameter(std::string_view name);
  /// Adds a header behind the others. *Errors:* `bad_parameter` for an empty name.
  PARLEY_API parsed<void> add_header(std::string_view name, std::string_view value);
  PARLEY_API void remove_headers();

  /// By RFC 3261 19.1.4, see `equivalent`.
  friend bool operator==(const uri& a, const uri& b) noexcept { return equivalent(a.view_, b.view_); }

 private:
  uri() = default;
  void rebase(const uri_view& from) noexcept;
  parsed<void> replace(std::size_t offset, std::size_t length, std::string_view text);
  parsed<void> put_parameter(std::string_view name, std::string_view text);

  std::string text_;
  uri_view view_;
};

}  // namespace parley::sip
