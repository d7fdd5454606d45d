#include <parley/sip/name_addr.hpp>
#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/writer.hpp>
#include <parley/ua/outside_request.hpp>

#include <array>
#include <utility>

namespace parley::ua {
namespace {

using sip::header_id;

std::string draw(base::random_source& random) {
  std::array<char, 32> space{};
  sip::text_writer out(space);
  out.hex(random.u64()).hex(random.u64());
  return std::string(out.text());
}

}  // namespace

void outside_request::draw_names(base::random_source& random) {
  call_id = draw(random);
  tag = draw(random);
}

base::result<sip::message> outside_request::write(std::string_view method, std::uint32_t cseq) const {
  auto made = sip::message::request(method, target);
  if (!made) {
    return made.error().code == sip::errc::bad_request_uri ? errc::bad_message : errc::wrong_method;
  }
  const std::string from_value = from + ";tag=" + tag;
  const std::string to_value = to.empty() ? '<' + target + '>' : to;
  const auto read_from = sip::parse<sip::from_header>(from_value);
  if (!read_from || read_from->tag.empty() || !sip::parse<sip::to_header>(to_value) ||
      !sip::parse<sip::call_id_header>(call_id)) {
    return errc::bad_message;
  }
  bool good = true;
  const auto add = [&](header_id id, std::string_view value) {
    good = made->add(id, value).has_value() && good;
  };
  add(header_id::max_forwards, "70");
  for (const std::string& route : routes) add(header_id::route, route);
  add(header_id::from, from_value);
  add(header_id::to, to_value);
  add(header_id::call_id, call_id);
  add(header_id::cseq, std::to_string(cseq).append(" ").append(method));
  if (!contact.empty()) add(header_id::contact, contact);
  if (!good) return errc::bad_message;
  return std::move(*made);
}

}  // namespace parley::ua
