// One URI a line. Each that is read is written and read again, in each place where a URI can stand, and
// compared with the URI of the line before.
#include <parley/sip/uri.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace parley::sip;

void require(bool held) {
  if (!held) std::abort();
}

bool inside(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

bool same_parts(const uri_view& a, const uri_view& b) {
  return a.user == b.user && a.password == b.password && a.host == b.host && a.port == b.port &&
         a.host_kind == b.host_kind && a.has_user == b.has_user && a.has_password == b.has_password &&
         a.parameters.raw() == b.parameters.raw() && a.headers.raw() == b.headers.raw();
}

/// `sip:` is read by a short way and `sips:` by the whole grammar, so each checks the other.
void check_other_scheme(std::string_view text, const parsed<uri_view>& read) {
  if (!text.starts_with("sip:")) return;
  const std::string other = "sips:" + std::string(text.substr(4));
  const auto secure = parse_uri(other);
  require(read.has_value() == secure.has_value());
  if (read) {
    require(same_parts(*read, *secure));
    require(!equivalent(*read, *secure));
  } else {
    require(read.error().code == secure.error().code && read.error().offset + 1 == secure.error().offset);
  }
}

void check_places(std::string_view text, const uri_view& read) {
  const std::string bracketed = std::string(text) + ">;tag=1";
  cursor in(bracketed);
  uri_view other;
  require(uri_view::read(in, other, uri_place::in_angle));
  require(same_parts(read, other) && in.rest() == ">;tag=1");

  if (!read.parameters.empty() || !read.headers.empty() ||
      text.find_first_of(";,?>") != std::string_view::npos)
    return;
  const std::string bare = std::string(text) + ";tag=1";
  cursor begin(bare);
  uri_view alone;
  require(uri_view::read(begin, alone, uri_place::bare));
  require(same_parts(read, alone) && begin.rest() == ";tag=1");
}

void check_fields(const uri_fields& fields) {
  std::string written;
  for (const parameter& one : fields) {
    written += written.empty() ? fields.raw()[0] : fields.raw()[0] == ';' ? ';' : '&';
    written.append(one.name);
    if (one.has_value) written.append(1, '=').append(one.value);
    const std::string name = unescape(one.name);
    require(fields.find(name).has_value());
  }
  require(written == fields.raw());
}

void check_owner(const uri_view& read) {
  uri owner(read);
  require(owner.string() == read.raw && same_parts(owner.view(), read) && equivalent(owner.view(), read));
  const uri copy = owner;
  if (!read.is_sip()) return;
  require(owner.set_user(unescape(read.user)).has_value());
  require(owner.set_port(5070).has_value() && owner->port == 5070);
  const auto had = static_cast<std::size_t>(std::distance(read.parameters.begin(), read.parameters.end()));
  if (had == limits{}.parameters) {
    require(owner.set_parameter("x-fuzz", "a b").error().code == errc::too_many_parameters);
    return;
  }
  require(owner.set_parameter("x-fuzz", "a b").has_value());
  require(owner->parameters.find("x-fuzz")->value == "a%20b");
  owner.remove_parameter("x-fuzz");
  owner.remove_headers();
  require(owner->headers.empty() && !owner->parameters.contains("x-fuzz"));
  require(owner->host == copy->host && unescape(owner->user) == unescape(copy->user));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::optional<uri_view> before;
  while (!rest.empty()) {
    const std::string_view text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(text.size() == rest.size() ? rest.size() : text.size() + 1);
    const auto read = parse_uri(text);
    check_other_scheme(text, read);
    if (!read) {
      require(read.error().code != errc{} && read.error().offset <= text.size());
      continue;
    }
    require(read->raw == text);
    require(inside(read->user, text) && inside(read->password, text) && inside(read->host, text));
    require(equivalent(*read, *read));
    require(read->ip().has_value() ==
            (read->host_kind == host_kind::ipv4 || read->host_kind == host_kind::ipv6));
    static_cast<void>(read->transport());
    static_cast<void>(read->ttl());
    static_cast<void>(read->port_or_default());
    check_fields(read->parameters);
    check_fields(read->headers);
    check_places(text, *read);
    check_owner(*read);
    if (before) require(equivalent(*before, *read) == equivalent(*read, *before));
    before = *read;
  }
  return 0;
}
