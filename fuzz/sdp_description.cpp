// Whatever is taken for a description is written as one that is read as the same; typed lines give the same
// each time they are asked for; and what is read out of one section can be set in another.
#include <parley/sdp/description.hpp>
#include <parley/sdp/rtp_format.hpp>

#include "support/sdp_attributes.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace parley::sdp;

void require(bool held) {
  if (!held) std::abort();
}

/// Looks at each kind of line in one section.
struct look {
  const section& from;
  std::size_t text_size;

  template <class T>
  void operator()() const {
    const auto first = from.get<T>();
    const auto again = from.get<T>();
    require(first.has_value() == again.has_value());
    if (first) {
      require(*first == *again && from.has<T>());
      set_elsewhere(*first);
    } else {
      require(first.error() == again.error() && first.error().offset <= text_size);
    }
    if (!from.has<T>()) return;
    std::size_t found = 0;
    bool all_good = true;
    from.for_each<T>([&](const parsed<T>& one) {
      ++found;
      all_good = all_good && one;
    });
    const auto all = from.all<T>();
    require(all.has_value() == all_good);
    if (all) require(all->size() == found);
  }

  template <class T>
  static void set_elsewhere(const T& value) {
    auto to = media_description::create({"audio", 9, 1, "RTP/AVP", {"0"}});
    const auto set = to->set(value);
    require(set || set.error().code == errc::misplaced_line);
    if (set) require(*to->template get<T>() == value);
  }
};

void look_at_formats(const media_description& media) {
  const auto formats = rtp_formats(media);
  require(formats.size() <= media.media().formats.size());
  auto copy = media_description::create({media.media().media, 9, 1, "RTP/AVP", {"unused"}});
  require(copy.has_value());
  for (const rtp_format& format : formats) {
    if (format.codec.encoding.empty()) continue;
    require(add_rtp_format(*copy, format).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  limits bounds;
  bounds.text_bytes = 1U << 24U;  // what is written may be longer than what was read
  bounds.attributes = 64;
  bounds.media = 8;
  const auto read = description::parse(text, bounds);
  if (!read) {
    require(read.error().code != errc{} && read.error().offset <= text.size());
    return 0;
  }
  const std::string written = read->to_string();
  const auto again = description::parse(written, bounds);
  require(again && *again == *read && again->to_string() == written);

  for_each_typed_line(look{*read, size});
  for (const media_description& media : read->media()) {
    for_each_typed_line(look{media, size});
    look_at_formats(media);
    static_cast<void>(read->direction_of(media));
    static_cast<void>(media.is_rejected());
    auto changed = media;
    changed.set_direction(direction::inactive);
    require(read->direction_of(changed) == direction::inactive);
  }
  return 0;
}
