// A byte stream. The first bytes choose limits and the sizes of pieces; the rest is cut into messages at
// once, byte by byte and piece by piece, with the same outcome.
#include <parley/sip/framing.hpp>
#include <parley/sip/message_view.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

using namespace parley::sip;

void require(bool held) {
  if (!held) std::abort();
}

struct outcome {
  std::vector<std::string_view> messages;
  std::size_t keep_alive_bytes = 0;  // how they fall into pings and pongs depends on how they arrive
  std::size_t left = 0;
  parse_error error;
  bool between = true;
};

template <class NextSize>
outcome cut(std::string_view stream, const limits& limits, NextSize next_size) {
  stream_framer framer(limits);
  outcome out;
  std::size_t start = 0;
  std::size_t end = 0;
  do {
    end = std::min(stream.size(), end + next_size());
    while (true) {
      const std::string_view buffered = stream.substr(start, end - start);
      const stream_framer::step step = framer.next(buffered);
      if (step.what == stream_framer::status::need_more) {
        require(step.consumed == 0 && (step.expected == 0 || step.expected > buffered.size()));
        require(step.expected <= limits.message_bytes);
        break;
      }
      if (step.what == stream_framer::status::error) {
        require(step.consumed == 0 && step.error.offset <= buffered.size());
        out.error = {step.error.code, step.error.offset + static_cast<std::uint32_t>(start)};
        out.left = stream.size() - start;
        return out;
      }
      require(step.consumed > 0 && step.consumed <= buffered.size());
      if (step.what == stream_framer::status::message) {
        out.messages.push_back(buffered.substr(0, step.consumed));
      } else {
        require(step.consumed <= 4 && buffered[step.consumed - 1] == '\n');
        out.keep_alive_bytes += step.consumed;
      }
      start += step.consumed;
    }
  } while (end < stream.size());
  out.left = stream.size() - start;
  out.between = framer.between_messages();
  return out;
}

void same(const outcome& a, const outcome& b) {
  require(a.messages == b.messages && a.keep_alive_bytes == b.keep_alive_bytes && a.left == b.left);
  require(a.error == b.error && a.between == b.between);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  limits limits;
  if (data[0] != 0) limits.header_bytes = data[0] * std::size_t{8};
  if (data[1] != 0) limits.body_bytes = data[1] - std::size_t{1};
  if ((data[0] & data[1] & 1U) != 0) limits.message_bytes = data[1] * std::size_t{4};
  const std::uint8_t pieces[] = {data[2], data[3]};
  const std::string_view stream(reinterpret_cast<const char*>(data) + 4, size - 4);

  const outcome whole = cut(stream, limits, [&] { return std::max<std::size_t>(stream.size(), 1); });
  same(whole, cut(stream, limits, [] { return std::size_t{1}; }));
  std::size_t turn = 0;
  same(whole, cut(stream, limits, [&] { return std::size_t{1} + pieces[turn++ % 2]; }));

  for (const std::string_view text : whole.messages) {
    message_view view;
    // Framer and parser agree on where a message ends, or the parser refuses it.
    if (view.parse(text, limits)) require(view.start_offset() == 0 && view.text().size() == text.size());
  }
  return 0;
}
