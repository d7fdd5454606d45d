#include <parley/endpoint/error.hpp>
#include <parley/sip/status.hpp>

#include <string>

namespace parley {
namespace {

class small_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.endpoint"; }
  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::bad_listener: return "the text is no listener";
      case errc::bad_uri: return "the text is no SIP URI";
      case errc::call_over: return "the call is over";
      case errc::not_now: return "the call is not in a state for that";
      case errc::in_progress: return "an operation of that kind is under way";
      case errc::closed: return "the endpoint was closed";
      case errc::no_media: return "the media could not make an offer or an answer";
      case errc::bad_key: return "the key is none that can be sent";
    }
    return "unknown error";
  }
};

class refusal_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.status"; }
  std::string message(int value) const override {
    return std::to_string(value) + ' ' + std::string(sip::default_reason(value));
  }
};

}  // namespace

const base::error_category& endpoint_category() noexcept {
  static const small_category instance;
  return instance;
}

const base::error_category& status_category() noexcept {
  static const refusal_category instance;
  return instance;
}

}  // namespace parley
