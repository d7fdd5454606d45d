#include <parley/rtp/error.hpp>

#include <string>

namespace parley::rtp {
namespace {

class rtp_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.rtp"; }
  std::string message(int value) const override { return std::string(rule(static_cast<errc>(value))); }
};

}  // namespace

std::string_view rule(errc code) noexcept {
  switch (code) {
    case errc::truncated_header: return "RFC 3550 5.1: a packet begins with a header of 12 bytes";
    case errc::bad_version: return "RFC 3550 5.1, 6.4.1: the version is 2";
    case errc::csrcs_truncated: return "RFC 3550 5.1: the header has as many contributing sources as it says";
    case errc::extension_truncated: return "RFC 3550 5.3.1: the header extension ends within the packet";
    case errc::bad_padding: return "RFC 3550 5.1: the padding counts itself and ends before the header";
    case errc::bad_extension_profile: return "RFC 8285 4.2, 4.3: elements stand behind 0xBEDE or 0x1000";
    case errc::bad_extension_id: return "RFC 8285 4.2, 4.3: an element's id is 1 to 14, or 1 to 255";
    case errc::bad_extension_length: return "RFC 8285 4.2, 4.3: an element ends within the extension";
    case errc::rtcp_truncated: return "RFC 3550 6.4: an RTCP packet begins with a header of 4 bytes";
    case errc::bad_rtcp_length: return "RFC 3550 A.2: the lengths of RTCP packets add up to the datagram's";
    case errc::bad_rtcp_padding: return "RFC 3550 6.4.1: only the last RTCP packet has padding, in words";
    case errc::first_not_report:
      return "RFC 3550 6.1: a compound packet begins with SR or RR without padding";
    case errc::wrong_rtcp_type: return "the RTCP packet is of another type or format";
    case errc::rtcp_body_truncated: return "RFC 3550 6.4: an RTCP packet holds as much as its header counts";
    case errc::bad_feedback_length: return "RFC 4585 6: feedback is made of whole entries of its format";
    case errc::sdes_not_ended: return "RFC 3550 6.5: the items of a source end with a zero byte";
    case errc::bad_sdes_item: return "RFC 3550 6.5: a description item ends within its packet";
    case errc::bad_bye_reason: return "RFC 3550 6.6: the reason for leaving ends within its packet";
    case errc::bad_app_name:
      return "RFC 3550 6.7: the name is four ASCII characters, the subtype is below 32";
    case errc::bad_xr_block: return "RFC 3611 3, 4: a report block has the length of its type";
    case errc::bad_status_chunk:
      return "transport-wide-cc-extensions 3.1: chunks and deltas cover the packets that are counted";
    case errc::bad_remb: return "rmcat-remb 2.2: the estimate names as many sources as it counts";
    case errc::bad_event_length: return "RFC 4733 2.3: an event is 4 bytes";
    case errc::rtx_truncated: return "RFC 4588 4: a retransmission begins with a sequence number";
    case errc::red_truncated: return "RFC 2198 3: blocks end within the payload, the primary one last";
    case errc::fec_truncated: return "RFC 5109 7, RFC 8627 4.2: a repair packet has its whole header";
    case errc::bad_fec_mask: return "RFC 5109 7.4, RFC 8627 4.2: the mask of a repair packet names a packet";
    case errc::fec_unsupported:
      return "RFC 5109 7.3, RFC 8627 4.2.2: repair of one source by a mask is read, no other";
    case errc::no_space: return "limit: the output buffer is full";
    case errc::too_many_items: return "limit: more items than the count field can hold";
    case errc::text_too_long: return "limit: a text is longer than its length field can say";
    case errc::value_out_of_range: return "limit: a value does not fit its field";
  }
  return "unknown error";
}

const base::error_category& category() noexcept {
  static const rtp_category instance;
  return instance;
}

}  // namespace parley::rtp
