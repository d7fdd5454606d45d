#include <parley/srtp/error.hpp>

#include <string>

namespace parley::srtp {
namespace {

class srtp_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.srtp"; }
  std::string message(int value) const override { return std::string(rule(static_cast<errc>(value))); }
};

}  // namespace

std::string_view rule(errc code) noexcept {
  switch (code) {
    case errc::authentication_failed: return "RFC 3711 3.3: the authentication tag is that of the packet";
    case errc::replayed: return "RFC 3711 3.3.2: a packet is taken once";
    case errc::no_space: return "limit: the output buffer is full";
  }
  return "unknown error";
}

const base::error_category& category() noexcept {
  static const srtp_category instance;
  return instance;
}

}  // namespace parley::srtp
