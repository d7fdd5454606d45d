// Video between files that other programs have made or will read, by way of packets.
//
//   video_tool packets FORMAT PAYLOAD IN OUT    frames as RTP packets with payloads of at most so many bytes
//   video_tool frames FORMAT IN OUT             and back; says how many frames there are, and their size
//   video_tool describe IN                      what a description says of a byte stream of H.264
//
// FORMAT is one of h264-0, h264-1 (the packetization mode) and av1. Frames are a byte stream of H.264, or AV1
// in an IVF file; packets stand one after the other, each behind its length (RFC 4571 2).
#include <parley/base/byte_reader.hpp>
#include <parley/base/byte_writer.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/media/h264_parameter_sets.hpp>
#include <parley/media/ivf.hpp>
#include <parley/media/video_assembler.hpp>
#include <parley/media/video_packetizer.hpp>
#include <parley/rtp/packet.hpp>
#include <parley/sdp/h264.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace parley;
using byte_vector = std::vector<std::byte>;

constexpr std::uint32_t frame_ticks = 3600;
constexpr std::uint8_t payload_type = 96;

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "video_tool: %s\n", what.c_str());
  std::exit(1);
}

/// The value of a result, or the end.
template <class Result>
auto value_of(Result result, const std::string& what) {
  if (!result) give_up(what + ": " + result.error().message());
  return std::move(*result);
}

void check(const base::result<void>& result, const std::string& what) {
  if (!result) give_up(what + ": " + result.error().message());
}

byte_vector bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) give_up("cannot read " + path);
  const std::vector<char> all{std::istreambuf_iterator<char>(in), {}};
  const auto bytes = std::as_bytes(std::span(all));
  return {bytes.begin(), bytes.end()};
}

void write_bytes(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) give_up("cannot write " + path);
}

media::video_format format_of(std::string_view name) {
  if (name == "h264-0") return {media::video_codec::h264, 0};
  if (name == "h264-1") return {media::video_codec::h264, 1};
  if (name == "av1") return {media::video_codec::av1};
  give_up("no format: " + std::string(name));
}

