// Redundancy, retransmissions and repair packets of any bytes: what is read is written as it was, and what is
// recovered is a packet. The first byte chooses; for repair, pieces of the input are packets of media and of
// repair in turn.
#include <parley/rtp/fec_receiver.hpp>
#include <parley/rtp/packet.hpp>
#include <parley/rtp/red.hpp>
#include <parley/rtp/rtx.hpp>

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

void redundancy(std::span<const std::byte> payload) {
  const auto red = red_payload::parse(payload);
  if (!red) {
    require(red.error().offset <= payload.size());
    return;
  }
  std::vector<std::byte> memory(payload.size());
  base::byte_writer out(memory);
  require(write_red(out, red->blocks()).has_value());
  require(std::ranges::equal(out.written(), payload));
}

void retransmission(std::span<const std::byte> bytes, base::buffer_pool& pool) {
  base::packet_buffer packet = pool.copy(bytes, 2).value();
  if (!wrap_rtx(packet, {97, 7, 9})) return;
  require(packet.size() == bytes.size() + 2);
  const auto before = packet_view::parse(bytes);
  const auto repeated = packet_view::parse(packet.bytes());
  require(repeated && repeated->ssrc() == 9 && repeated->payload().size() == before->payload().size() + 2);
  require(unwrap_rtx(packet, before->payload_type(), before->ssrc()).has_value());
  require(std::ranges::equal(packet.bytes(), bytes));
  // And what comes from outside.
  base::packet_buffer received = pool.copy(bytes).value();
  if (unwrap_rtx(received, 96, 1)) require(packet_view::parse(received.bytes()).has_value());
}

void repair(std::span<const std::byte> input, base::buffer_pool& pool) {
  fec_receiver receiver(pool, 3, {.packets = 16, .repairs = 4});
  while (input.size() >= 2) {
    const auto kind = std::to_integer<unsigned>(input[0]) % 3;
    const std::size_t size = std::min(std::to_integer<std::size_t>(input[1]), input.size() - 2);
    const auto piece = input.subspan(2, size);
    input = input.subspan(2 + size);
    const base::packet_buffer buffer = pool.copy(piece).value();
    if (kind == 0) receiver.handle_media(buffer);
    if (kind == 1) {
      if (const auto done = receiver.handle_ulpfec(buffer); !done) require(done.error().offset <= size);
    }
    if (kind == 2) {
      if (const auto done = receiver.handle_flexfec(buffer); !done) require(done.error().offset <= size);
    }
    require(pool.stats().blocks_in_use <= 16 + 4 + 4 + 1);
    if (kind == 0) continue;
    while (const base::packet_buffer recovered = receiver.poll_recovered()) {
      const auto view = packet_view::parse(recovered.bytes());
      require(view && view->ssrc() == 3 && recovered.size() <= 300);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto all = std::as_bytes(std::span(data, size));
  if (all.empty() || size > 8192) return 0;
  const auto input = all.subspan(1);
  base::buffer_pool pool;
  switch (std::to_integer<unsigned>(all[0]) % 3) {
    case 0: redundancy(input); break;
    case 1: retransmission(input, pool); break;
    default: repair(input, pool); break;
  }
  require(pool.stats().blocks_in_use == 0);
  return 0;
}
