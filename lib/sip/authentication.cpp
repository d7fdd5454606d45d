#include <parley/sip/authentication.hpp>
#include <parley/sip/chars.hpp>

#include "sip/detail/scan.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <type_traits>

namespace parley::sip {
namespace {

enum class field : std::uint8_t {
  other,
  algorithm,
  charset,
  cnonce,
  domain,
  nc,
  nextnonce,
  nonce,
  opaque,
  qop,
  realm,
  response,
  rspauth,
  stale,
  uri,
  userhash,
  username,
  username_ext,
};

/// The first eight characters of a name in lower case, as one number; its first character is the lowest byte.
constexpr std::uint64_t load_lower(const char* at) noexcept {
  std::uint64_t value = 0;
  if (std::is_constant_evaluated() || std::endian::native != std::endian::little) {
    for (unsigned i = 0; i < 8; ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  } else {
    std::memcpy(&value, at, sizeof value);
  }
  return value | 0x2020202020202020U;
}

constexpr std::size_t longest_name = 9;

/// Keeps `size` characters of a `load_lower`.
constexpr std::uint64_t key_of(std::uint64_t loaded, std::size_t size) noexcept {
  return size >= 8 ? loaded : loaded & ((std::uint64_t{1} << (8 * size)) - 1);
}

struct named_field {
  std::uint64_t key = 0;
  std::uint8_t size = 0;
  char last = '\0';
  field id = field::other;
};

constexpr named_field named(std::string_view name, field id) {
  char padded[longest_name] = {};
  for (std::size_t i = 0; i < name.size(); ++i) padded[i] = name[i];
  return {key_of(load_lower(padded), name.size()), static_cast<std::uint8_t>(name.size()), name.back(), id};
}

constexpr std::array known_fields{
    named("algorithm", field::algorithm),
    named("charset", field::charset),
    named("cnonce", field::cnonce),
    named("domain", field::domain),
    named("nc", field::nc),
    named("nextnonce", field::nextnonce),
    named("nonce", field::nonce),
    named("opaque", field::opaque),
    named("qop", field::qop),
    named("realm", field::realm),
    named("response", field::response),
    named("rspauth", field::rspauth),
    named("stale", field::stale),
    named("uri", field::uri),
    named("userhash", field::userhash),
    named("username", field::username),
    named("username*", field::username_ext),
};

/// A multiplication spreads the names over a table so that no two share a slot: one comparison finds a name.
struct field_table {
  static constexpr unsigned bits = 6;

  static constexpr std::size_t slot_of(std::uint64_t key, std::size_t size, std::uint64_t factor) {
    return (key + size) * factor >> (64 - bits);
  }

  constexpr field_table() {
    // Constants of Knuth's generator, tried until one separates all names; the search runs in the compiler.
    for (factor = 6364136223846793005U;; factor = factor * 6364136223846793005U + 1442695040888963407U) {
      factor |= 1;
      slots = {};
      bool separate = true;
      for (const named_field& f : known_fields) {
        named_field& slot = slots[slot_of(f.key, f.size, factor)];
        separate = separate && slot.id == field::other;
        slot = f;
      }
      if (separate) return;
    }
  }

  /// `name` has eight readable characters.
  field find(const char* name, std::size_t size) const noexcept {
    if (size == 0 || size > longest_name) return field::other;
    const std::uint64_t key = key_of(load_lower(name), size);
    const named_field& slot = slots[slot_of(key, size, factor)];
    return slot.key == key && slot.size == size && slot.last == (name[size - 1] | 0x20) ? slot.id
                                                                                        : field::other;
  }

  std::uint64_t factor = 0;
  std::array<named_field, std::size_t{1} << bits> slots{};
};

constexpr field_table fields;

/// What may stand in a value that lost its quotes on the way: anything but a separator, a quote or a control
/// character.
bool is_unquoted(char c) noexcept {
  const auto u = static_cast<unsigned char>(c);
  return u > 0x20 && u != ',' && u != '"' && u != 0x7f;
}

/// Reads a token, a quoted string, or what is left of one that lost its quotes, and says where it ends; null
/// where it failed.
const char* read_value(cursor& in, const char* start, std::string_view& out) noexcept {
  in.seek(start);
  if (in.peek() == '"') return in.read_quoted(out) ? in.position() : nullptr;
  const char* at = start;
  while (at != in.end() && is_unquoted(*at)) ++at;
  out = {start, static_cast<std::size_t>(at - start)};
  if (at != start) return at;
  in.fail(errc::expected_token);
  return nullptr;
}

const char* skip_lws(cursor& in, const char* at) noexcept {
  in.seek(at);
  in.skip_lws();
  return in.position();
}

/// Reads auth-param-name EQUAL the long way, and says where the value begins; null where it failed.
const char* read_name(cursor& in, const char* start, std::string_view& name) noexcept {
  in.seek(start);
  if (!in.read_token(name)) return nullptr;
  if (in.consume_separator('=')) return in.position();
  in.skip_lws();
  in.fail(errc::expected_equals);
  return nullptr;
}

field field_of(std::string_view name) noexcept {
  char padded[longest_name] = {};
  for (std::size_t i = 0; i < std::min(name.size(), longest_name); ++i) padded[i] = name[i];
  return fields.find(padded, name.size());
}

class field_set {
 public:
  /// False where `f` was in the set already.
  bool add(field f) noexcept {
    const std::uint32_t bit = 1U << static_cast<unsigned>(f);
    if ((bits_ & bit) != 0) return false;
    bits_ |= bit;
    return true;
  }
  bool has(field f) const noexcept { return (bits_ >> static_cast<unsigned>(f) & 1U) != 0; }

 private:
  std::uint32_t bits_ = 0;
};

/// Where equals signs and quotes stand among the 64 characters from `start` on, one bit each; none from the
/// end of the text on.
struct auth_window {
  static constexpr std::size_t width = 64;

  const char* start = nullptr;
  std::uint64_t equals = 0;
  std::uint64_t quotes = 0;

  std::size_t offset(const char* at) const noexcept {
    return reinterpret_cast<std::uintptr_t>(at) - reinterpret_cast<std::uintptr_t>(start);
  }

  /// Looks at `at` and what follows, up to `end`; `width` characters can be read.
  void open(const char* at, const char* end) noexcept {
    start = at;
    equals = quotes = 0;
    for (unsigned i = 0; i < width; i += static_cast<unsigned>(detail::block::width)) {
      const detail::block next(at + i);
      equals |= std::uint64_t{next.equal_to('=')} << i;
      quotes |= std::uint64_t{next.equal_to('"')} << i;
    }
    const auto left = static_cast<std::size_t>(end - at);
    if (left >= width) return;
    const std::uint64_t inside = (std::uint64_t{1} << left) - 1;
    equals &= inside;
    quotes &= inside;
  }
};

/// One auth-param as it usually stands: a known name, an equals sign, and a value with or without quotes, all
/// of it within a window.
struct usual_param {
  field id = field::other;
  std::size_t name_size = 0;
  std::string_view value;
};

/// Returns the place behind it; null where it is not of that kind, right or wrong.
inline const char* read_usual_param(const cursor& in, auth_window& window, const char* at,
                                    usual_param& out) noexcept {
  if (in.readable() - at < static_cast<std::ptrdiff_t>(longest_name)) return nullptr;  // for `fields.find`
  std::size_t offset = window.offset(at);
  // A name, its value and both quotes may take more than what is left of a window, and never more than the
  // next.
  for (bool fresh = false;; fresh = true) {
    if (offset < auth_window::width) {
      const std::uint64_t equals = window.equals >> offset;
      const auto size = static_cast<std::size_t>(std::countr_zero(equals));
      if (offset + size + 1 < auth_window::width) {
        const char* const value = at + size + 1;
        // Two branches, not one choice: what is read next need not wait for this character.
        if (*value == '"') {
          const std::uint64_t quotes = window.quotes >> offset >> 1U >> (size + 1);
          if (quotes != 0) {
            const char* const quote = value + 1 + std::countr_zero(quotes);
            out.id = fields.find(at, size);
            out.name_size = size;
            out.value = {value + 1, static_cast<std::size_t>(quote - value - 1)};
            // A quote behind a backslash may or may not be escaped; only a walk from the start tells.
            return out.id != field::other && quote[-1] != '\\' ? quote + 1 : nullptr;
          }
        } else {
          const char* stop = value;
          while (stop != in.end() && is_unquoted(*stop)) ++stop;
          out.id = fields.find(at, size);
          out.name_size = size;
          out.value = {value, static_cast<std::size_t>(stop - value)};
          return out.id != field::other && stop != value ? stop : nullptr;
        }
      }
    }
    if (fresh || in.readable() - at < static_cast<std::ptrdiff_t>(auth_window::width)) return nullptr;
    window.open(at, in.end());
    offset = 0;
  }
}

/// Reads auth-params up to the end of the value. `target_of(id, name)` says where the value of a parameter
/// goes.
template <class TargetOf>
bool read_auth_params(cursor& in, field_set& seen, TargetOf&& target_of) noexcept {
  // The place is kept out of the cursor while all is well: it stays in a register.
  const char* at = in.position();
  const char* const end = in.end();
  auth_window window;
  usual_param usual;
  while (true) {
    const char* const where = at;
    if (const char* const stop = read_usual_param(in, window, at, usual)) {
      if (!seen.add(usual.id)) return in.fail(errc::duplicate_parameter, where);
      *target_of(usual.id, std::string_view(at, usual.name_size)) = usual.value;
      at = stop;
    } else {
      std::string_view name;
      at = read_name(in, at, name);
      if (at == nullptr) return false;
      const field id = field_of(name);
      if (id != field::other && !seen.add(id)) return in.fail(errc::duplicate_parameter, where);
      at = read_value(in, at, *target_of(id, name));
      if (at == nullptr) return false;
    }
    if (end - at > 2 && at[0] == ',' && at[1] == ' ' && is(at[2], char_token)) {
      at += 2;
      continue;
    }
    const char* const behind = at;
    at = skip_lws(in, at);
    if (at == end) {
      in.seek(behind);
      return true;
    }
    if (*at != ',') return in.fail(errc::expected_separator, at);
    at = skip_lws(in, at + 1);
  }
}

/// nc-value = 8LHEX. Fewer digits are taken: the count is hashed as it was written.
bool read_nc(cursor& in, std::string_view text, std::uint32_t& out) noexcept {
  if (text.empty() || text.size() > 8) return in.fail(errc::bad_parameter, text.data());
  std::uint32_t value = 0;
  for (char c : text) {
    if (!is(c, char_hex)) return in.fail(errc::bad_parameter, text.data());
    // The low half of a digit's code is its value, that of a letter's is one more than its place.
    value = value << 4 | ((static_cast<unsigned char>(c) & 15U) + (c > '9' ? 9U : 0U));
  }
  out = value;
  return true;
}

/// Reads the scheme and finds where its parameters begin. `done` where nothing more is to be read.
template <class Value>
bool read_scheme(cursor& in, Value& out) noexcept {
  // What nearly every one begins with, at one comparison.
  if (in.rest().size() > 7 && in.rest().starts_with("Digest ") && !is(in.rest()[7], char_lws)) {
    out.scheme = in.rest().substr(0, 6);
    out.digest = true;
    in.advance(7);
    return true;
  }
  if (!in.read_token(out.scheme)) return false;
  const char* const behind = in.position();
  in.skip_lws();
  if (in.position() == behind && !in.at_end()) return in.fail(errc::bad_character);
  out.digest = iequals(out.scheme, "Digest");
  if (out.digest) return true;
  // The message index has cut the white space behind a value already; a text that came another way may have
  // some.
  std::string_view text = in.rest();
  while (!text.empty() && is(text.back(), char_lws)) text.remove_suffix(1);
  out.text = text;
  in.advance(text.size());
  return true;
}

bool read_challenge(cursor& in, challenge& out) noexcept {
  if (!read_scheme(in, out)) return false;
  if (!out.digest) return true;
  const char* const start = in.position();
  field_set seen;
  std::string_view stale;
  std::string_view userhash;
  std::string_view ignored;
  const auto target_of = [&](field id, std::string_view) noexcept {
    switch (id) {
      case field::realm: return &out.realm;
      case field::nonce: return &out.nonce;
      case field::domain: return &out.domain;
      case field::opaque: return &out.opaque;
      case field::algorithm: return &out.algorithm;
      case field::qop: return &out.qop;
      case field::charset: return &out.charset;
      case field::stale: return &stale;
      case field::userhash: return &userhash;
      default: return &ignored;
    }
  };
  if (!read_auth_params(in, seen, target_of)) return false;
  out.text = in.since(start);
  out.has_opaque = seen.has(field::opaque);
  // RFC 7616 3.3: anything but true counts as false.
  out.stale = iequals(stale, "true");
  out.userhash = iequals(userhash, "true");
  return (seen.has(field::realm) && seen.has(field::nonce)) || in.fail(errc::missing_parameter);
}

using credentials_member = std::string_view credentials::*;

/// Where the values of the known parameters go: a jump by table costs more than a look into one.
constexpr auto credentials_members = [] {
  std::array<credentials_member, static_cast<std::size_t>(field::username_ext) + 1> members{};
  members.fill(nullptr);  // some compilers take the zeros of `{}` for the first member
  const auto set = [&members](field id, credentials_member member) {
    members[static_cast<std::size_t>(id)] = member;
  };
  set(field::username, &credentials::username);
  set(field::username_ext, &credentials::username_ext);
  set(field::realm, &credentials::realm);
  set(field::nonce, &credentials::nonce);
  set(field::uri, &credentials::uri);
  set(field::response, &credentials::response);
  set(field::algorithm, &credentials::algorithm);
  set(field::cnonce, &credentials::cnonce);
  set(field::opaque, &credentials::opaque);
  set(field::qop, &credentials::qop);
  set(field::nc, &credentials::nc_text);
  return members;
}();

bool read_credentials(cursor& in, credentials& out) noexcept {
  if (!read_scheme(in, out)) return false;
  if (!out.digest) return true;
  const char* const start = in.position();
  field_set seen;
  std::string_view userhash;
  std::string_view ignored;
  const auto target_of = [&](field id, std::string_view) noexcept {
    const auto member = credentials_members[static_cast<std::size_t>(id)];
    return member != nullptr ? &(out.*member) : id == field::userhash ? &userhash : &ignored;
  };
  if (!read_auth_params(in, seen, target_of)) return false;
  out.text = in.since(start);
  out.userhash = iequals(userhash, "true");
  if (seen.has(field::nc) && !read_nc(in, out.nc_text, out.nc)) return false;
  const bool user = seen.has(field::username) || seen.has(field::username_ext);
  const bool base =
      seen.has(field::realm) && seen.has(field::nonce) && seen.has(field::uri) && seen.has(field::response);
  // RFC 7616 3.4: cnonce and nc come with qop.
  const bool count = out.qop.empty() || (seen.has(field::cnonce) && seen.has(field::nc));
  if (!user || !base || !count) return in.fail(errc::missing_parameter);
  if (seen.has(field::username_ext)) {
    // RFC 7616 3.4: one way to name the user, and username* never with userhash.
    if (seen.has(field::username)) return in.fail(errc::duplicate_parameter, out.username_ext.data());
    if (out.userhash) return in.fail(errc::bad_parameter, out.username_ext.data());
  }
  return true;
}

bool read_info(cursor& in, authentication_info& out) noexcept {
  const char* const start = in.position();
  field_set seen;
  std::string_view ignored;
  const auto target_of = [&](field id, std::string_view) noexcept {
    switch (id) {
      case field::nextnonce: return &out.nextnonce;
      case field::qop: return &out.qop;
      case field::rspauth: return &out.rspauth;
      case field::cnonce: return &out.cnonce;
      case field::nc: return &out.nc_text;
      default: return &ignored;
    }
  };
  if (!read_auth_params(in, seen, target_of)) return false;
  out.text = in.since(start);
  return !seen.has(field::nc) || read_nc(in, out.nc_text, out.nc);
}

}  // namespace

bool www_authenticate_header::read(cursor& in, www_authenticate_header& out) noexcept {
  return read_challenge(in, out);
}

bool proxy_authenticate_header::read(cursor& in, proxy_authenticate_header& out) noexcept {
  return read_challenge(in, out);
}

bool authorization_header::read(cursor& in, authorization_header& out) noexcept {
  return read_credentials(in, out);
}

bool proxy_authorization_header::read(cursor& in, proxy_authorization_header& out) noexcept {
  return read_credentials(in, out);
}

bool authentication_info_header::read(cursor& in, authentication_info_header& out) noexcept {
  return read_info(in, out);
}

bool proxy_authentication_info_header::read(cursor& in, proxy_authentication_info_header& out) noexcept {
  return read_info(in, out);
}

bool find_auth_param(std::string_view text, std::string_view name, std::string_view& out) noexcept {
  cursor in(text);
  in.skip_lws();
  field_set seen;
  std::string_view value;
  std::string_view ignored;
  bool found = false;
  const auto target_of = [&](field, std::string_view one) noexcept {
    if (found || !iequals(one, name)) return &ignored;
    found = true;
    return &value;
  };
  if (!read_auth_params(in, seen, target_of) || !found) return false;
  out = value;
  return true;
}

}  // namespace parley::sip
