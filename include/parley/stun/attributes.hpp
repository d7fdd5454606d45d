#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/byte_writer.hpp>
#include <parley/stun/error.hpp>
#include <parley/stun/message.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace parley::stun {

/// An attribute as it lies in a message; `value` is without padding, `offset` where the value begins.
struct attribute {
  attribute_type type{};
  std::uint32_t offset = 0;
  std::span<const std::byte> value;
};

/// The types that follow are names for attributes: `message_view::get<username>()` gives a `value_type`,
/// `writer::add<username>(…)` takes an `argument_type`. `read` and `write` are what these two call.

/// MAPPED-ADDRESS, ALTERNATE-SERVER, and with `Xor` the form of XOR-MAPPED-ADDRESS (RFC 8489 14.1, 14.2),
/// which middleboxes that rewrite addresses in packets leave alone.
template <attribute_type Type, bool Xor>
struct address_attribute {
  using value_type = base::socket_address;
  using argument_type = base::socket_address;
  static constexpr attribute_type type = Type;

  static parsed<value_type> read(const attribute& from, const transaction_id& id) noexcept;
  static errc write(base::byte_writer& out, const argument_type& value, const transaction_id& id) noexcept;
};

/// A text of at most `MaxBytes` bytes. What it holds is not looked at: an attribute that is compared with
/// what the receiver expects needs no check of its UTF-8.
template <attribute_type Type, std::size_t MaxBytes>
struct text_attribute {
  using value_type = std::string_view;
  using argument_type = std::string_view;
  static constexpr attribute_type type = Type;
  static constexpr std::size_t max_bytes = MaxBytes;

  static parsed<value_type> read(const attribute& from, const transaction_id&) noexcept {
    if (from.value.size() > MaxBytes) return parse_error{errc::text_too_long, from.offset};
    return value_type(reinterpret_cast<const char*>(from.value.data()), from.value.size());
  }
  static errc write(base::byte_writer& out, argument_type value, const transaction_id&) noexcept {
    if (value.size() > MaxBytes) return errc::text_too_long;
    out.text(value);
    return {};
  }
};

/// A number of fixed width.
template <attribute_type Type, std::unsigned_integral Integer>
struct integer_attribute {
  using value_type = Integer;
  using argument_type = Integer;
  static constexpr attribute_type type = Type;

  static parsed<value_type> read(const attribute& from, const transaction_id&) noexcept {
    if (from.value.size() != sizeof(Integer)) return parse_error{errc::bad_attribute_length, from.offset};
    Integer value = 0;
    for (const std::byte b : from.value) {
      value = static_cast<Integer>(value << 8U | std::to_integer<Integer>(b));
    }
    return value;
  }
  static errc write(base::byte_writer& out, argument_type value, const transaction_id&) noexcept {
    if constexpr (sizeof(Integer) == 4) {
      out.u32(value);
    } else {
      out.u64(value);
    }
    return {};
  }
};

/// RFC 8489 14.1.
using mapped_address = address_attribute<attribute_type::mapped_address, false>;
/// RFC 8489 14.2.
using xor_mapped_address = address_attribute<attribute_type::xor_mapped_address, true>;
/// RFC 8489 14.15.
using alternate_server = address_attribute<attribute_type::alternate_server, false>;

/// RFC 8489 14.3.
using username = text_attribute<attribute_type::username, 508>;
/// RFC 8489 14.9.
using realm = text_attribute<attribute_type::realm, 763>;
/// RFC 8489 14.10.
using nonce = text_attribute<attribute_type::nonce, 763>;
/// RFC 8489 14.14.
using software = text_attribute<attribute_type::software, 763>;
/// RFC 8489 14.16.
using alternate_domain = text_attribute<attribute_type::alternate_domain, 255>;

/// RFC 8445 7.1.1.
using priority = integer_attribute<attribute_type::priority, std::uint32_t>;
/// RFC 8445 7.1.3.
using ice_controlled = integer_attribute<attribute_type::ice_controlled, std::uint64_t>;
/// RFC 8445 7.1.3.
using ice_controlling = integer_attribute<attribute_type::ice_controlling, std::uint64_t>;

/// USE-CANDIDATE (RFC 8445 7.1.2), which has no value: that it is there says all.
struct use_candidate {
  struct value_type {};
  using argument_type = value_type;
  static constexpr attribute_type type = attribute_type::use_candidate;

  static parsed<value_type> read(const attribute& from, const transaction_id&) noexcept {
    if (!from.value.empty()) return parse_error{errc::bad_attribute_length, from.offset};
    return value_type{};
  }
  static errc write(base::byte_writer&, argument_type, const transaction_id&) noexcept { return {}; }
};

