#pragma once

#include <parley/srtp/master_key.hpp>

#include <span>

namespace parley::srtp::detail {

inline constexpr std::size_t max_master_keys = 16;

/// Whether they can serve one context: few, of one profile, told apart by MKIs of one length.
bool is_key_set(std::span<const master_key> keys) noexcept;

}  // namespace parley::srtp::detail