/// The access units of a byte stream. One begins behind slices with what is none, or with a slice that begins
/// at the first macroblock (H.264 7.4.1.2.3, of streams without lost or redundant slices).
std::vector<byte_vector> access_units(const byte_vector& stream) {
  std::vector<std::size_t> starts;
  bool slices = false;
  for (std::size_t i = 0; i + 4 < stream.size(); ++i) {
    if (stream[i] != std::byte{0} || stream[i + 1] != std::byte{0} || stream[i + 2] != std::byte{1}) continue;
    const unsigned type = std::to_integer<unsigned>(stream[i + 3]) & 31U;
    const bool slice = type == 1 || type == 5;
    // first_mb_in_slice is 0 where it is the one bit 1.
    const bool first = !slice || (stream[i + 4] & std::byte{0x80}) != std::byte{0};
    if (starts.empty() || (slices && first)) {
      starts.push_back(i);
      slices = false;
    }
    slices = slices || slice;
  }
  std::vector<byte_vector> out;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t end = i + 1 < starts.size() ? starts[i + 1] : stream.size();
    out.emplace_back(stream.begin() + static_cast<std::ptrdiff_t>(starts[i]),
                     stream.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return out;
}

std::vector<byte_vector> frames_of(const media::video_format& format, const std::string& path) {
  if (format.codec == media::video_codec::h264) return access_units(bytes_of(path));
  media::memory_store store(bytes_of(path));
  auto reader = value_of(media::ivf_reader::open(store), path);
  std::vector<byte_vector> out;
  while (const auto frame = value_of(reader.next(), path)) {
    out.emplace_back(frame->bytes.begin(), frame->bytes.end());
  }
  return out;
}

void make_packets(const media::video_format& format, std::size_t most, const std::string& in,
                  const std::string& out) {
  const auto packetizer = value_of(media::make_video_packetizer(format, {.max_payload = most}), "packetizer");
  byte_vector space(2 + rtp::header_bytes + most);
  byte_vector all;
  rtp::packet_header header{.payload_type = payload_type, .sequence_number = 65530, .ssrc = 0x12345678};
  for (const byte_vector& frame : frames_of(format, in)) {
    check(packetizer->begin(frame), in);
    for (header.marker = false; !header.marker; ++header.sequence_number) {
      const auto payload =
          value_of(packetizer->next(std::span(space).subspan(2 + rtp::header_bytes)), "a payload");
      header.marker = payload.last;
      base::byte_writer writer(space);
      writer.u16(static_cast<std::uint16_t>(rtp::header_bytes + payload.bytes.size()));
      check(rtp::write_header(writer, header), "a header");
      all.insert(all.end(), space.begin(),
                 space.begin() + static_cast<std::ptrdiff_t>(2 + rtp::header_bytes + payload.bytes.size()));
    }
    header.timestamp += frame_ticks;
  }
  write_bytes(out, all);
}

/// Writes frames as their codec's files have them.
class frame_file {
 public:
  explicit frame_file(media::video_codec codec) : codec_(codec) {}

  void add(const media::video_frame& frame) {
    if (frame.header.width != 0) size_ = frame.header;
    if (codec_ == media::video_codec::h264) {
      check(store_.write_at(store_.size(), frame.bytes), "a frame");
    } else {
      if (!ivf_) {
        const auto width = static_cast<std::uint16_t>(frame.header.width);
        const auto height = static_cast<std::uint16_t>(frame.header.height);
        ivf_ = value_of(media::ivf_writer::create(store_, {codec_, width, height, 25, 1}), "the file");
      }
      check(ivf_->write(frame.bytes, frame.timestamp / frame_ticks), "a frame");
    }
  }

  /// Of the last frame that told it.
  const media::video_header& size() const { return size_; }

  void finish(const std::string& path) {
    if (ivf_) check(ivf_->finish(), "the file");
    write_bytes(path, store_.bytes());
  }

 private:
  media::video_codec codec_;
  media::video_header size_;
  media::memory_store store_;
  std::optional<media::ivf_writer> ivf_;
};

void make_frames(const media::video_format& format, const std::string& in, const std::string& out) {
  base::buffer_pool pool;
  media::video_assembler assembler(format);
  frame_file file(format.codec);
  const byte_vector packets = bytes_of(in);
  base::byte_reader reader(packets);
  while (!reader.empty()) {
    const auto bytes = value_of(reader.bytes(value_of(reader.u16(), in)), in);
    const auto packet = rtp::packet_view::parse(bytes);
    if (!packet) give_up("not RTP");
    check(assembler.insert({packet->sequence_number(), packet->timestamp(), packet->marker(),
                            value_of(pool.copy(packet->payload()), "memory")}),
          "packet " + std::to_string(packet->sequence_number()));
    while (const auto frame = assembler.poll_frame()) file.add(*frame);
  }
  const auto& done = assembler.statistics();
  if (assembler.size() != 0 || done.broken + done.dependent + done.late + done.duplicates != 0) {
    give_up("frames or packets are left out");
  }
  file.finish(out);
  std::printf("%llu frames of %ux%u, %llu of them key frames\n", static_cast<unsigned long long>(done.frames),
              file.size().width, file.size().height, static_cast<unsigned long long>(done.key_frames));
}

void describe(const std::string& in) {
  sdp::h264_parameters description;
  check(media::describe_parameter_sets(bytes_of(in), description), in);
  std::string text;
  description.write(text);
  std::puts(text.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char* const> words(argv, static_cast<std::size_t>(argc));
  const std::string_view what = argc > 2 ? words[1] : "";
  if (what == "packets" && argc == 6) {
    const std::string_view number = words[3];
    std::size_t most = 0;
    std::from_chars(number.data(), number.data() + number.size(), most);
    make_packets(format_of(words[2]), most, words[4], words[5]);
  } else if (what == "frames" && argc == 5) {
    make_frames(format_of(words[2]), words[3], words[4]);
  } else if (what == "describe" && argc == 3) {
    describe(words[2]);
  } else {
    std::fputs("usage: video_tool packets FORMAT PAYLOAD IN OUT | frames FORMAT IN OUT | describe IN\n",
               stderr);
    return 2;
  }
  return 0;
}
