#include <parley/sip/chars.hpp>
#include <parley/sip/content.hpp>
#include <parley/sip/parameters.hpp>
#include <parley/ua/info_package.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace parley::ua {
namespace {

using sip::header_id;

constexpr std::string_view recv_info = "Recv-Info";
constexpr std::string_view info_package = "Info-Package";

/// Info-package-type of RFC 6086 10: a token with parameters.
struct package_name {
  static constexpr bool may_be_empty = true;

  std::string_view name;
  sip::parameters parameters;

  static bool read(sip::cursor& in, package_name& out) noexcept {
    return in.read_token(out.name) &&
           sip::read_parameters(in, out.parameters, [](const sip::parameter&, const char*) { return true; });
  }
};

bool is_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= info_packages::max_name &&
         std::all_of(text.begin(), text.end(), [](char c) { return sip::is(c, sip::char_token); });
}

bool holds_package(const std::vector<std::string>& list, std::string_view name) noexcept {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& one) { return sip::iequals(one, name); });
}

}  // namespace

info_packages::info_packages(std::vector<std::string> own) : own_(std::move(own)) {
  std::erase_if(own_, [](const std::string& one) { return !is_name(one); });
  if (own_.size() > max_packages) own_.resize(max_packages);
}

bool info_packages::may_send(std::string_view package) const noexcept {
  return holds_package(peer_, package);
}

std::string info_packages::list() const {
  std::string out;
  for (const std::string& one : own_) out.append(out.empty() ? "" : ", ").append(one);
  return out;
}

void info_packages::write(sip::message& message) const { std::ignore = message.add(recv_info, list()); }

void info_packages::write_refusal(sip::message& response) const { write(response); }

void info_packages::handle(const sip::message_view& message) {
  std::vector<std::string> named;
  bool found = false;
  for (std::size_t i = 0; i < message.header_count(); ++i) {
    const sip::header_line line = message.header(i);
    if (!sip::iequals(line.name, recv_info)) continue;
    found = true;
    const auto read = sip::parse_list<package_name>(line.value, [&](const package_name& one) {
      // Drafts of RFC 6086 wrote `nil` for none.
      const bool fits = is_name(one.name) && named.size() < max_packages && !sip::iequals(one.name, "nil");
      if (fits && !holds_package(named, one.name)) named.emplace_back(one.name);
    });
    if (!read) return;
  }
  if (!found) return;
  peer_supports_ = true;
  peer_ = std::move(named);
}

base::result<void> info_packages::write_info(sip::message& info, std::string_view package, std::string body,
                                             std::string_view type) const {
  if (sip::method_of(info.method_name()) != sip::method::info) return errc::wrong_method;
  if (!may_send(package)) return errc::bad_message;
  if (!body.empty()) {
    if (!sip::parse<sip::content_type_header>(type)) return errc::bad_message;
    if (!info.set_body(std::move(body), type)) return errc::bad_message;
    // RFC 6086 4.2.1: the body part of the package is marked.
    std::ignore = info.set(header_id::content_disposition, info_package);
  }
  std::ignore = info.add(info_package, package);
  return {};
}

info_packages::verdict info_packages::judge(const sip::message_view& info, std::string& package) const {
  package.clear();
  const std::size_t at = info.find(info_package);
  // RFC 6086 9: usages from before it have no such header.
  if (at == sip::message_view::npos) return verdict::legacy;
  const auto read = sip::parse<package_name>(info.value(at));
  if (!read || !is_name(read->name)) return verdict::bad;
  package = read->name;
  return holds_package(own_, read->name) ? verdict::package : verdict::refused;
}

}  // namespace parley::ua
