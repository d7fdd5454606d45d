#pragma once

#include <parley/media/audio_format.hpp>

namespace parley::test {

inline const media::audio_format pcmu{"PCMU", 8000, 8000, 1, {}};
inline const media::audio_format pcma{"PCMA", 8000, 8000, 1, {}};

}  // namespace parley::test
