#include "offer_answer/detail/extensions.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace parley::offer_answer::detail {
namespace {

using sdp::extmap;

constexpr std::uint16_t last_id = 255;

bool same_extension(const extmap& a, const extmap& b) noexcept {
  return a.uri == b.uri && a.attributes == b.attributes;
}

const extmap* find_same(std::span<const extmap> among, const extmap& wanted) noexcept {
  const auto found = std::find_if(among.begin(), among.end(),
                                  [&](const extmap& one) { return same_extension(one, wanted); });
  return found == among.end() ? nullptr : &*found;
}

/// Which ids are taken.
class id_table {
 public:
  void take(std::span<const extmap> extensions) noexcept {
    for (const extmap& one : extensions) take(one.id);
  }
  void take(std::uint16_t id) noexcept {
    if (id <= last_id) taken_[id] = true;
  }
  bool has(std::uint16_t id) const noexcept { return id == 0 || id > last_id || taken_[id]; }

  /// The lowest free one, so that one byte holds it as long as that may be; 15 means none (RFC 8285 4.2).
  std::optional<std::uint16_t> free() const noexcept {
    for (std::uint16_t id = 1; id <= last_id; ++id) {
      if (id != 15 && !taken_[id]) return id;
    }
    return std::nullopt;
  }

 private:
  std::array<bool, last_id + 1> taken_{};
};

}  // namespace

std::vector<extmap> number_extensions(std::span<const extmap> ours, std::span<const extmap> known) {
  id_table others;  // of which nobody may have the id
  others.take(known);
  id_table all = others;
  all.take(ours);
  std::vector<extmap> out;
  for (const extmap& one : ours) {
    extmap numbered = one;
    if (const extmap* const before = find_same(known, one)) {
      numbered.id = before->id;
    } else if (others.has(one.id)) {
      const auto id = all.free();
      if (!id) continue;
      numbered.id = *id;
    }
    const bool used =
        std::any_of(out.begin(), out.end(), [&](const extmap& o) { return o.id == numbered.id; });
    if (used || numbered.id > last_id) continue;
    others.take(numbered.id);
    all.take(numbered.id);
    out.push_back(std::move(numbered));
  }
  return out;
}

std::vector<extmap> answer_extensions(std::span<const extmap> offered, std::span<const extmap> ours) {
  id_table ids;
  ids.take(offered);
  std::vector<extmap> out;
  for (const extmap& one : offered) {
    const extmap* const own = find_same(ours, one);
    if (own == nullptr || find_same(out, one) != nullptr) continue;
    // RFC 8285 6: the direction is answered as that of a medium is.
    const auto all = sdp::direction::sendrecv;
    const auto way = own->direction.value_or(all) & sdp::reversed(one.direction.value_or(all));
    if (way == sdp::direction::inactive) continue;
    extmap chosen = one;
    chosen.direction = way == all ? std::nullopt : std::optional(way);
    if (one.id > last_id) {
      const auto id = ids.free();
      if (!id) continue;
      ids.take(*id);
      chosen.id = *id;
    }
    const bool used = std::any_of(out.begin(), out.end(), [&](const extmap& o) { return o.id == chosen.id; });
    if (!used) out.push_back(std::move(chosen));
  }
  return out;
}

void remember_extensions(std::vector<extmap>& known, std::span<const extmap> extensions) {
  for (const extmap& one : extensions) {
    if (find_same(known, one) == nullptr) known.push_back(one);
  }
}

}  // namespace parley::offer_answer::detail
