#pragma once

#include <parley/base/api.hpp>
#include <parley/base/byte_writer.hpp>
#include <parley/base/result.hpp>
#include <parley/stun/attributes.hpp>
#include <parley/stun/error.hpp>
#include <parley/stun/integrity.hpp>
#include <parley/stun/message.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::stun {

/// Writes one STUN message into a buffer of the caller's, attribute after attribute.
///
/// ```cpp
/// writer out(buffer, message_class::success, method::binding, request.transaction());
/// out.add<xor_mapped_address>(from).fingerprint();
/// const auto message = out.finish();
/// ```
///
/// The first call that fails makes all later ones do nothing, so that `finish` alone needs a check.
///
/// *Ownership:* refers to the buffer, as does what `finish` gives; copies everything else that it is given.
class writer {
 public:
  PARLEY_API writer(std::span<std::byte> buffer, message_class kind, method what,
                    const transaction_id& id) noexcept;

  /// Appends an attribute by its name: `add<username>("evtj:h6vY")`.
  template <class Attribute>
  writer& add(const typename Attribute::argument_type& value = {}) noexcept {
    const std::size_t begun = begin(Attribute::type);
    if (error_ == errc{}) end(begun, Attribute::write(out_, value, id_));
    return *this;
  }

  /// Appends an attribute that has no name here.
  PARLEY_API writer& add_raw(attribute_type type, std::span<const std::byte> value) noexcept;

  /// Appends an integrity attribute over all that stands before it. Behind it go only a stronger one and
  /// FINGERPRINT. `bytes` is 16 to 32 in multiples of four, 32 unless the use of STUN at hand allows less.
  PARLEY_API writer& message_integrity(integrity_hasher& hasher, std::span<const std::byte> key) noexcept;
  PARLEY_API writer& message_integrity_sha256(integrity_hasher& hasher, std::span<const std::byte> key,
                                              std::size_t bytes = integrity_hasher::sha256_bytes) noexcept;

  /// Appends FINGERPRINT, the last attribute.
  PARLEY_API writer& fingerprint() noexcept;

  /// The message. *Errors:* the first that any call met: `no_space` asks for a larger buffer; the others name
  /// a value that its attribute can't hold, an attribute in the wrong place, or a key that is missing.
  [[nodiscard]] PARLEY_API base::result<std::span<const std::byte>> finish() noexcept;

 private:
  PARLEY_API std::size_t begin(attribute_type type) noexcept;
  PARLEY_API void end(std::size_t begun, errc written) noexcept;
  void integrity(attribute_type type, integrity_hasher::hash algorithm, std::size_t bytes,
                 integrity_hasher& hasher, std::span<const std::byte> key) noexcept;

  std::span<std::byte> buffer_;
  base::byte_writer out_;
  transaction_id id_;
  std::uint8_t sealed_ = 0;  // the strength of the last integrity attribute, 3 behind FINGERPRINT
  errc error_{};
};

}  // namespace parley::stun
