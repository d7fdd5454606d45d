#include <parley/sdp/description.hpp>
#include <parley/sdp/grouping.hpp>

#include "sdp/detail/cursor.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace parley::sdp {
namespace {

bool is_protocol(char c) noexcept { return detail::is_token(c) || c == '/'; }

/// What is written for the m= line. *Errors:* as `media_description::create`.
parsed<std::string> written(const media_line& line) {
  std::string text;
  text.reserve(64);
  line.write(text);
  if (line.is_writable()) return text;
  const auto again = media_line::read(text);
  if (!again) return again.error();
  if (*again != line) return parse_error{errc::unwritable, 0};
  return text;
}

}  // namespace

parsed<media_line> media_line::read(std::string_view text) {
  detail::cursor in(text);
  media_line out;
  const auto read_formats = [&] {
    do {
      if (!in.space() || !in.word(out.formats.emplace_back())) return false;
    } while (in.more());
    return true;
  };
  const auto formats = std::count(text.begin(), text.end(), ' ');
  out.formats.reserve(std::min<std::size_t>(
      static_cast<std::size_t>(std::max<std::ptrdiff_t>(formats - 2, 1)), limits().formats));
  static_cast<void>(in.token(out.media) && in.space() && in.number(out.port) &&
                    (!in.consume('/') || in.number(out.port_count, 1)) && in.space() &&
                    in.run(out.protocol, is_protocol, errc::expected_token) && read_formats());
  return in.finish(std::move(out));
}

void media_line::write(std::string& out) const {
  out += media;
  out += ' ';
  detail::append_number(out, port);
  if (port_count != 1) detail::append_number(out.append(1, '/'), port_count);
  out += ' ';
  out += protocol;
  for (const std::string& format : formats) {
    out += ' ';
    out += format;
  }
}

bool media_line::is_writable() const noexcept {
  return detail::all_of(media, detail::is_token) && detail::all_of(protocol, is_protocol) &&
         port_count != 0 && !formats.empty() &&
         std::all_of(formats.begin(), formats.end(),
                     [](const std::string& one) { return detail::all_of(one, detail::is_word); });
}

parsed<media_description> media_description::create(media_line line) {
  parsed<std::string> text = written(line);
  if (!text) return text.error();
  media_description out;
  out.reserve(512, 16);
  out.push_line('m', *text, 0);
  out.media_ = std::move(line);
  return out;
}

parsed<void> media_description::set_media(media_line line) {
  const parsed<std::string> text = written(line);
  if (!text) return text.error();
  replace_line(0, *text);
  media_ = std::move(line);
  return {};
}

bool media_description::is_rtp() const noexcept {
  return media_.protocol.starts_with("RTP/") || media_.protocol.find("/RTP/") != std::string::npos;
}

bool media_description::is_rejected() const noexcept { return media_.port == 0 && !has<bundle_only>(); }

parsed<description> description::create(const origin& from) {
  description out;
  out.reserve(128, 8);
  out.push_line('v', "0", 0);
  if (const auto made = out.add(from); !made) return made.error();
  out.push_line('s', "-", 0);
  out.push_line('t', "0 0", 0);
  return out;
}

const media_description* description::find_mid(std::string_view id) const {
  for (const media_description& medium : media_) {
    const auto found = medium.get<mid>();
    if (found && found->id == id) return &medium;
  }
  return nullptr;
}

sdp::direction description::direction_of(const media_description& medium) const noexcept {
  if (const auto own = medium.direction()) return *own;
  return direction().value_or(sdp::direction::sendrecv);
}

std::string description::to_string() const {
  std::size_t size = text().size();
  for (const media_description& medium : media_) size += medium.text().size();
  std::string out;
  out.reserve(size);
  out += text();
  for (const media_description& medium : media_) out += medium.text();
  return out;
}

}  // namespace parley::sdp
