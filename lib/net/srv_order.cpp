#include "net/detail/srv_order.hpp"

#include <algorithm>
#include <cstdint>
#include <tuple>

namespace parley::net::detail {
namespace {

// By priority; those of weight 0 before others, so that they have a chance at all (RFC 2782).
auto rank(const srv_record& r) noexcept { return std::tie(r.priority, r.weight, r.target, r.port); }

}  // namespace

void order_srv(std::vector<srv_record>& records, base::random_source& random) {
  std::sort(records.begin(), records.end(),
            [](const srv_record& a, const srv_record& b) { return rank(a) < rank(b); });
  for (auto next = records.begin(); next != records.end(); ++next) {
    const auto end =
        std::find_if(next, records.end(), [&](const srv_record& r) { return r.priority != next->priority; });
    std::uint64_t sum = 0;
    for (auto r = next; r != end; ++r) sum += r->weight;
    const std::uint64_t drawn = random.uniform(sum + 1);
    std::uint64_t running = 0;
    const auto chosen = std::find_if(next, end, [&](const srv_record& r) {
      running += r.weight;
      return running >= drawn;
    });
    // The others keep their order.
    std::rotate(next, chosen, chosen + 1);
  }
}

}  // namespace parley::net::detail
