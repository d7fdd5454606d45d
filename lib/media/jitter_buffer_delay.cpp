#include <parley/media/jitter_buffer.hpp>
#include <parley/media/time_stretch.hpp>

#include <algorithm>
#include <chrono>

// How the delay is brought back to its target: sound is shortened and lengthened by single periods, and left
// out where that would take too long.

namespace parley::media {
namespace {

/// What exceeds the target by that isn't worth shortening: it is left out.
constexpr base::duration too_much = std::chrono::milliseconds(300);
/// For so many pulls the delay must have been wrong before sound is stretched, so that a late tick of the
/// playout clock is not taken for delay; and so many lie between two stretches.
constexpr unsigned pulls_before = 5;
constexpr unsigned pulls_between = 3;

}  // namespace

void jitter_buffer::decode_ahead(std::size_t wanted) {
  while (pending() < wanted && !packets_.empty() && packets_.front().with->decoder &&
         packets_.front().begin <= next_ && packets_.front().end > next_ && state_ == state::playing) {
    play_front();
  }
}

void jitter_buffer::adapt(base::time_point now) {
  const auto ahead = static_cast<std::int64_t>(pending());
  current_delay_ = delay_of(next_ - ahead, now) - delays_.fastest();
  const base::duration target = delays_.target();
  if (current_delay_ > target + too_much) {
    catch_up(now);
    return;
  }
  above_ = current_delay_ > target + band ? above_ + 1 : 0;
  below_ = current_delay_ < target ? below_ + 1 : 0;
  ++since_stretch_;
  if (since_stretch_ < pulls_between || concealment_.active() || seam_) return;
  const std::size_t channels = format_.channels;
  if (above_ >= pulls_before) {
    decode_ahead(shorten_needs(format_));
    const std::size_t by = shorten({pcm_.data() + pcm_begin_, pcm_end_ - pcm_begin_}, format_);
    if (by == 0) return;
    pcm_end_ -= by * channels;
    statistics_.removed += by;
  } else if (below_ >= pulls_before) {
    decode_ahead(frame_);
    const std::size_t past = history_frames * frame_;
    static_cast<void>(room(2 * frame_));
    const std::size_t from = pcm_begin_ - past * channels;
    const std::span<std::int16_t> sound(pcm_.data() + from, pcm_.size() - from);
    const std::size_t by = lengthen(sound, past, past + pending(), format_);
    if (by == 0) return;
    pcm_end_ += by * channels;
    statistics_.inserted += by;
  } else {
    return;
  }
  ++statistics_.stretches;
  since_stretch_ = 0;
}

/// Leaves out what should have been heard long ago.
void jitter_buffer::catch_up(base::time_point now) {
  const base::duration aim = delays_.fastest() + delays_.target() + band / 2;
  bool dropped = false;
  while (packets_.size() > 1 && delay_of(packets_.front().end, now) >= aim) {
    ++statistics_.discarded;
    drop_front();
    dropped = true;
  }
  if (!dropped) return;
  pcm_end_ = pcm_begin_;
  next_ = std::max(next_, packets_.front().begin);
  seam_ = true;
  above_ = below_ = 0;
}

}  // namespace parley::media
