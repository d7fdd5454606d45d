// Whatever is taken for a packet is read without leaving it, and its header is written as it was read.
#include <parley/rtp/packet.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace {

using namespace parley;
using rtp::packet_view;

void require(bool held) {
  if (!held) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const bool rtcp = rtp::is_rtcp(bytes);
  const auto view = packet_view::parse(bytes);
  if (!view) {
    require(view.error().offset <= size);
    return 0;
  }
  require(!rtcp || (view->marker() && rtp::conflicts_with_rtcp(view->payload_type())));
  require(view->header_size() + view->payload().size() + view->padding() == size);
  std::vector<std::uint32_t> csrcs;
  for (std::size_t i = 0; i < view->csrcs().size(); ++i) csrcs.push_back(view->csrcs()[i]);

  std::vector<std::byte> memory(size + 4);
  base::byte_writer out(memory);
  const bool written = rtp::write_header(out, {.payload_type = view->payload_type(),
                                               .marker = view->marker(),
                                               .padding = view->padding() != 0,
                                               .sequence_number = view->sequence_number(),
                                               .timestamp = view->timestamp(),
                                               .ssrc = view->ssrc(),
                                               .csrcs = csrcs,
                                               .extension = view->extension()})
                           .has_value();
  require(written);
  // An extension without profile and bytes is left out.
  if (!view->has_extension() || view->extension().profile != 0 || !view->extension().bytes.empty()) {
    require(std::ranges::equal(out.written(), bytes.first(view->header_size())));
  }

  std::vector<std::byte> changed(bytes.begin(), bytes.end());
  rtp::set_payload_type(changed, 255);
  rtp::set_marker(changed, !view->marker());
  rtp::set_sequence_number(changed, 1);
  rtp::set_timestamp(changed, 2);
  rtp::set_ssrc(changed, 3);
  const auto again = packet_view::parse(changed);
  require(again && again->payload_type() == 127 && again->marker() != view->marker() &&
          again->sequence_number() == 1 && again->timestamp() == 2 && again->ssrc() == 3 &&
          std::ranges::equal(again->payload(), view->payload()));
  return 0;
}
