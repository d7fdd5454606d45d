#include <parley/sip/method.hpp>

#include <array>

namespace parley::sip {
namespace {

constexpr std::array<std::string_view, 15> names{"",        "ACK",     "BYE",      "CANCEL",    "INFO",
                                                 "INVITE",  "MESSAGE", "NOTIFY",   "OPTIONS",   "PRACK",
                                                 "PUBLISH", "REFER",   "REGISTER", "SUBSCRIBE", "UPDATE"};

constexpr method candidate(std::string_view name) noexcept {
  if (name.size() < 3) return method::unknown;
  switch (name[0]) {
    case 'A': return method::ack;
    case 'B': return method::bye;
    case 'C': return method::cancel;
    case 'I': return name[2] == 'F' ? method::info : method::invite;
    case 'M': return method::message;
    case 'N': return method::notify;
    case 'O': return method::options;
    case 'P': return name[1] == 'R' ? method::prack : method::publish;
    case 'R': return name[2] == 'F' ? method::refer : method::register_;
    case 'S': return method::subscribe;
    case 'U': return method::update;
    default: return method::unknown;
  }
}

}  // namespace

method method_of(std::string_view name) noexcept {
  const method found = candidate(name);
  return names[static_cast<std::size_t>(found)] == name ? found : method::unknown;
}

std::string_view name_of(method value) noexcept { return names[static_cast<std::size_t>(value)]; }

}  // namespace parley::sip
