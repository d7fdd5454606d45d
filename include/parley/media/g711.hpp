#pragma once

#include <parley/base/api.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::media {

// ITU-T G.711 over whole spans, a table look-up a sample. Each pair of spans has one size; where they differ,
// the shorter counts.

PARLEY_API void encode_mu_law(std::span<const std::int16_t> samples, std::span<std::byte> out) noexcept;
PARLEY_API void decode_mu_law(std::span<const std::byte> codes, std::span<std::int16_t> out) noexcept;
PARLEY_API void encode_a_law(std::span<const std::int16_t> samples, std::span<std::byte> out) noexcept;
PARLEY_API void decode_a_law(std::span<const std::byte> codes, std::span<std::int16_t> out) noexcept;

}  // namespace parley::media
