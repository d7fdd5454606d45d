#include <parley/sip/error.hpp>

#include <string>

namespace parley::sip {
namespace {

class sip_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.sip"; }
  std::string message(int value) const override { return std::string(rule(static_cast<errc>(value))); }
};

}  // namespace

std::string_view rule(errc code) noexcept {
  switch (code) {
    case errc::empty_message: return "RFC 3261 7: a message has a start line";
    case errc::bad_start_line:
      return "RFC 3261 7.1: a request line is Method SP Request-URI SP SIP-Version, one space each";
    case errc::bad_method: return "RFC 3261 7.1: a method is a token";
    case errc::bad_request_uri:
      return "RFC 3261 7.1: the Request-URI is a URI without white space or angle brackets";
    case errc::bad_version: return "RFC 3261 25.1: SIP-Version is SIP/ digits . digits";
    case errc::unsupported_version: return "RFC 3261 21.5.6: only SIP/2.0 is spoken here";
    case errc::bad_status_code: return "RFC 3261 7.2: a status code has three digits, 100 to 699";
    case errc::missing_colon:
      return "RFC 3261 7.3.1: a header line is name : value, the colon on the line of the name";
    case errc::bad_header_name: return "RFC 3261 25.1: a header name is a token";
    case errc::nul_in_message: return "RFC 3261 25.1: NUL stands only behind a backslash in a quoted string";
    case errc::control_in_message:
      return "RFC 3261 25.1: a control character stands only behind a backslash in a quoted string";
    case errc::bare_cr: return "RFC 3261 7: CR stands only before LF";
    case errc::unterminated_headers: return "RFC 3261 7: an empty line ends the headers";
    case errc::body_truncated: return "RFC 3261 18.3: the body is as long as Content-Length says";
    case errc::content_length_conflict: return "RFC 3261 20.14: Content-Length has one value";
    case errc::content_length_overflow:
      return "RFC 3261 20.14: Content-Length is larger than a message may be";
    case errc::bad_content_length: return "RFC 3261 20.14: Content-Length is 1*DIGIT";
    case errc::message_too_large: return "limit: the message is larger than the configured maximum";
    case errc::headers_too_large: return "limit: the headers are larger than the configured maximum";
    case errc::body_too_large: return "limit: the body is larger than the configured maximum";
    case errc::too_many_headers:
      return "limit: the message has more header lines than the configured maximum";
    case errc::too_many_values: return "limit: the header has more values than the configured maximum";
    case errc::too_many_parameters: return "limit: the value has more parameters than the configured maximum";
    case errc::too_many_parts: return "limit: the multipart body has more parts than the configured maximum";
    case errc::too_deep: return "limit: multipart bodies are nested deeper than the configured maximum";
    case errc::missing_header:
      return "RFC 3261 8.1.1: To, From, CSeq, Call-ID, Max-Forwards and Via are needed";
    case errc::duplicate_header: return "RFC 3261 7.3.1: this header stands once in a message";
    case errc::method_mismatch: return "RFC 3261 8.1.1.5: the method of CSeq is the method of the request";
    case errc::expected_token: return "RFC 3261 25.1: a token stands here";
    case errc::expected_word: return "RFC 3261 25.1: a word stands here";
    case errc::expected_quoted_string: return "RFC 3261 25.1: a quoted string stands here";
    case errc::unterminated_quote: return "RFC 3261 25.1: a quoted string ends with a quote";
    case errc::unterminated_comment: return "RFC 3261 25.1: a comment ends with a closing parenthesis";
    case errc::unbalanced_angle: return "RFC 3261 25.1: < and > come in pairs around a URI";
    case errc::addr_spec_needs_angle:
      return "RFC 3261 20: a URI with a comma, question mark or semicolon stands in angle brackets";
    case errc::expected_host: return "RFC 3261 25.1: a host name or an address stands here";
    case errc::bad_ipv6: return "RFC 5954 4.1: an IPv6 address in brackets stands here";
    case errc::bad_port: return "RFC 3261 25.1: a port is 1*DIGIT up to 65535";
    case errc::expected_equals: return "RFC 3261 25.1: an equals sign stands here";
    case errc::expected_slash: return "RFC 3261 25.1: a slash stands here";
    case errc::expected_separator: return "RFC 3261 25.1: a comma, a semicolon or the end stands here";
    case errc::expected_number: return "RFC 3261 25.1: 1*DIGIT stands here";
    case errc::number_overflow: return "RFC 3261 20: the number does not fit its field";
    case errc::number_out_of_range: return "RFC 3261 20: the number is outside what the field allows";
    case errc::bad_escape: return "RFC 3261 25.1: a percent sign is followed by two hexadecimal digits";
    case errc::bad_character: return "RFC 3261 25.1: this character can't stand here";
    case errc::trailing_text: return "RFC 3261 25.1: text follows where the value has ended";
    case errc::expected_scheme: return "RFC 3261 25.1: a URI begins with a scheme and a colon";
    case errc::expected_user: return "RFC 3261 25.1: the user part before @ isn't empty";
    case errc::duplicate_parameter: return "RFC 3261 7.3.1: a parameter name appears once";
    case errc::missing_parameter: return "RFC 3261 20: a parameter that this header needs is missing";
    case errc::bad_parameter: return "RFC 3261 20: the value of this parameter breaks its grammar";
    case errc::bad_date: return "RFC 3261 20.17: a date is an RFC 1123 date in GMT";
    case errc::bad_qvalue: return "RFC 3261 25.1: a q value is 0 to 1 with at most three decimals";
    case errc::bad_star_contact: return "RFC 3261 10.2.2: Contact: * stands alone";
    case errc::missing_boundary: return "RFC 2046 5.1.1: a multipart type has a boundary parameter";
    case errc::bad_multipart: return "RFC 2046 5.1.1: a multipart body holds its boundary, and ends with it";
    case errc::no_space: return "limit: the output buffer is full";
    case errc::too_many_edits: return "limit: more edits than one patch holds";
    case errc::bad_edit:
      return "an edit names a part that the message does not have, or that another edit has changed";
  }
  return "unknown error";
}

int status_for(errc code) noexcept {
  switch (code) {
    case errc::unsupported_version: return 505;
    case errc::message_too_large:
    case errc::headers_too_large:
    case errc::body_too_large:
    case errc::too_many_headers: return 513;
    default: return 400;
  }
}

const base::error_category& category() noexcept {
  static const sip_category instance;
  return instance;
}

}  // namespace parley::sip
