#include <parley/sip/chars.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/digest_names.hpp>

namespace parley::sip {
namespace {

constexpr std::array<std::string_view, digest_algorithm_count> algorithm_names{
    "MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"};

}  // namespace

std::optional<digest_algorithm> digest_algorithm_of(std::string_view name) noexcept {
  if (name.empty()) return digest_algorithm::md5;
  for (std::size_t i = 0; i < algorithm_names.size(); ++i) {
    if (iequals(name, algorithm_names[i])) return static_cast<digest_algorithm>(i);
  }
  return std::nullopt;
}

std::string_view name_of(digest_algorithm algorithm) noexcept {
  return algorithm_names[static_cast<std::size_t>(algorithm)];
}

std::optional<digest_qop> digest_qop_of(std::string_view name) noexcept {
  if (name.empty()) return digest_qop::none;
  if (iequals(name, "auth")) return digest_qop::auth;
  if (iequals(name, "auth-int")) return digest_qop::auth_int;
  return std::nullopt;
}

std::string_view name_of(digest_qop qop) noexcept {
  switch (qop) {
    case digest_qop::none: return "";
    case digest_qop::auth: return "auth";
    case digest_qop::auth_int: return "auth-int";
  }
  return "";
}

bool offers_qop(std::string_view options, digest_qop qop) noexcept {
  const std::string_view wanted = name_of(qop);
  cursor in(options);
  while (!in.at_end()) {
    in.skip_lws();
    const std::string_view option = in.take(char_token);
    if (!option.empty() && iequals(option, wanted)) return true;
    // Whatever is neither a token nor a separator is stepped over: it offers nothing.
    if (option.empty() && !in.at_end()) in.advance(1);
  }
  return false;
}

}  // namespace parley::sip