/// ERROR-CODE (RFC 8489 14.8).
struct error_code {
  /// A code and its phrase, which is for humans and may be empty.
  struct value_type {
    std::uint16_t code = 0;  ///< 300 to 699
    std::string_view reason{};
  };
  using argument_type = value_type;
  static constexpr attribute_type type = attribute_type::error_code;
  static constexpr std::size_t max_reason_bytes = 763;

  PARLEY_API static parsed<value_type> read(const attribute& from, const transaction_id&) noexcept;
  PARLEY_API static errc write(base::byte_writer& out, const argument_type& value,
                               const transaction_id&) noexcept;
};

/// UNKNOWN-ATTRIBUTES (RFC 8489 14.13), of a response with code 420.
struct unknown_attributes {
  /// The types as they stand in the message.
  class value_type {
   public:
    explicit value_type(std::span<const std::byte> raw) noexcept : raw_(raw) {}
    std::size_t size() const noexcept { return raw_.size() / 2; }
    attribute_type operator[](std::size_t i) const noexcept {
      return static_cast<attribute_type>(std::to_integer<unsigned>(raw_[2 * i]) << 8U |
                                         std::to_integer<unsigned>(raw_[2 * i + 1]));
    }

   private:
    std::span<const std::byte> raw_;
  };
  using argument_type = std::span<const attribute_type>;
  static constexpr attribute_type type = attribute_type::unknown_attributes;

  PARLEY_API static parsed<value_type> read(const attribute& from, const transaction_id&) noexcept;
  PARLEY_API static errc write(base::byte_writer& out, argument_type value, const transaction_id&) noexcept;
};

/// USERHASH (RFC 8489 14.4): SHA-256 of "username:realm", in place of USERNAME.
struct userhash {
  using value_type = std::span<const std::byte, 32>;
  using argument_type = std::span<const std::byte, 32>;
  static constexpr attribute_type type = attribute_type::userhash;

  PARLEY_API static parsed<value_type> read(const attribute& from, const transaction_id&) noexcept;
  PARLEY_API static errc write(base::byte_writer& out, argument_type value, const transaction_id&) noexcept;
};

/// How a password becomes a key (RFC 8489 18.5).
enum class key_algorithm : std::uint16_t { md5 = 1, sha256 = 2 };

/// PASSWORD-ALGORITHM (RFC 8489 14.12): the one that a client has chosen.
struct password_algorithm {
  /// An algorithm, and what it needs beside the password: both that are registered need nothing.
  struct value_type {
    key_algorithm algorithm{};
    std::span<const std::byte> parameters{};
  };
  using argument_type = value_type;
  static constexpr attribute_type type = attribute_type::password_algorithm;

  PARLEY_API static parsed<value_type> read(const attribute& from, const transaction_id&) noexcept;
  PARLEY_API static errc write(base::byte_writer& out, const argument_type& value,
                               const transaction_id&) noexcept;
};

/// PASSWORD-ALGORITHMS (RFC 8489 14.11): what a server offers, the preferred one first.
struct password_algorithms {
  /// Takes the algorithms one after the other: `for (auto list = …; !list.empty();) use(list.next());`
  class value_type {
   public:
    explicit value_type(std::span<const std::byte> raw) noexcept : raw_(raw) {}
    bool empty() const noexcept { return raw_.empty(); }
    /// Only where not `empty()`.
    PARLEY_API password_algorithm::value_type next() noexcept;

   private:
    std::span<const std::byte> raw_;
  };
  using argument_type = std::span<const password_algorithm::value_type>;
  static constexpr attribute_type type = attribute_type::password_algorithms;

  PARLEY_API static parsed<value_type> read(const attribute& from, const transaction_id&) noexcept;
  PARLEY_API static errc write(base::byte_writer& out, argument_type value, const transaction_id&) noexcept;
};

namespace detail {

/// With `mask` nullptr the plain form.
PARLEY_API parsed<base::socket_address> read_address(const attribute& from,
                                                     const transaction_id* mask) noexcept;
PARLEY_API errc write_address(base::byte_writer& out, const base::socket_address& value,
                              const transaction_id* mask) noexcept;

}  // namespace detail

template <attribute_type Type, bool Xor>
parsed<base::socket_address> address_attribute<Type, Xor>::read(const attribute& from,
                                                                const transaction_id& id) noexcept {
  return detail::read_address(from, Xor ? &id : nullptr);
}

template <attribute_type Type, bool Xor>
errc address_attribute<Type, Xor>::write(base::byte_writer& out, const argument_type& value,
                                         const transaction_id& id) noexcept {
  return detail::write_address(out, value, Xor ? &id : nullptr);
}

}  // namespace parley::stun
