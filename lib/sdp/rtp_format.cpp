#include <parley/sdp/rtp_format.hpp>

#include "sdp/detail/cursor.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

namespace parley::sdp {
namespace {

constexpr std::size_t payload_types = 128;

std::optional<std::uint8_t> payload_type_of(std::string_view format) noexcept {
  std::uint8_t type = 0;
  const auto read = std::from_chars(format.data(), format.data() + format.size(), type);
  if (read.ec != std::errc{} || read.ptr != format.data() + format.size() || type >= payload_types) {
    return std::nullopt;
  }
  return type;
}

}  // namespace

bool rtp_format::is(std::string_view encoding) const noexcept {
  return detail::iequals(codec.encoding, encoding);
}

std::vector<rtp_format> rtp_formats(const media_description& media) {
  std::vector<rtp_format> formats;
  formats.reserve(std::min(media.media().formats.size(), payload_types));
  std::array<std::uint8_t, payload_types> place{};  // where a payload type is in formats, from 1 on
  for (const std::string& text : media.media().formats) {
    const auto type = payload_type_of(text);
    if (!type || place[*type] != 0) continue;
    formats.emplace_back().codec.payload_type = *type;
    place[*type] = static_cast<std::uint8_t>(formats.size());
  }
  const auto find = [&](std::optional<std::uint8_t> type) {
    return type && place[*type] != 0 ? &formats[place[*type] - 1U] : nullptr;
  };

  media.for_each<rtpmap>([&](parsed<rtpmap> one) {
    rtp_format* const format = one ? find(one->payload_type) : nullptr;
    if (format != nullptr && format->codec.encoding.empty()) format->codec = *std::move(one);
  });
  media.for_each<fmtp>([&](parsed<fmtp> one) {
    rtp_format* const format = one ? find(payload_type_of(one->format)) : nullptr;
    if (format != nullptr && format->parameters.empty()) format->parameters = std::move(one->parameters);
  });
  media.for_each<rtcp_fb>([&](const parsed<rtcp_fb>& one) {
    if (!one) return;
    for (rtp_format& format : formats) {
      if (one->covers(format.payload_type())) format.feedback.push_back(*one);
    }
  });
  for (rtp_format& format : formats) {
    if (!format.codec.encoding.empty()) continue;
    if (auto usual = static_rtpmap(format.payload_type())) format.codec = *std::move(usual);
  }
  return formats;
}

parsed<void> add_rtp_format(media_description& media, const rtp_format& format) {
  media_description changed = media;
  std::string text;
  detail::append_number(text, format.payload_type());
  media_line line = media.media();
  if (std::find(line.formats.begin(), line.formats.end(), text) != line.formats.end()) {
    return parse_error{errc::duplicate_line, 0};
  }
  line.formats.push_back(text);
  if (const auto set = changed.set_media(line); !set) return set.error();
  if (const auto added = changed.add(format.codec); !added) return added.error();
  if (!format.parameters.empty()) {
    if (const auto added = changed.add(fmtp{text, format.parameters}); !added) return added.error();
  }
  for (const rtcp_fb& feedback : format.feedback) {
    if (!feedback.payload_type) continue;
    if (const auto added = changed.add(feedback); !added) return added.error();
  }
  media = std::move(changed);
  return {};
}

}  // namespace parley::sdp
