// The promises of a session over any sequence of operations in virtual time: its tables stay within their
// bounds, timers end, and what it sends is RTCP that it reads itself.
#include <parley/rtp/session.hpp>

#include "support/seeded_random.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

using namespace parley;

constexpr std::size_t max_sources = 6;
constexpr std::size_t max_local = 3;

void require(bool held) {
  if (!held) std::abort();
}

class operations {
 public:
  explicit operations(std::span<const std::byte> input) : input_(input) {}

  bool done() const { return input_.empty(); }
  unsigned byte() {
    if (input_.empty()) return 0;
    const auto out = std::to_integer<unsigned>(input_.front());
    input_ = input_.subspan(1);
    return out;
  }
  std::span<const std::byte> bytes(std::size_t n) {
    const auto out = input_.first(std::min(n, input_.size()));
    input_ = input_.subspan(out.size());
    return out;
  }

 private:
  std::span<const std::byte> input_;
};

void drain(rtp::session& session, base::time_point now) {
  session.handle_timeout(now);
  for (int i = 0;; ++i) {
    require(i < 8);
    std::array<std::byte, 1200> memory;
    const auto written = session.poll_transmit(now, base::wall_time(now.time_since_epoch()), memory);
    require(written.has_value());
    if (written->empty()) break;
    const auto read = rtp::compound_view::parse(*written, rtp::rtcp_form::reduced_size);
    require(read.has_value());
  }
  while (session.poll_event()) {
  }
  require(session.sources().size() <= max_sources);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  operations in(std::as_bytes(std::span(data, size)));
  test::seeded_random random(in.byte());
  const unsigned how = in.byte();
  rtp::session_options options;
  options.max_sources = max_sources;
  options.max_local_sources = max_local;
  options.schedule.feedback = (how & 1U) != 0;
  options.reduced_size = (how & 2U) != 0;
  options.reference_time = (how & 4U) != 0;
  if ((how & 8U) != 0) options.transport_wide = rtp::transport_feedback_options{};
  if ((how & 16U) != 0) options.schedule.trr_interval = std::chrono::seconds(2);
  rtp::session session(options, random);
  std::uint32_t ours = *session.add_source(8000);
  auto now = base::time_point{} + std::chrono::hours(1);
  session.start(now);
  std::optional<base::socket_address> from;

  while (!in.done()) {
    const unsigned operation = in.byte();
    switch (operation % 12) {
      case 0: now += std::chrono::milliseconds(in.byte() * 4); break;
      case 1: now = std::min(std::max(now, session.poll_timeout()), now + std::chrono::hours(1)); break;
      case 2: {
        const auto packet = rtp::packet_view::parse(in.bytes(in.byte()));
        if (packet) session.handle_rtp(now, *packet, 8000, from, static_cast<std::uint16_t>(in.byte()));
        break;
      }
      case 3: {
        std::array<std::byte, 13> memory{};
        base::byte_writer out(memory);
        rtp::packet_header header;
        header.ssrc = (operation & 16U) != 0 ? ours : in.byte();
        header.sequence_number = static_cast<std::uint16_t>(in.byte());
        static_cast<void>(rtp::write_header(out, header));
        session.handle_rtp(now, *rtp::packet_view::parse(memory), 8000, from);
        break;
      }
      case 4:
      case 5: static_cast<void>(session.handle_rtcp(now, in.bytes(in.byte()), from)); break;
      case 6: session.handle_sent(now, ours, in.byte() * 160U, in.byte()); break;
      case 7: {
        const std::array<std::uint16_t, 2> lost{static_cast<std::uint16_t>(in.byte()),
                                                static_cast<std::uint16_t>(in.byte() * 256U)};
        session.request_retransmission(now, in.byte(), lost);
        break;
      }
      case 8: session.request_key_frame(now, in.byte(), (operation & 16U) != 0); break;
      case 9: session.report_bitrate(now, std::uint64_t{in.byte()} << in.byte() % 60U); break;
      case 10:
        if ((operation & 16U) != 0) {
          if (const auto added = session.add_source(48000)) ours = *added;
        } else if ((operation & 32U) != 0) {
          session.remove_source(ours);
        } else {
          from = base::socket_address{base::ip_address::v4(in.byte()), 5004};
        }
        break;
      case 11:
        if ((operation & 128U) != 0) session.leave(now, "bye");
        break;
    }
    if (operation % 2 == 0) drain(session, now);
  }
  drain(session, now);
  return 0;
}
