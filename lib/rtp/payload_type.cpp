#include <parley/rtp/payload_type.hpp>

#include <algorithm>
#include <array>

namespace parley::rtp {
namespace {

struct row {
  std::uint8_t type;
  static_payload payload;
};

// RFC 3551 6, tables 4 and 5.
constexpr std::array rows{
    row{0, {"PCMU", 8000, 1}},   row{3, {"GSM", 8000, 1}},    row{4, {"G723", 8000, 1}},
    row{5, {"DVI4", 8000, 1}},   row{6, {"DVI4", 16000, 1}},  row{7, {"LPC", 8000, 1}},
    row{8, {"PCMA", 8000, 1}},   row{9, {"G722", 8000, 1}},   row{10, {"L16", 44100, 2}},
    row{11, {"L16", 44100, 1}},  row{12, {"QCELP", 8000, 1}}, row{13, {"CN", 8000, 1}},
    row{14, {"MPA", 90000, 1}},  row{15, {"G728", 8000, 1}},  row{16, {"DVI4", 11025, 1}},
    row{17, {"DVI4", 22050, 1}}, row{18, {"G729", 8000, 1}},  row{25, {"CelB", 90000, 0}},
    row{26, {"JPEG", 90000, 0}}, row{28, {"nv", 90000, 0}},   row{31, {"H261", 90000, 0}},
    row{32, {"MPV", 90000, 0}},  row{33, {"MP2T", 90000, 0}}, row{34, {"H263", 90000, 0}},
};

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

std::optional<static_payload> static_payload_of(std::uint8_t payload_type) noexcept {
  const auto* const found =
      std::find_if(rows.begin(), rows.end(), [payload_type](const row& r) { return r.type == payload_type; });
  if (found == rows.end()) return std::nullopt;
  return found->payload;
}

std::optional<std::uint8_t> static_payload_type(std::string_view encoding, std::uint32_t clock_rate,
                                                std::uint8_t channels) noexcept {
  for (const row& r : rows) {
    if (r.payload.clock_rate == clock_rate && r.payload.channels == channels &&
        std::equal(encoding.begin(), encoding.end(), r.payload.encoding.begin(), r.payload.encoding.end(),
                   [](char a, char b) { return lower(a) == lower(b); })) {
      return r.type;
    }
  }
  return std::nullopt;
}

}  // namespace parley::rtp
