#include <parley/media/video_assembler.hpp>

#include "media/detail/video_payloads.hpp"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

// Sequence numbers are counted on beyond 16 bits. The packets from `head` to before `end` have their places
// by number; that at `head` is the first one that no frame was made of yet.

namespace parley::media {
namespace {

constexpr std::uint64_t first_number = std::uint64_t{1} << 32U;
constexpr std::size_t most_packets = 16384;
/// How far back a packet is late, and not of a stream that has begun anew.
constexpr std::size_t most_misordered = 1024;

std::unique_ptr<detail::payload_reader> make_payload_reader(const video_format& format) {
  switch (format.codec) {
    case video_codec::vp8: break;
    case video_codec::vp9: return detail::make_vp9_reader();
    case video_codec::h264: return detail::make_h264_reader(format.packetization_mode);
    case video_codec::av1: return detail::make_av1_reader();
  }
  return detail::make_vp8_reader();
}

}  // namespace

struct video_assembler::state {
  struct kept_packet {
    base::packet_buffer payload;
    std::uint32_t timestamp = 0;
    bool there = false;
    bool padding = false;
    bool marker = false;
    bool may_begin = false;
  };

  state(const video_format& format, const video_assembler_options& o)
      : codec(format.codec),
        options(o),
        reader(make_payload_reader(format)),
        slots(std::bit_ceil(std::clamp<std::size_t>(o.max_packets, 1, most_packets))),
        buffer(o.max_frame_bytes) {}

  kept_packet& at(std::uint64_t number) noexcept { return slots[number & (slots.size() - 1)]; }

  void lose() noexcept {
    key_frame_needed = true;
    lost = true;
  }

  void release(std::uint64_t number) noexcept {
    kept_packet& packet = at(number);
    if (!packet.there) return;
    bytes -= packet.payload.size();
    packet.payload.reset();
    packet.there = false;
    --count;
  }

  /// Goes on at `number`; what was before it is released.
  void advance(std::uint64_t number) noexcept {
    for (; head < number && head < end; ++head) release(head);
    head = number;
    end = std::max(end, head);
    seen = std::max(seen, head);
    consumed = true;
  }

  /// Drops all that waits, and goes on at `number`.
  void restart(std::uint64_t number) noexcept {
    for (; head < end; ++head) release(head);
    head = end = seen = number;
    consumed = true;
    lose();
  }

  /// How far the packets from `head` on are there and of one frame, padding among them.
  struct extent {
    std::uint64_t stop = 0;  // behind the last of them
    bool whole = false;
  };
  extent find_frame() noexcept {
    const std::uint32_t timestamp = at(head).timestamp;
    for (std::uint64_t n = std::max(head, seen); n < end; ++n) {
      const kept_packet& packet = at(n);
      if (!packet.there) {
        seen = n;
        return {n, false};
      }
      if (packet.padding) continue;
      if (packet.timestamp != timestamp) {
        seen = n;
        return {n, true};
      }
      if (packet.marker) {
        seen = n;
        return {n + 1, true};
      }
    }
    seen = end;
    return {end, false};
  }

  /// Whether more frames than may have begun behind the missing packet `gap`.
  bool out_of_patience(std::uint64_t gap) noexcept {
    std::uint64_t others = 0;
    std::optional<std::uint32_t> last;
    if (gap != head) last = at(head).timestamp;
    for (std::uint64_t n = gap; n < end; ++n) {
      const kept_packet& packet = at(n);
      if (!packet.there || packet.padding || packet.timestamp == last) continue;
      // Where nothing is there before the gap, the first packet behind it may be of the frame that is
      // missing.
      if (last || gap != head) ++others;
      last = packet.timestamp;
      if (others > options.later_frames) return true;
    }
    return false;
  }

  /// Drops the frame with the missing packet `gap`, as much as is known of it.
  void drop_frame(std::uint64_t gap) noexcept {
    std::optional<std::uint32_t> timestamp;
    if (gap != head) timestamp = at(head).timestamp;
    std::uint64_t next = gap;
    while (next < end && !at(next).there) ++next;
    bool ended = false;
    while (timestamp && !ended && next < end && at(next).there &&
           (at(next).padding || at(next).timestamp == *timestamp)) {
      ended = at(next).marker;
      ++next;
    }
    advance(next);
    lose();
    ++statistics.broken;
  }

  /// Finds the place of a packet. False for one that comes too late.
  bool place(std::uint16_t sequence, std::uint64_t& number) noexcept {
    if (!started) {
      started = true;
      number = first_number + sequence;
      restart(number);
      consumed = false;
      lost = false;
      return true;
    }
    const auto ahead = static_cast<std::int16_t>(static_cast<std::uint16_t>(sequence - head));
    number = head + static_cast<std::uint64_t>(std::int64_t{ahead});
    if (number < head) {
      // The first packet to come need not be the first of the stream.
      if (!consumed && end - number <= slots.size()) {
        head = seen = number;
        return true;
      }
      // RFC 3550 A.1: two packets that follow each other are of a stream that has begun anew.
      if (head - number <= std::max(slots.size(), most_misordered) || sequence != expected_restart) {
        expected_restart = static_cast<std::uint16_t>(sequence + 1U);
        ++statistics.late;
        return false;
      }
    }
    if (number < head || number - head >= slots.size()) {
      restart(number);
      ++statistics.restarts;
    }
    return true;
  }

