#include "call_table.hpp"

#include <algorithm>

namespace relay {

std::size_t call_table::hasher::operator()(const std::string& id) const noexcept {
  base::siphasher hash(key);
  hash.update(id);
  return static_cast<std::size_t>(hash.finish64());
}

call_table::call_table(const call_world& world, const base::siphash_key& secret)
    : world_(world), calls_(0, hasher{secret}) {}

call_table::~call_table() = default;

call* call_table::find(const std::string& id) {
  const auto at = calls_.find(id);
  return at == calls_.end() ? nullptr : at->second->call.get();
}

call* call_table::add(const std::string& id, const instant& at) {
  if (is_full()) return nullptr;
  auto made = std::make_unique<entry>();
  made->call = std::make_unique<call>(id, counts_.begun + 1, at);
  call* out = made->call.get();
  calls_.emplace(id, std::move(made));
  ++counts_.begun;
  return out;
}

void call_table::changed(call& which) {
  const auto at = calls_.find(which.id());
  if (at != calls_.end()) note(*at->second);
}

void call_table::note(entry& one) {
  for (const medium_id id : one.media) media_.erase(id);
  one.media.clear();
  due_.erase({one.due, &one});
  if (one.call->dialogues().empty()) return take_out(one);
  for (const auto& dialogue : one.call->dialogues()) {
    for (const call_medium& medium : dialogue->media) {
      if (medium.id == 0) continue;
      one.media.push_back(medium.id);
      media_[medium.id] = &one;
    }
  }
  one.due = one.call->deadline(world_);
  due_.insert({one.due, &one});
}

void call_table::take_out(entry& one) {
  for (const medium_id id : one.media) media_.erase(id);
  due_.erase({one.due, &one});
  one.call->close(world_, counts_.media);
  ++counts_.ended;
  calls_.erase(std::string(one.call->id()));
}

bool call_table::remove(const instant& at, const ng_options& options, base::duration delay, value& answer) {
  const auto found = calls_.find(options.call_id);
  if (found == calls_.end()) return false;
  entry& one = *found->second;
  // As it stands before anything of it is gone.
  value report = one.call->report(world_, at);
  if (!one.call->remove(world_, options, at.now, delay, counts_.media)) return false;
  answer = std::move(report);
  note(one);
  return true;
}

void call_table::clear() {
  while (!calls_.empty()) take_out(*calls_.begin()->second);
}

void call_table::handle_trouble(const instant& at, medium_id medium) {
  const auto found = media_.find(medium);
  if (found == media_.end()) return;
  entry& one = *found->second;
  due_.erase({one.due, &one});
  one.due = at.now;
  due_.insert({one.due, &one});
}

void call_table::handle_timeout(const instant& at) {
  while (!due_.empty() && due_.begin()->first <= at.now) {
    entry& one = *due_.begin()->second;
    one.call->end_due(world_, at.now, counts_.media);
    if (!one.call->dialogues().empty() && one.call->is_idle(world_, at.now)) {
      ++counts_.timed_out;
      take_out(one);
      continue;
    }
    note(one);
  }
}

std::vector<std::string> call_table::list(std::size_t most) const {
  std::vector<std::string> out;
  for (const auto& [id, one] : calls_) {
    if (out.size() >= most) break;
    out.push_back(id);
  }
  return out;
}

media_totals call_table::totals() const {
  media_totals out = counts_.media;
  for (const auto& [id, one] : calls_) out.add(one->call->totals(world_));
  return out;
}

}  // namespace relay
