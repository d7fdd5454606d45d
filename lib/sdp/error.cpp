#include <parley/sdp/error.hpp>

#include <string>

namespace parley::sdp {
namespace {

class sdp_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.sdp"; }
  std::string message(int value) const override { return std::string(rule(static_cast<errc>(value))); }
};

}  // namespace

std::string_view rule(errc code) noexcept {
  switch (code) {
    case errc::missing_version: return "RFC 8866 5.1: a description begins with v=";
    case errc::unsupported_version: return "RFC 8866 5.1: the version is 0";
    case errc::missing_origin: return "RFC 8866 5.2: a description has an o= line";
    case errc::bad_line: return "RFC 8866 5: a line is one letter, an equals sign and a value";
    case errc::empty_line: return "RFC 8866 9: only the end of a description has empty lines";
    case errc::nul_in_text: return "RFC 8866 9: NUL stands nowhere";
    case errc::control_in_text: return "RFC 8866 9: no control character but a tab stands in a value";
    case errc::bare_cr: return "RFC 8866 9: CR stands only before LF";
    case errc::duplicate_line: return "RFC 8866 5: this line stands once";
    case errc::misplaced_line: return "RFC 8866 5: this line can't stand in this section";
    case errc::bad_attribute_name: return "RFC 8866 5.13: an attribute has a name";
    case errc::text_too_large: return "limit: the description is larger than the configured maximum";
    case errc::too_many_lines: return "limit: the description has more lines than the configured maximum";
    case errc::too_many_media:
      return "limit: the description has more media descriptions than the configured maximum";
    case errc::too_many_attributes: return "limit: a section has more attributes than the configured maximum";
    case errc::too_many_formats: return "limit: an m= line has more formats than the configured maximum";
    case errc::too_many_candidates: return "limit: a section has more candidates than the configured maximum";
    case errc::missing_line: return "RFC 8866 5: the section has no such line";
    case errc::missing_attribute: return "RFC 8866 5.13: the section has no such attribute";
    case errc::missing_parameter: return "RFC 8866 6.15: a parameter that this format needs is missing";
    case errc::expected_token: return "RFC 8866 9: a token stands here";
    case errc::expected_word: return "RFC 8866 9: text without white space stands here";
    case errc::expected_number: return "RFC 8866 9: a number stands here";
    case errc::number_out_of_range: return "RFC 8866 9: the number is outside what the field allows";
    case errc::expected_space: return "RFC 8866 9: a space stands here";
    case errc::expected_colon: return "RFC 8866 9: a colon stands here";
    case errc::expected_slash: return "RFC 8866 9: a slash stands here";
    case errc::expected_equals: return "RFC 8866 9: an equals sign stands here";
    case errc::trailing_text: return "RFC 8866 9: text follows where the value has ended";
    case errc::bad_address: return "RFC 8866 5.7: an address or a host name stands here";
    case errc::bad_base64: return "RFC 4648 4: base64 stands here";
    case errc::bad_direction: return "RFC 8866 6.7: a direction is sendrecv, sendonly, recvonly or inactive";
    case errc::bad_format_parameter: return "RFC 8866 6.15: the value of this parameter breaks its grammar";
    case errc::bad_event_list: return "RFC 4733 2.4.1: events are numbers and ranges of them up to 255";
    case errc::bad_profile_level_id: return "RFC 6184 8.1: profile-level-id has six hexadecimal digits";
    case errc::bad_setup: return "RFC 4145 4: setup is active, passive, actpass or holdconn";
    case errc::bad_connection: return "RFC 4145 5: connection is new or existing";
    case errc::bad_tls_id: return "RFC 8842 4: a tls-id has 20 to 255 letters, digits, +, /, - or _";
    case errc::bad_fingerprint: return "RFC 8122 5: a fingerprint is a hash name and as many bytes as it has";
    case errc::bad_crypto_key: return "RFC 4568 6.1: inline key and salt are as long as their suite says";
    case errc::bad_ice_text:
      return "RFC 8839 5: letters, digits, + and / stand here, as many as the field has";
    case errc::bad_candidate_type: return "RFC 8839 5.1: a candidate is typ host, srflx, prflx or relay";
    case errc::bad_tcp_type: return "RFC 6544 4.5: tcptype is active, passive or so";
    case errc::bad_rid: return "RFC 8851 10: a rid is letters, digits, - and _, then send or recv";
    case errc::bad_simulcast: return "RFC 8853 5.1: simulcast has lists of rids for send, recv or both";
    case errc::unwritable: return "what was to be written would not be read as the same value";
  }
  return "unknown error";
}

const base::error_category& category() noexcept {
  static const sdp_category instance;
  return instance;
}

}  // namespace parley::sdp
