#include <parley/media/level.hpp>
#include <parley/media/mixer.hpp>

#include <algorithm>

namespace parley::media {
namespace {

constexpr std::int32_t knee = 24576;
constexpr std::int32_t above_knee = 32767 - knee;
constexpr double heard_bonus = 4;        // 6 dB
constexpr double level_decay = 0.95;     // a frame: half after 140 ms
constexpr double least_level = 30 * 30;  // about -60 dBov: no speech

}  // namespace

std::int16_t limited(std::int32_t sum) noexcept {
  const std::int64_t size = sum < 0 ? -std::int64_t{sum} : std::int64_t{sum};
  if (size <= knee) return static_cast<std::int16_t>(sum);
  // x / (1 + x): as steep as the straight part where it begins, and never at full scale.
  const std::int64_t over = size - knee;
  const auto compressed = static_cast<std::int32_t>(knee + over * above_knee / (over + above_knee));
  return static_cast<std::int16_t>(sum < 0 ? -compressed : compressed);
}

mixer::mixer(pcm_format format, const mixer_options& options)
    : format_(format),
      options_(options),
      frame_(format.rate / 100 * format.channels),
      sum_(frame_),
      common_(frame_) {
  members_.reserve(options_.max_parties);
  order_.reserve(options_.max_parties);
}

const mixer::member* mixer::find(party who) const noexcept {
  const auto at = std::ranges::lower_bound(members_, who, {}, &member::id);
  return at != members_.end() && at->id == who ? &*at : nullptr;
}

mixer::member* mixer::find(party who) noexcept {
  const auto at = std::ranges::lower_bound(members_, who, {}, &member::id);
  return at != members_.end() && at->id == who ? &*at : nullptr;
}

base::result<mixer::party> mixer::join() {
  if (members_.size() >= options_.max_parties) return errc::limit_reached;
  member joined;
  joined.id = ++last_;
  joined.said.resize(frame_);
  members_.push_back(std::move(joined));
  return last_;
}

void mixer::leave(party who) noexcept {
  const member* const leaving = find(who);
  if (leaving != nullptr) members_.erase(members_.begin() + (leaving - members_.data()));
}

base::result<void> mixer::put(party who, std::span<const std::int16_t> frame) noexcept {
  member* const speaker = find(who);
  if (speaker == nullptr) return errc::unknown_party;
  if (frame.size() != frame_) return errc::bad_frame_length;
  std::ranges::copy(frame, speaker->said.begin());
  speaker->has_said = true;
  return {};
}

/// Marks who is heard in this frame.
void mixer::choose() noexcept {
  if (options_.max_speakers == 0) {
    for (member& each : members_) each.chosen = each.has_said;
    return;
  }
  order_.clear();
  for (member& each : members_) {
    const double level = each.has_said ? mean_square(each.said) : 0;
    each.level = std::max(level, each.level * level_decay);
    each.chosen = false;
    if (each.has_said && each.level > least_level) order_.push_back(&each);
  }
  const auto loudness = [](const member* m) { return m->speaker ? m->level * heard_bonus : m->level; };
  const std::size_t heard = std::min(options_.max_speakers, order_.size());
  std::ranges::partial_sort(order_, order_.begin() + static_cast<std::ptrdiff_t>(heard),
                            [&](const member* a, const member* b) {
                              const double of_a = loudness(a);
                              const double of_b = loudness(b);
                              return of_a != of_b ? of_a > of_b : a->id < b->id;
                            });
  for (std::size_t i = 0; i < heard; ++i) order_[i]->chosen = true;
}

/// Lets a party that is heard from this frame on, or no longer, come and go without a click.
void mixer::fade(member& who) noexcept {
  const auto size = static_cast<std::int32_t>(frame_);
  for (std::int32_t i = 0; i < size; ++i) {
    std::int16_t& sample = who.said[static_cast<std::size_t>(i)];
    const std::int32_t weight = who.chosen ? i + 1 : size - i;
    sample = static_cast<std::int16_t>(sample * weight / size);
  }
}

void mixer::mix() noexcept {
  choose();
  std::ranges::fill(sum_, 0);
  for (member& each : members_) {
    each.in_sum = each.has_said && (each.chosen || each.speaker);
    if (each.in_sum && options_.max_speakers != 0 && each.chosen != each.speaker) fade(each);
    each.speaker = each.chosen;
    each.has_said = false;
    if (!each.in_sum) continue;
    for (std::size_t i = 0; i < frame_; ++i) sum_[i] += each.said[i];
  }
  for (std::size_t i = 0; i < frame_; ++i) common_[i] = limited(sum_[i]);
}

base::result<void> mixer::take(party who, std::span<std::int16_t> out) const noexcept {
  const member* const listener = find(who);
  if (listener == nullptr) return errc::unknown_party;
  if (!listener->in_sum) return take_all(out);
  if (out.size() != frame_) return errc::bad_frame_length;
  for (std::size_t i = 0; i < frame_; ++i) out[i] = limited(sum_[i] - listener->said[i]);
  return {};
}

base::result<void> mixer::take_all(std::span<std::int16_t> out) const noexcept {
  if (out.size() != frame_) return errc::bad_frame_length;
  std::ranges::copy(common_, out.begin());
  return {};
}

bool mixer::hears_all(party who) const noexcept {
  const member* const listener = find(who);
  return listener != nullptr && !listener->in_sum;
}

}  // namespace parley::media
