// Whatever is taken for RTCP is read without leaving it, and what is written of it is read as the same:
// writing it once more changes nothing. The first byte's lowest bit chooses the form.
#include <parley/rtp/rtcp_app.hpp>
#include <parley/rtp/rtcp_bye.hpp>
#include <parley/rtp/rtcp_feedback.hpp>
#include <parley/rtp/rtcp_report.hpp>
#include <parley/rtp/rtcp_sdes.hpp>
#include <parley/rtp/rtcp_xr.hpp>
#include <parley/rtp/transport_cc.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace {

using namespace parley::rtp;

constexpr std::size_t max_input = 70'000;

void require(bool held) {
  if (!held) std::abort();
}

template <class T>
void round_trip(const rtcp_packet& packet, std::size_t size) {
  const auto value = packet.get<T>();
  if (!value) {
    require(value.error().offset <= size);
    return;
  }
  std::vector<std::byte> memory(2 * size + 64);
  compound_writer out(memory);
  const auto written = out.add(*value).finish();
  require(written.has_value());
  const auto view = compound_view::parse(*written, rtcp_form::reduced_size);
  require(view.has_value());
  const auto again = view->begin()->template get<T>();
  require(again.has_value());
  std::vector<std::byte> second(memory.size());
  compound_writer copy(second);
  const auto copied = copy.add(*again).finish();
  require(copied && std::ranges::equal(*copied, *written));
}

template <class Block>
void block_round_trip(const xr_block& block) {
  const auto value = block.get<Block>();
  if (!value) return;
  std::vector<std::byte> memory(block.body.size() + 8);
  xr_writer out(memory);
  require(out.add(*value).status().has_value());
  const auto again = out.blocks().begin()->template get<Block>();
  require(again.has_value());
  std::vector<std::byte> second(memory.size());
  xr_writer copy(second);
  require(copy.add(*again).status().has_value() && second == memory);
  if constexpr (requires { value->for_each([](std::uint16_t, bool) {}); }) {
    std::size_t count = 0;
    value->for_each([&count](std::uint16_t, bool) { ++count; });
    require(count <= 65535);
  }
}

void read_lists(const rtcp_packet& packet) {
  if (const auto description = packet.get<source_description>()) {
    for (const sdes_chunk& chunk : description->chunks) {
      for (const sdes_item& item : chunk.items) static_cast<void>(sdes_private::read(item));
    }
  }
  if (const auto nack = packet.get<generic_nack>()) {
    nack->for_each([](std::uint16_t) {});
  }
  if (const auto feedback = packet.get<transport_cc>()) {
    std::size_t count = 0;
    for (const packet_status& status : feedback->packets)
      count += status.received || status.delta == 0 ? 1 : 0;
    require(count == feedback->packets.size());
  }
  if (const auto report = packet.get<extended_report>()) {
    for (const xr_block& block : report->blocks) {
      block_round_trip<loss_rle>(block);
      block_round_trip<duplicate_rle>(block);
      block_round_trip<packet_receipt_times>(block);
      block_round_trip<receiver_reference_time>(block);
      block_round_trip<delay_since_last_rr>(block);
      block_round_trip<statistics_summary>(block);
      block_round_trip<voip_metrics>(block);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto all = std::as_bytes(std::span(data, size));
  if (all.empty() || size > max_input) return 0;
  const rtcp_form form =
      (all[0] & std::byte{1}) != std::byte{0} ? rtcp_form::reduced_size : rtcp_form::compound;
  const auto bytes = all.subspan(1);
  const auto view = compound_view::parse(bytes, form);
  if (!view) {
    require(view.error().offset <= bytes.size());
    return 0;
  }
  require(compound_view::parse(bytes, rtcp_form::reduced_size).has_value());
  std::vector<std::byte> memory(bytes.size());
  compound_writer copy(memory);
  std::size_t at = 0;
  for (const rtcp_packet& packet : *view) {
    require(packet.offset() == at);
    at += packet.bytes().size();
    require(copy.add_raw(packet.type(), packet.count(), packet.body()).fits());
    round_trip<sender_report>(packet, bytes.size());
    round_trip<receiver_report>(packet, bytes.size());
    round_trip<source_description>(packet, bytes.size());
    round_trip<bye>(packet, bytes.size());
    round_trip<application_packet>(packet, bytes.size());
    round_trip<extended_report>(packet, bytes.size());
    round_trip<generic_nack>(packet, bytes.size());
    round_trip<bitrate_request>(packet, bytes.size());
    round_trip<bitrate_notification>(packet, bytes.size());
    round_trip<transport_cc>(packet, bytes.size());
    round_trip<picture_loss>(packet, bytes.size());
    round_trip<slice_loss>(packet, bytes.size());
    round_trip<reference_picture>(packet, bytes.size());
    round_trip<full_intra_request>(packet, bytes.size());
    round_trip<bandwidth_estimate>(packet, bytes.size());
    read_lists(packet);
  }
  require(at == bytes.size());
  return 0;
}
