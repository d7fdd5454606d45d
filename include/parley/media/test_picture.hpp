#pragma once

#include <parley/base/api.hpp>
#include <parley/media/picture.hpp>

#include <cstdint>

namespace parley::media {

/// Draws picture `number` of a film for tests over `out`: eight bars of colour that move to the left by two
/// pixels a picture, and a white square that runs along the diagonal. The same number gives the same picture.
PARLEY_API void draw_test_picture(picture& out, std::uint64_t number) noexcept;

}  // namespace parley::media
