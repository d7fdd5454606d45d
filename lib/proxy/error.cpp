#include <parley/proxy/error.hpp>

#include <string>

namespace parley::proxy {
namespace {

class proxy_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.proxy"; }
  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::unknown_request: return "there is no undecided request of that id";
    }
    return "unknown error";
  }
};

}  // namespace

const base::error_category& category() noexcept {
  static const proxy_category instance;
  return instance;
}

}  // namespace parley::proxy
