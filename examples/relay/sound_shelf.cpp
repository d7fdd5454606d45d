#include "sound_shelf.hpp"

#include <parley/media/byte_store.hpp>

#include <boost/system/errc.hpp>

#include <span>
#include <utility>

namespace relay {

base::result<std::shared_ptr<const media::sound_clip>> sound_shelf::take(const std::string& file,
                                                                         const media::audio_format& format) {
  for (const entry& one : held_) {
    const media::sound_clip& clip = *one.clip;
    if (clip.format == media::clip_format(format, clip.stored_rate) && one.file == file) return one.clip;
  }
  clear();
  std::size_t room = limits_.bytes;
  for (const entry& one : held_) room -= one.bytes();

  const auto bytes = std::as_bytes(std::span(file));
  media::memory_store store({bytes.begin(), bytes.end()});
  auto read = media::read_clip(store, format, limits_.longest);
  if (!read) return read.error();
  entry made{file, std::make_shared<const media::sound_clip>(std::move(*read))};
  if (made.bytes() > room) return make_error_code(boost::system::errc::not_enough_memory);
  held_.push_back(std::move(made));
  return held_.back().clip;
}

void sound_shelf::clear() {
  std::erase_if(held_, [](const entry& one) { return one.clip.use_count() == 1; });
}

}  // namespace relay
