#pragma once

#include <parley/base/api.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::media {

/// Mu-law of ITU-T G.711: a table look-up a sample. Of spans of different sizes the shorter counts.
PARLEY_API void encode_mu_law(std::span<const std::int16_t> samples, std::span<std::byte> out) noexcept;
/// As `encode_mu_law`, back.
PARLEY_API void decode_mu_law(std::span<const std::byte> codes, std::span<std::int16_t> out) noexcept;
/// A-law of ITU-T G.711, as `encode_mu_law`.
PARLEY_API void encode_a_law(std::span<const std::int16_t> samples, std::span<std::byte> out) noexcept;
/// As `encode_a_law`, back.
PARLEY_API void decode_a_law(std::span<const std::byte> codes, std::span<std::int16_t> out) noexcept;

}  // namespace parley::media
