// Any packets under any rules, changed at any time: what comes out is RTP under a payload type of the rules,
// fits into a datagram, and of transcoded sound each has the number behind the one before.
#include <parley/base/packet_buffer.hpp>
#include <parley/media/relay_stream.hpp>

#include "support/operation_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

namespace {

using namespace parley;

void require(bool held) {
  if (!held) std::abort();
}

std::vector<media::audio_format> formats() {
  auto all = media::known_audio_formats();
  all.push_back({"L16", 44100, 44100, 2, {}});
  all.push_back({"G729", 8000, 8000, 1, {}});
  return all;
}

std::vector<media::payload_rule> rules_of(test::operation_bytes& input) {
  static const std::vector<media::audio_format> known = formats();
  std::vector<media::payload_rule> rules(input.u8() % 5);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    media::payload_rule& rule = rules[i];
    rule.received = input.u8() % 4;
    rule.sent = static_cast<std::uint8_t>(96 + i);
    rule.clock_rate = static_cast<std::uint32_t>(input.scaled(17));
    rule.sent_clock_rate = static_cast<std::uint32_t>(input.scaled(17));
    const unsigned kind = input.u8() % 4;
    rule.events = kind == 1;
    rule.noise = kind == 2;
    if (kind != 3) continue;
    const media::audio_format& from = known[input.u8() % known.size()];
    rule.transcode = media::transcoding{from, known[input.u8() % known.size()]};
    if (input.u8() % 4 != 0) rule.clock_rate = from.clock_rate;
  }
  return rules;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::operation_bytes input(std::span(data, size));
  base::buffer_pool pool;
  media::relay_stream stream;
  std::uint16_t sequence = 65500;
  std::uint32_t timestamp = 0xFFFFF000;
  std::uint32_t ssrc = 1;
  std::optional<std::uint16_t> last;
  for (unsigned operations = 0; !input.empty() && operations < 400; ++operations) {
    switch (input.u8() % 8) {
      case 0: static_cast<void>(stream.plan(rules_of(input))); break;
      case 1: sequence = static_cast<std::uint16_t>(sequence + input.u8() - 20); break;
      case 2: timestamp += static_cast<std::uint32_t>(input.scaled(32)); break;
      case 3: ssrc = input.u8() % 3; break;
      case 4: {
        std::vector<std::byte> report(input.u8() % 64);
        for (std::byte& each : report) each = std::byte{input.u8()};
        stream.rewrite_sender_reports(report);
        stream.rewrite_receiver_reports(report);
        break;
      }
      default: {
        std::array<std::byte, 12> header{std::byte{0x80}, std::byte{input.u8()}};
        rtp::set_payload_type(header, input.u8() % 4);
        rtp::set_sequence_number(header, ++sequence);
        rtp::set_timestamp(header, timestamp += 160);
        rtp::set_ssrc(header, ssrc);
        auto packet = pool.copy(std::span(header), 0, 2000);
        require(packet.has_value());
        const auto payload = packet->append(input.u8() * (input.u8() % 8 == 0 ? 4U : 1U));
        require(payload.has_value());
        for (std::byte& each : *payload) each = std::byte{input.u8()};
        const auto view = rtp::packet_view::parse(packet->bytes());
        require(view.has_value());
        const media::relay_stream::fate fate = stream.of(view->payload_type());
        if (!fate.passes) break;
        bool ready = stream.handle_packet(*packet, *view);
        for (unsigned count = 0; ready || fate.sound != nullptr; ++count) {
          if (!ready) {
            auto more = pool.allocate(2000);
            require(more.has_value());
            *packet = std::move(*more);
            if (!stream.poll_transmit(*packet)) break;
          }
          ready = false;
          const auto out = rtp::packet_view::parse(packet->bytes());
          require(out.has_value() && count < 400);
          require(fate.sound == nullptr || (out->payload().size() <= media::relay_stream::max_payload &&
                                            out->payload_type() == fate.sent));
          if (fate.sound != nullptr && last) {
            require(out->sequence_number() == static_cast<std::uint16_t>(*last + 1));
          }
          last = fate.sound != nullptr ? std::optional(out->sequence_number()) : std::nullopt;
        }
      }
    }
  }
  return 0;
}
