#include <parley/sdp/codec.hpp>

#include "sdp/detail/cursor.hpp"

#include <array>

namespace parley::sdp {
namespace {

using detail::append_number;
using detail::append_thousandths;
using detail::cursor;

struct static_format {
  std::uint8_t payload_type;
  std::string_view encoding;
  std::uint32_t clock_rate;
  std::uint16_t channels;
};

// RFC 3551 6, tables 4 and 5.
constexpr std::array static_formats{static_format{0, "PCMU", 8000, 1},   static_format{3, "GSM", 8000, 1},
                                    static_format{4, "G723", 8000, 1},   static_format{5, "DVI4", 8000, 1},
                                    static_format{6, "DVI4", 16000, 1},  static_format{7, "LPC", 8000, 1},
                                    static_format{8, "PCMA", 8000, 1},   static_format{9, "G722", 8000, 1},
                                    static_format{10, "L16", 44100, 2},  static_format{11, "L16", 44100, 1},
                                    static_format{12, "QCELP", 8000, 1}, static_format{13, "CN", 8000, 1},
                                    static_format{14, "MPA", 90000, 1},  static_format{15, "G728", 8000, 1},
                                    static_format{16, "DVI4", 11025, 1}, static_format{17, "DVI4", 22050, 1},
                                    static_format{18, "G729", 8000, 1},  static_format{25, "CelB", 90000, 1},
                                    static_format{26, "JPEG", 90000, 1}, static_format{28, "nv", 90000, 1},
                                    static_format{31, "H261", 90000, 1}, static_format{32, "MPV", 90000, 1},
                                    static_format{33, "MP2T", 90000, 1}, static_format{34, "H263", 90000, 1}};

bool read_payload_types(cursor& in, std::optional<std::uint8_t>& out) {
  if (in.consume('*')) return true;
  std::uint8_t type = 0;
  if (!in.payload_type(type)) return false;
  out = type;
  return true;
}

void append_payload_types(std::string& out, std::optional<std::uint8_t> type) {
  if (type) {
    append_number(out, *type);
  } else {
    out += '*';
  }
}

/// An attribute whose value is one number with up to three decimals.
template <class T>
parsed<T> read_thousandths(std::string_view text) {
  cursor in(text);
  std::uint32_t value = 0;
  static_cast<void>(in.thousandths(value));
  return in.finish(T{value});
}

}  // namespace

bool rtpmap::same_encoding(const rtpmap& other) const noexcept {
  return detail::iequals(encoding, other.encoding) && clock_rate == other.clock_rate &&
         channels == other.channels;
}

parsed<rtpmap> rtpmap::read(std::string_view text) {
  cursor in(text);
  rtpmap out;
  static_cast<void>(in.payload_type(out.payload_type) && in.space() && in.token(out.encoding) &&
                    in.expect('/') && in.number(out.clock_rate, 1) &&
                    (!in.consume('/') || in.number(out.channels, 1)));
  return in.finish(std::move(out));
}

void rtpmap::write(std::string& out) const {
  append_number(out, payload_type);
  out += ' ';
  out += encoding;
  out += '/';
  append_number(out, clock_rate);
  if (channels == 1) return;
  out += '/';
  append_number(out, channels);
}

bool rtpmap::is_writable() const noexcept {
  return payload_type <= 127 && detail::all_of(encoding, detail::is_token) && clock_rate != 0 &&
         channels != 0;
}

std::optional<rtpmap> static_rtpmap(std::uint8_t payload_type) {
  for (const static_format& one : static_formats) {
    if (one.payload_type != payload_type) continue;
    return rtpmap{payload_type, std::string(one.encoding), one.clock_rate, one.channels};
  }
  return std::nullopt;
}

parsed<fmtp> fmtp::read(std::string_view text) {
  cursor in(text);
  fmtp out;
  if (in.word(out.format) && in.more() && in.space()) out.parameters = in.remainder();
  return in.finish(std::move(out));
}

void fmtp::write(std::string& out) const {
  out += format;
  if (parameters.empty()) return;
  out += ' ';
  out += parameters;
}

bool fmtp::is_writable() const noexcept {
  return detail::all_of(format, detail::is_word) &&
         (parameters.empty() ||
          (!detail::is_space(parameters.front()) && !detail::is_space(parameters.back())));
}

parsed<ptime> ptime::read(std::string_view text) { return read_thousandths<ptime>(text); }
void ptime::write(std::string& out) const { append_thousandths(out, microseconds); }

parsed<maxptime> maxptime::read(std::string_view text) { return read_thousandths<maxptime>(text); }
void maxptime::write(std::string& out) const { append_thousandths(out, microseconds); }

parsed<framerate> framerate::read(std::string_view text) { return read_thousandths<framerate>(text); }
void framerate::write(std::string& out) const { append_thousandths(out, frames_per_1000_seconds); }

parsed<rtcp_fb> rtcp_fb::read(std::string_view text) {
  cursor in(text);
  rtcp_fb out;
  if (read_payload_types(in, out.payload_type) && in.space() && in.token(out.kind) && in.more() &&
      in.space()) {
    out.parameter = in.remainder();
  }
  return in.finish(std::move(out));
}

void rtcp_fb::write(std::string& out) const {
  append_payload_types(out, payload_type);
  out.append(1, ' ').append(kind);
  if (!parameter.empty()) out.append(1, ' ').append(parameter);
}

parsed<imageattr> imageattr::read(std::string_view text) {
  cursor in(text);
  imageattr out;
  if (read_payload_types(in, out.payload_type) && in.space()) {
    out.sets = in.remainder();
    if (out.sets.empty()) static_cast<void>(in.fail(errc::expected_word));
  }
  return in.finish(std::move(out));
}

void imageattr::write(std::string& out) const {
  append_payload_types(out, payload_type);
  out.append(1, ' ').append(sets);
}

}  // namespace parley::sdp
