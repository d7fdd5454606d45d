#include <parley/sip/chars.hpp>
#include <parley/sip/status.hpp>
#include <parley/ua/sipfrag.hpp>

#include <algorithm>

namespace parley::ua {
namespace {

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

}  // namespace

base::result<status_fragment> status_fragment::read(std::string_view body) {
  body.remove_prefix(std::min(body.find_first_not_of("\r\n"), body.size()));
  std::string_view line = body.substr(0, body.find_first_of("\r\n"));
  constexpr std::string_view version = "SIP/2.0";
  if (!sip::iequals(line.substr(0, version.size()), version)) return errc::bad_body;
  line.remove_prefix(version.size());
  const std::size_t digits = line.find_first_not_of(" \t");
  if (digits == 0 || digits == std::string_view::npos) return errc::bad_body;
  line.remove_prefix(digits);
  const std::string_view code = line.substr(0, line.find_first_of(" \t"));
  if (code.size() != 3 ||
      !std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return errc::bad_body;
  }
  status_fragment out;
  out.status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
  if (out.status < 100 || out.status > 699) return errc::bad_body;
  line.remove_prefix(code.size());
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  out.reason_phrase = line.substr(0, max_reason);
  std::replace_if(out.reason_phrase.begin(), out.reason_phrase.end(), is_control, ' ');
  return out;
}

std::string status_fragment::write() const {
  std::string phrase(reason_phrase.empty() ? sip::default_reason(status)
                                           : std::string_view(reason_phrase).substr(0, max_reason));
  std::replace_if(phrase.begin(), phrase.end(), is_control, ' ');
  return "SIP/2.0 " + std::to_string(std::clamp(status, 100, 699)) + ' ' + phrase + "\r\n";
}

}  // namespace parley::ua