  /// Drops padding at the front and looks at the frame behind it.
  extent find_front() noexcept {
    while (head < end && at(head).there && at(head).padding) advance(head + 1);
    if (head == end || !at(head).there) return {head, false};
    return find_frame();
  }

  base::result<void> assemble(std::uint64_t stop) {
    buffer.clear();
    reader->begin();
    for (std::uint64_t n = head; n < stop; ++n) {
      const kept_packet& packet = at(n);
      if (packet.padding) continue;
      if (const auto added = reader->append(packet.payload.bytes(), buffer); !added) return added;
    }
    return reader->finish(buffer);
  }

  /// Makes a frame of the packets up to `stop`, if it is one to be given.
  std::optional<video_frame> take_frame(std::uint64_t stop) {
    // What was lost before it may have been its beginning.
    const bool begins = at(head).may_begin;
    const std::uint32_t timestamp = at(head).timestamp;
    const auto made = begins ? assemble(stop) : base::result<void>(errc::bad_fragment);
    advance(stop);
    const auto header =
        made ? read_video_header(codec, buffer.bytes()) : base::result<video_header>(made.error());
    if (!header) {
      lose();
      ++statistics.broken;
      return std::nullopt;
    }
    if (header->key_frame) {
      key_frame_needed = false;
      ++statistics.key_frames;
    } else if (key_frame_needed && options.wait_for_key_frame) {
      ++statistics.dependent;
      return std::nullopt;
    }
    ++statistics.frames;
    return video_frame{buffer.bytes(), timestamp, *header, std::exchange(lost, false)};
  }

  video_codec codec;
  video_assembler_options options;
  std::unique_ptr<detail::payload_reader> reader;
  std::vector<kept_packet> slots;
  detail::frame_buffer buffer;
  video_assembler_statistics statistics;
  std::uint64_t head = 0;
  std::uint64_t end = 0;
  std::uint64_t seen = 0;  // packets of the frame at `head` were looked at up to here
  std::size_t count = 0;
  std::size_t bytes = 0;
  std::uint32_t newest = 0;  // timestamp of the last packet by number
  std::optional<std::uint16_t> expected_restart;
  bool started = false;
  bool consumed = false;   // packets before `head` are late, even if the first one to come is there
  bool impatient = false;  // another frame has begun since patience was last measured
  bool key_frame_needed = false;
  bool lost = false;
};

video_assembler::video_assembler(const video_format& format, const video_assembler_options& options)
    : state_(std::make_unique<state>(format, options)) {}
video_assembler::video_assembler(video_assembler&&) noexcept = default;
video_assembler& video_assembler::operator=(video_assembler&&) noexcept = default;
video_assembler::~video_assembler() = default;

bool video_assembler::key_frame_needed() const noexcept { return state_->key_frame_needed; }
std::size_t video_assembler::size() const noexcept { return state_->count; }
std::size_t video_assembler::bytes() const noexcept { return state_->bytes; }
const video_assembler_statistics& video_assembler::statistics() const noexcept { return state_->statistics; }

base::result<void> video_assembler::insert(video_packet packet) {
  state& s = *state_;
  const std::size_t size = packet.payload.size();
  base::result<detail::payload_place> place = detail::payload_place::goes_on;
  if (size != 0) place = s.reader->place_of(packet.payload.bytes());
  if (!place) {
    ++s.statistics.refused;
    return place.error();
  }
  std::uint64_t number = 0;
  if (!s.place(packet.sequence, number)) return {};
  state::kept_packet& slot = s.at(number);
  if (slot.there) {
    ++s.statistics.duplicates;
    return {};
  }
  if (s.bytes + size > s.options.max_waiting_bytes) {
    s.restart(number + 1);
    ++s.statistics.refused;
    return errc::limit_reached;
  }
  slot = {std::move(packet.payload),
          packet.timestamp,
          true,
          size == 0,
          packet.marker,
          *place == detail::payload_place::may_begin};
  ++s.count;
  s.bytes += size;
  ++s.statistics.received;
  if (number >= s.end) {
    s.end = number + 1;
    s.impatient = s.impatient || packet.timestamp != s.newest;
    s.newest = packet.timestamp;
  }
  return {};
}

std::optional<video_frame> video_assembler::poll_frame() {
  state& s = *state_;
  for (;;) {
    const auto front = s.find_front();
    if (front.whole) {
      if (const auto frame = s.take_frame(front.stop)) return frame;
    } else if (front.stop == s.end) {
      return std::nullopt;
    } else if (s.impatient && s.out_of_patience(front.stop)) {
      s.drop_frame(front.stop);
    } else {
      s.impatient = false;
      return std::nullopt;
    }
  }
}

void video_assembler::give_up() noexcept {
  state& s = *state_;
  for (auto front = s.find_front(); !front.whole && front.stop != s.end; front = s.find_front()) {
    s.drop_frame(front.stop);
  }
}

}  // namespace parley::media
