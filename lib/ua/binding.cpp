#include <parley/sip/chars.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/uri.hpp>
#include <parley/ua/binding.hpp>

#include <charconv>
#include <tuple>

namespace parley::ua {
namespace {

std::string_view value_of(const sip::contact_header& contact, std::string_view name) {
  const auto found = contact.parameters.find(name);
  return found ? found->value : std::string_view{};
}

std::string instance_of(const sip::contact_header& contact) {
  // RFC 5626 4.1: `"<urn:uuid:...>"`.
  std::string_view text = value_of(contact, "+sip.instance");
  if (text.size() >= 2 && text.front() == '<' && text.back() == '>') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

constexpr std::size_t longest_gruu = 1024;

std::string gruu_of(const sip::contact_header& contact, std::string_view name) {
  const std::string_view text = value_of(contact, name);
  const auto uri = sip::parse_uri(text);
  return uri && uri->is_sip() && text.size() <= longest_gruu ? std::string(text) : std::string();
}

std::uint32_t number_of(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? number : 0;
}

}  // namespace

std::optional<std::size_t> find_own(const std::vector<binding>& bindings, const own_binding& own) {
  const auto uri = sip::parse_uri(own.contact);
  const bool by_flow = !own.instance.empty() && own.reg_id != 0;
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < bindings.size(); ++i) {
    const binding& one = bindings[i];
    if (by_flow && !one.instance.empty() && one.reg_id != 0) {
      // RFC 5626 6: the URI counts for nothing then.
      if (one.instance == own.instance && one.reg_id == own.reg_id) return i;
      continue;
    }
    const auto other = sip::parse_uri(one.contact);
    if (!found && uri && other && sip::equivalent(*uri, *other)) found = i;
  }
  return found;
}

std::vector<binding> read_bindings(const sip::message_view& response, std::uint32_t default_expires) {
  const auto header = response.get<sip::expires_header>();
  const std::uint32_t otherwise = header ? header->value : default_expires;
  std::vector<binding> out;
  std::ignore = response.for_each<sip::contact_header>([&](const sip::contact_header& contact) {
    if (contact.star) return;
    out.push_back({.contact = std::string(contact.uri.raw),
                   .expires = contact.expires.value_or(otherwise),
                   .q = contact.q,
                   .instance = instance_of(contact),
                   .reg_id = number_of(value_of(contact, "reg-id")),
                   .public_gruu = gruu_of(contact, "pub-gruu"),
                   .temporary_gruu = gruu_of(contact, "temp-gruu")});
  });
  return out;
}

}  // namespace parley::ua
