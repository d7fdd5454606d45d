// Two presses, of which packets are lost, repeated and overtaken as the input says: as many come out as can
// be, each once. And packets that are made of the input: no more presses than events were in them.
#include <parley/rtp/dtmf_receiver.hpp>
#include <parley/rtp/dtmf_sender.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace {

using namespace parley;
using namespace parley::rtp;

void require(bool held) {
  if (!held) std::abort();
}

struct sent {
  bool marker;
  std::uint32_t timestamp;
  std::array<std::byte, 4> payload;
};

std::vector<sent> packets_of(std::uint32_t timestamp, std::uint8_t event, std::uint32_t duration) {
  dtmf_sender sender(8000);
  require(sender.start(timestamp, event, duration));
  std::vector<sent> out;
  while (const auto packet = sender.next()) {
    require(packet->marker == out.empty() && out.size() < 100);
    sent one{packet->marker, packet->timestamp, {}};
    base::byte_writer writer(one.payload);
    require(packet->event.write(writer) == errc{});
    out.push_back(one);
  }
  require(out.size() >= dtmf_sender::end_packets);
  return out;
}

std::uint32_t number(std::span<const std::byte>& input, std::size_t bytes) {
  std::uint32_t out = 0;
  for (; bytes != 0 && !input.empty(); --bytes, input = input.subspan(1)) {
    out = out << 8U | std::to_integer<std::uint32_t>(input[0]);
  }
  return out;
}

void two_presses(std::span<const std::byte> input) {
  const std::uint32_t start = number(input, 4);
  const std::uint32_t duration = number(input, 3) % 300'000;
  const auto first = packets_of(start, 1, duration);
  const auto second = packets_of(start + duration + 400'000, 2, duration);
  dtmf_receiver receiver;
  std::array<bool, 2> given{};
  std::array<bool, 2> any{};
  // Of the first press some packets, in any order, then of both.
  for (std::size_t step = 0; !input.empty(); ++step) {
    const std::uint32_t choice = number(input, 1);
    const bool later = choice >= 128 && step > 4;
    const auto& packets = later ? second : first;
    const sent& p = packets[choice % packets.size()];
    require(receiver.handle_packet(p.marker, p.timestamp, p.payload).has_value());
    any[later ? 1 : 0] = any[later ? 1 : 0] || !any[1] || later;
  }
  for (const sent& p : second) {
    require(receiver.handle_packet(p.marker, p.timestamp, p.payload).has_value());
  }
  while (const auto press = receiver.poll_event()) {
    const std::size_t which = press->event - 1U;
    require(which < 2 && !given[which] && press->duration <= duration);
    given[which] = true;
  }
  require(given[1] && given[0] == any[0] && !receiver.sounding());
}

void any_packets(std::span<const std::byte> input) {
  dtmf_receiver receiver(1600, 64);
  std::size_t events = 0;
  std::size_t presses = 0;
  while (!input.empty()) {
    const std::uint32_t what = number(input, 1);
    const std::uint32_t timestamp = number(input, 4);
    const std::size_t size = std::min<std::size_t>(what & 0x1FU, input.size());
    const auto payload = input.first(size);
    input = input.subspan(size);
    if ((what & 0x40U) != 0) receiver.handle_time(timestamp);
    if (receiver.handle_packet((what & 0x80U) != 0, timestamp, payload)) events += size / 4;
    if ((what & 0x20U) != 0 && receiver.poll_event()) ++presses;
    require(presses <= events);
  }
  while (receiver.poll_event()) ++presses;
  require(presses + (receiver.sounding() ? 1 : 0) <= events);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  if (size > 4096) return 0;
  two_presses(input);
  any_packets(input);
  return 0;
}
