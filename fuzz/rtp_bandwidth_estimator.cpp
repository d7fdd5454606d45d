// Whatever is sent and whatever the other end says of it: the estimate stays within its bounds, what collects
// feedback ends, and the estimator reads it.
#include <parley/rtp/bandwidth_estimator.hpp>
#include <parley/rtp/transport_feedback.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

using namespace parley;

void require(bool held) {
  if (!held) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rtp::bandwidth_estimator_options options;
  options.history = 64;
  rtp::bandwidth_estimator estimator(options);
  rtp::transport_feedback feedback({std::chrono::milliseconds(100), 16});
  auto now = base::time_point{} + std::chrono::hours(1);
  std::uint16_t sequence = 65530;
  const std::span<const std::uint8_t> in(data, size);
  for (std::size_t i = 0; i + 2 < in.size(); i += 3) {
    const unsigned a = in[i + 1];
    const unsigned b = in[i + 2];
    switch (in[i] % 7) {
      case 0: now += std::chrono::microseconds((a << 8U | b) * 10); break;
      case 1: estimator.handle_sent(now, sequence++, a << 4U | b); break;
      case 2:
        feedback.handle_packet(now + std::chrono::microseconds(b * 500),
                               static_cast<std::uint16_t>(sequence - static_cast<std::uint16_t>(a)));
        break;
      case 3:
        for (int n = 0; feedback.poll_timeout() != base::never; ++n) {
          require(n < 64);
          if (const auto said = feedback.collect(now)) {
            require(said->packets.size() <= 16);
            estimator.handle_feedback(now, *said);
          }
        }
        break;
      case 4: {
        const auto at =
            base::time_point{} + std::chrono::microseconds(static_cast<std::int64_t>(a * a) *
                                                           static_cast<std::int64_t>(b * b) * 1000);
        const std::array<rtp::packet_arrival, 1> arrival{
            rtp::packet_arrival{static_cast<std::uint16_t>(sequence - b % 70U), a % 4 != 0, at}};
        estimator.handle_feedback(now, arrival);
        break;
      }
      case 5: estimator.handle_timeout(now); break;
      case 6: estimator.set_round_trip(std::chrono::milliseconds(a * b)); break;
    }
    require(std::isfinite(estimator.estimate()) && std::isfinite(estimator.arriving()));
    require(estimator.estimate() >= options.least && estimator.estimate() <= options.most);
    require(std::isfinite(estimator.trend().threshold()));
  }
  return 0;
}
