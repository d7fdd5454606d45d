#include "call.hpp"

#include <algorithm>

namespace relay {

bool participant::is(std::string_view other) const {
  return tag == other || std::find(former_tags.begin(), former_tags.end(), other) != former_tags.end();
}

void media_totals::add(const end_counters& one) noexcept {
  rtp_packets += one.packets;
  rtp_bytes += one.bytes;
  rtp_errors += one.errors;
  rtcp_packets += one.rtcp_packets;
  rtcp_bytes += one.rtcp_bytes;
  lost += one.lost;
}

void media_totals::add(const media_totals& other) noexcept {
  rtp_packets += other.rtp_packets;
  rtp_bytes += other.rtp_bytes;
  rtp_errors += other.rtp_errors;
  rtcp_packets += other.rtcp_packets;
  rtcp_bytes += other.rtcp_bytes;
  lost += other.lost;
}

namespace {

media_totals totals_of(const call_world& world, const dialogue& in) {
  media_totals out;
  for (const call_medium& medium : in.media) {
    if (medium.id == 0) continue;
    for (const side one : {side::offerer, side::answerer}) out.add(world.plane.counters(medium.id, one));
  }
  return out;
}

void end_dialogue(const call_world& world, const dialogue& in, media_totals& totals) {
  totals.add(totals_of(world, in));
  for (const call_medium& medium : in.media) {
    if (medium.id != 0) world.plane.close(medium.id);
  }
}

/// Whether a dialogue has that tag at one end, and the other, unless it is empty, at the other.
std::optional<side> side_of(const dialogue& in, const std::string& tag, const std::string& across) {
  for (const side one : {side::offerer, side::answerer}) {
    const participant& there = in.ends[index(other(one))];
    if (!tag.empty() && in.ends[index(one)].is(tag) && (across.empty() || there.is(across))) return one;
  }
  return std::nullopt;
}

bool is_held(const dialogue& in) {
  return std::all_of(in.media.begin(), in.media.end(), [](const call_medium& m) {
    return m.id == 0 || std::all_of(m.peers.begin(), m.peers.end(), [](const peer_medium& p) {
             return p.said.rejected || p.said.zero_address || p.said.direction != sdp::direction::sendrecv;
           });
  });
}

}  // namespace

std::size_t call::medium_count() const noexcept {
  std::size_t count = 0;
  for (const auto& one : dialogues_) count += one->media.size();
  return count;
}

bool call::translates() const noexcept {
  return std::any_of(dialogues_.begin(), dialogues_.end(), [](const auto& one) {
    return std::any_of(one->media.begin(), one->media.end(),
                       [](const call_medium& m) { return m.translates; });
  });
}

media_totals call::totals(const call_world& world) const {
  media_totals out;
  for (const auto& one : dialogues_) out.add(totals_of(world, *one));
  return out;
}

std::pair<dialogue*, side> call::find_pair(const std::string& from, const std::string& to) {
  for (const auto& one : dialogues_) {
    if (const auto found = side_of(*one, from, to)) return {one.get(), *found};
  }
  return {nullptr, side::offerer};
}

std::pair<dialogue*, side> call::find_for_offer(const ng_options& options) {
  if (!options.to_tag.empty()) {
    if (const auto found = find_pair(options.from_tag, options.to_tag); found.first != nullptr) return found;
  }
  for (const auto& one : dialogues_) {
    const auto found = side_of(*one, options.from_tag, {});
    if (!found) continue;
    const participant& across = one->ends[index(other(*found))];
    if (!options.to_tag.empty()) {
      // The first time that the other side's tag is heard of.
      if (across.tag.empty()) return {one.get(), *found};
    } else if (*found == side::offerer && one->via_branch == options.via_branch) {
      return {one.get(), *found};
    }
  }
  return {nullptr, side::offerer};
}

std::pair<dialogue*, side> call::find_for_answer(const ng_options& options) {
  if (!options.via_branch.empty()) {
    for (const auto& one : dialogues_) {
      const auto found = side_of(*one, options.from_tag, {});
      if (found && one->offer && one->offer->from == *found && one->via_branch == options.via_branch)
        return {one.get(), *found};
    }
  }
  if (!options.to_tag.empty()) {
    if (const auto found = find_pair(options.from_tag, options.to_tag); found.first != nullptr) return found;
  }
  // A branch that wasn't heard of: it answers the offer that nobody has answered, else the last one.
  std::pair<dialogue*, side> last{nullptr, side::offerer};
  for (const auto& one : dialogues_) {
    const auto found = side_of(*one, options.from_tag, {});
    if (!found || !one->offer || one->offer->from != *found) continue;
    last = {one.get(), *found};
    if (one->ends[index(other(*found))].tag.empty()) break;
  }
  return last;
}

bool call::remove(const call_world& world, const ng_options& options, const base::time_point& now,
                  base::duration delay, media_totals& totals) {
  const auto is_meant = [&](const dialogue& in) {
    if (in.ends_at) return false;
    if (!options.via_branch.empty() && options.to_tag.empty() && in.via_branch == options.via_branch)
      return true;
    if (options.from_tag.empty()) return true;
    return side_of(in, options.from_tag, options.to_tag).has_value();
  };
  // A branch that is named ends alone: the others have their own ports.
  const bool by_branch = !options.via_branch.empty() && options.to_tag.empty() &&
                         std::any_of(dialogues_.begin(), dialogues_.end(), [&](const auto& one) {
                           return !one->ends_at && one->via_branch == options.via_branch;
                         });
  bool any = false;
  for (auto& one : dialogues_) {
    if (!is_meant(*one) || (by_branch && one->via_branch != options.via_branch)) continue;
    any = true;
    one->ends_at = base::add_saturated(now, delay);
    for (const call_medium& medium : one->media) {
      if (medium.id != 0) world.plane.give_way(medium.id);
    }
  }
  end_due(world, now, totals);
  return any;
}

void call::end_due(const call_world& world, base::time_point now, media_totals& totals) {
  std::erase_if(dialogues_, [&](const auto& one) {
    if (!one->ends_at || *one->ends_at > now) return false;
    end_dialogue(world, *one, totals);
    return true;
  });
}

void call::close(const call_world& world, media_totals& totals) {
  for (const auto& one : dialogues_) end_dialogue(world, *one, totals);
  dialogues_.clear();
}

base::time_point call::deadline(const call_world& world) const {
  base::time_point next = base::never;
  base::time_point heard = last_signal_.now;
  bool answered = false;
  bool held = true;
  bool lives = false;
  for (const auto& one : dialogues_) {
    if (one->ends_at) {
      next = std::min(next, *one->ends_at);
      continue;
    }
    lives = true;
    answered = answered || one->answered;
    held = held && is_held(*one);
    for (const call_medium& medium : one->media) {
      if (medium.id == 0) continue;
      for (const side of : {side::offerer, side::answerer})
        heard = std::max(heard, world.plane.counters(medium.id, of).last_packet);
    }
  }
  // What is deleted with a delay has it, however long ago it was answered or heard of.
  if (!lives) return next;
  const control_settings& s = world.settings;
  const base::duration patience = !answered ? s.unanswered : held ? s.held_silence : s.silence;
  // What was never answered ends on time, even if the one who calls sends already.
  return std::min(next, base::add_saturated(answered ? heard : last_signal_.now, patience));
}

bool call::is_idle(const call_world& world, base::time_point now) const { return deadline(world) <= now; }

}  // namespace relay
