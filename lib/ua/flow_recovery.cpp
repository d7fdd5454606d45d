#include <parley/ua/flow_recovery.hpp>

#include <algorithm>

namespace parley::ua {

base::duration recovery_delay(const recovery_times& times, std::uint32_t failures, bool other_flow_works,
                              base::random_source& random) noexcept {
  if (failures == 0) return {};
  base::duration bound = std::max(other_flow_works ? times.some_failed : times.all_failed, base::duration(1));
  for (std::uint32_t i = 0; i < failures && bound < times.longest; ++i) bound *= 2;
  bound = std::clamp(bound, base::duration(1), std::max(times.longest, base::duration(1)));
  const auto half = bound / 2;
  const auto spread = static_cast<std::uint64_t>((bound - half).count()) + 1;
  return half + base::duration(static_cast<base::clock::rep>(random.uniform(spread)));
}

keep_alive_range keep_alive_range_of(std::optional<std::uint32_t> flow_timer,
                                     bool connection_oriented) noexcept {
  using std::chrono::seconds;
  keep_alive_range out = connection_oriented ? keep_alive_range{seconds(95), seconds(120)}
                                             : keep_alive_range{seconds(24), seconds(29)};
  if (!flow_timer) return out;
  const base::duration asked = seconds(std::max<std::uint32_t>(*flow_timer, 10));
  if (connection_oriented || asked < out.most) out = {asked / 10 * 8, asked};
  return out;
}

}  // namespace parley::ua
