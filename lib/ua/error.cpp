#include <parley/ua/error.hpp>

#include <string>

namespace parley::ua {
namespace {

class ua_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.ua"; }
  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::bad_message: return "the message lacks a header, or has one that can't be read";
      case errc::no_dialog: return "the message makes no dialog";
      case errc::other_dialog: return "the message belongs to another dialog";
      case errc::cseq_out_of_order: return "the CSeq is not above that of the request before";
      case errc::numbers_used_up: return "all sequence numbers are used up";
      case errc::terminated: return "the dialog has ended";
      case errc::wrong_method: return "no request of that method is made in a dialog";
      case errc::too_large: return "that is more than a dialog may hold";
      case errc::unsupported_version: return "the saved state is of an unknown version";
      case errc::bad_saved_state: return "the bytes are no saved dialog";
      case errc::interval_too_small: return "the session interval is too small";
      case errc::not_reliable: return "the client understands no reliable provisional responses";
      case errc::reliable_required: return "the client wants reliable provisional responses only";
      case errc::unacknowledged: return "a reliable provisional response waits for its PRACK";
      case errc::already_final: return "a final response was sent";
      case errc::no_such_response: return "the PRACK acknowledges nothing that waits for it";
      case errc::offer_pending: return "an offer of the same end has no answer yet";
      case errc::glare: return "both ends have made an offer";
      case errc::no_offer: return "there is no offer to be answered, or none can be made yet";
      case errc::missing_description: return "the message has to carry a session description";
      case errc::unsupported_body: return "the body is of a type or an encoding that is not understood";
      case errc::not_now: return "the session is not in a state for that";
      case errc::unknown_event: return "the event package is not served here";
      case errc::interval_too_brief: return "the duration asked for is too short";
      case errc::bad_body: return "the body is not what its type says";
    }
    return "unknown error";
  }
};

}  // namespace

const base::error_category& category() noexcept {
  static const ua_category instance;
  return instance;
}

int status_for(const base::error_code& error) noexcept {
  if (error.category() != category()) return 500;
  switch (static_cast<errc>(error.value())) {
    case errc::bad_message:
    case errc::bad_body: return 400;
    case errc::interval_too_small: return 422;
    case errc::interval_too_brief: return 423;
    case errc::no_dialog:
    case errc::other_dialog:
    case errc::terminated:
    case errc::no_such_response: return 481;
    case errc::unsupported_body: return 415;
    case errc::glare: return 491;
    case errc::unknown_event: return 489;
    case errc::too_large: return 513;
    default: return 500;
  }
}

}  // namespace parley::ua
