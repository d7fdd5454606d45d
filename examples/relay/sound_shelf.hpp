#pragma once

#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/media/sound_clip.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace relay {

namespace base = parley::base;
namespace media = parley::media;

/// Bounds of a `sound_shelf`.
struct sound_limits {
  base::duration longest = std::chrono::minutes(10);
  std::size_t bytes = std::size_t{256} << 20U;  ///< of all sounds and the files that they came from
};

/// The sounds that are being played, read once for all that play one at the same time.
class sound_shelf {
 public:
  explicit sound_shelf(const sound_limits& limits = {}) : limits_(limits) {}

  /// The sound of a file, for an encoder of that format. *Errors:* `media::errc::too_long`; "not enough
  /// memory" where the others that are played leave no room; those of `media::read_clip`.
  base::result<std::shared_ptr<const media::sound_clip>> take(const std::string& file,
                                                              const media::audio_format& format);

  /// Frees what nobody holds any more. Where it is called from, and not where the last one lets go of a
  /// sound: that may be a thread that others wait for.
  void clear();

  std::size_t size() const noexcept { return held_.size(); }

 private:
  struct entry {
    std::string file;
    std::shared_ptr<const media::sound_clip> clip;

    std::size_t bytes() const noexcept { return file.size() + clip->samples.size() * sizeof(std::int16_t); }
  };

  sound_limits limits_;
  std::vector<entry> held_;
};

}  // namespace relay
