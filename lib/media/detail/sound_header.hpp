#pragma once

#include <parley/base/result.hpp>
#include <parley/media/byte_store.hpp>
#include <parley/media/sound_file.hpp>

namespace parley::media::detail {

/// What the header of a file says, before a library is shown it. *Errors:* `errc::unknown_file` for what is
/// none of `sound_encoding`, the store's own.
base::result<sound_encoding> sound_encoding_of(byte_store& store);

}  // namespace parley::media::detail
