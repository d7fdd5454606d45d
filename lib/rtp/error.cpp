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
    case errc::bad_version: return "RFC 3550 5.1: the version is 2";
    case errc::no_space: return "limit: the output buffer is full";
  }
  return "unknown error";
}

const base::error_category& category() noexcept {
  static const rtp_category instance;
  return instance;
}

}  // namespace parley::rtp
