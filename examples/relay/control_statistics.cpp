#include "control.hpp"

#include <algorithm>
#include <chrono>

namespace relay {

std::size_t control::ports_in_use() const {
  std::size_t ports = 0;
  calls_.for_each([&](const call& one) {
    for (const auto& in : one.dialogues()) {
      for (const call_medium& medium : in->media) {
        if (medium.id == 0) continue;
        for (const end_addresses& end : medium.ends) ports += end.rtp == end.rtcp ? 1U : 2U;
      }
    }
  });
  return ports;
}

value control::statistics(const request& r) {
  std::int64_t translated = 0;
  calls_.for_each([&](const call& one) { translated += one.translates() ? 1 : 0; });
  const auto& counted = calls_.counted();
  const media_totals totals = calls_.totals();

  value current;
  current.add("sessionsown", std::uint64_t{calls_.size()});
  current.add("sessionsforeign", 0);
  current.add("sessionstotal", std::uint64_t{calls_.size()});
  current.add("transcodedmedia", translated);
  current.add("media", std::uint64_t{calls_.medium_count()});
  current.add("ports", std::uint64_t{ports_in_use()});

  value total;
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(r.at.now - started_).count();
  total.add("uptime", std::int64_t{uptime});
  total.add("managedsessions", counted.ended);
  total.add("timeoutsessions", counted.timed_out);
  total.add("relayedpackets", totals.rtp_packets + totals.rtcp_packets);
  total.add("relayedbytes", totals.rtp_bytes + totals.rtcp_bytes);
  total.add("relayedpacketerrors", totals.rtp_errors);

  value commands;
  std::uint64_t errors = 0;
  for (const command_count& one : counts_) {
    commands.add(std::string(one.name), value::dictionary{{"count", one.done}, {"errors", one.failed}});
    errors += one.failed;
  }
  value control_part;
  control_part.add("commands", std::move(commands));
  control_part.add("errors", errors);
  control_part.add("repetitions", repetitions_);

  value all;
  all.add("currentstatistics", std::move(current));
  all.add("totalstatistics", std::move(total));
  all.add("controlstatistics", std::move(control_part));
  return value::dictionary{{"statistics", std::move(all)}, {"result", "ok"}};
}

}  // namespace relay
