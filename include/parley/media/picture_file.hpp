#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/byte_store.hpp>
#include <parley/media/picture.hpp>

namespace parley::media {

/// Writes a picture to an empty `store` as a portable pixmap (PPM, magic number P6), for snapshots: colours
/// by ITU-R BT.601. *Errors:* `errc::unknown_file` for a store with something in it, `errc::bad_picture` for
/// a picture without pixels; the store's own.
PARLEY_API base::result<void> write_ppm(const picture_view& picture, byte_store& store);

}  // namespace parley::media
