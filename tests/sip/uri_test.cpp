#include <parley/sip/uri.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace parley::sip;

namespace {

bool refused(std::string_view text, errc code, std::uint32_t offset) {
  const auto uri = parse_uri(text);
  if (uri) return false;
  CAPTURE(text, static_cast<int>(uri.error().code), uri.error().offset);
  CHECK(uri.error().offset == offset);
  return uri.error().code == code;
}

bool same(std::string_view a, std::string_view b) {
  const auto left = parse_uri(a);
  const auto right = parse_uri(b);
  REQUIRE(left);
  REQUIRE(right);
  CHECK(equivalent(*left, *left));
  CHECK(equivalent(*right, *right));
  CHECK(equivalent(*left, *right) == equivalent(*right, *left));
  return equivalent(*left, *right);
}

}  // namespace

static_assert(std::is_trivially_copyable_v<uri_view>);

TEST_CASE("a SIP URI is taken apart") {
  const std::string_view text =
      "sips:alice;day=tuesday:se,cret@gateway.example.com:5071;transport=TCP;lr;maddr=10.0.0.1;ttl=15;user="
      "phone;method=INVITE"
      "?subject=project%20x&priority=";
  const auto uri = parse_uri(text);
  REQUIRE(uri);
  CHECK(uri->raw == text);
  CHECK(uri->scheme == uri_scheme::sips);
  CHECK(uri->scheme_text == "sips");
  CHECK(uri->has_user);
  CHECK(uri->user == "alice;day=tuesday");
  CHECK(uri->has_password);
  CHECK(uri->password == "se,cret");
  CHECK(uri->host == "gateway.example.com");
  CHECK(uri->host_kind == host_kind::name);
  CHECK(uri->port == 5071);
  CHECK(uri->transport() == transport::tcp);
  CHECK(uri->lr());
  CHECK(uri->maddr() == "10.0.0.1");
  CHECK(uri->ttl() == 15);
  CHECK(uri->user_parameter() == "phone");
  CHECK(uri->is_telephone());
  CHECK(uri->method() == "INVITE");
  CHECK(uri->parameters.raw() == ";transport=TCP;lr;maddr=10.0.0.1;ttl=15;user=phone;method=INVITE");
  CHECK(uri->headers.raw() == "?subject=project%20x&priority=");
  std::vector<std::pair<std::string, std::string>> headers;
  for (const parameter& one : uri->headers) headers.emplace_back(one.name, one.value);
  CHECK(headers ==
        std::vector<std::pair<std::string, std::string>>{{"subject", "project%20x"}, {"priority", ""}});
  CHECK(uri->headers.find("Priority")->has_value);
}

TEST_CASE("what is left out of a SIP URI is empty") {
  const auto uri = parse_uri("sip:example.com");
  REQUIRE(uri);
  CHECK_FALSE(uri->has_user);
  CHECK_FALSE(uri->has_password);
  CHECK(uri->host == "example.com");
  CHECK(uri->port == 0);
  CHECK(uri->port_or_default() == 5060);
  CHECK(uri->parameters.empty());
  CHECK(uri->headers.empty());
  CHECK_FALSE(uri->transport());
  CHECK_FALSE(uri->ttl());
  CHECK_FALSE(uri->lr());
  CHECK_FALSE(uri->ip());
  CHECK(uri->maddr().empty());
  CHECK(parse_uri("sips:example.com")->port_or_default() == 5061);
  CHECK(parse_uri("sip:example.com;transport=tls")->port_or_default() == 5061);
  CHECK(parse_uri("sips:example.com;transport=tcp")->port_or_default() == 5061);
  CHECK(parse_uri("sips:example.com;transport=ws")->port_or_default() == 443);
  CHECK(parse_uri("sip:example.com;transport=ws")->port_or_default() == 80);
  CHECK(parse_uri("sip:example.com;transport=carrier-pigeon")->transport() == transport::other);
  CHECK(parse_uri("sip:example.com:1234;transport=tls")->port_or_default() == 1234);
  CHECK_FALSE(parse_uri("sip:a;ttl=256")->ttl());
  CHECK_FALSE(parse_uri("sip:a;ttl=1x")->ttl());
}

TEST_CASE("user parts may hold what looks like parameters, headers and ports") {
  CHECK(parse_uri("sip:user;par=u%40example.net@example.com")->user == "user;par=u%40example.net");
  const auto crazy = parse_uri(
      "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/"
      ";;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com");
  REQUIRE(crazy);
  CHECK(crazy->user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
  CHECK(crazy->password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
  CHECK(crazy->host == "example.com");
  const auto digits = parse_uri("sip:alice:5060@example.com:5070");
  REQUIRE(digits);
  CHECK(digits->user == "alice");
  CHECK(digits->password == "5060");
  CHECK(digits->port == 5070);
  CHECK(parse_uri("sip:alice:@example.com")->has_password);
  CHECK(parse_uri("sip:sips%3Auser%40example.com@example.net")->user == "sips%3Auser%40example.com");
  CHECK(parse_uri("sip:a?b=c@example.com")->headers.empty());
  CHECK(parse_uri("sip:+1-212-555-1212:1234@gateway.com;user=phone")->user == "+1-212-555-1212");
  CHECK(parse_uri("sip:host.example.com;x@other.example.com")->host == "other.example.com");
  CHECK(parse_uri("sip:+@a")->user == "+");
}

TEST_CASE("escapes stand in every part of a SIP URI but the host") {
  const auto uri = parse_uri("sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31?h%61=%3C");
  REQUIRE(uri);
  CHECK(uri->user == "cal%6Cer");
  CHECK(uri->lr());
  CHECK(uri->parameters.find("name")->value == "v%61lue%25%34%31");
  CHECK(uri->headers.find("ha")->value == "%3C");
  CHECK(unescape(uri->parameters.find("name")->value) == "value%41");
  CHECK(parse_uri("sip:null-%00-null@example.com"));
  CHECK(parse_uri("sip:%00@host5.example.com")->user == "%00");
}

TEST_CASE("hosts are names, IPv4 addresses and IPv6 addresses") {
  CHECK(parse_uri("sip:192.0.2.4")->host_kind == host_kind::ipv4);
  CHECK(parse_uri("sip:192.0.2.4")->ip() == parley::base::ip_address::v4({192, 0, 2, 4}));
  const auto v6 = parse_uri("sip:[2001:db8::9]:5070;lr");
  REQUIRE(v6);
  CHECK(v6->host == "[2001:db8::9]");
  CHECK(v6->host_kind == host_kind::ipv6);
  CHECK(v6->port == 5070);
  CHECK(v6->ip()->to_string() == "2001:db8::9");
  CHECK(parse_uri("sip:alice@[::ffff:192.0.2.4]")->host_kind == host_kind::ipv6);
  for (std::string_view name :
       {"sip:a", "sip:example.com.", "sip:3com.com", "sip:_sip._udp.example.com", "sip:host-1.a1",
        "sip:1.2.3.4.example.com", "sip:xn--bcher-kva.example", "sip:host1"}) {
    CAPTURE(name);
    REQUIRE(parse_uri(name));
    CHECK(parse_uri(name)->host_kind == host_kind::name);
  }
  CHECK(refused("sip:", errc::expected_host, 4));
  CHECK(refused("sip:+1-212-555-;user=phone", errc::expected_host, 4));
  CHECK(refused("sip:+example.com", errc::expected_host, 4));
  CHECK(refused("sip:alice@", errc::expected_host, 10));
  CHECK(refused("sip:.example.com", errc::expected_host, 4));
  CHECK(refused("sip:example..com", errc::expected_host, 4));
  // Some readers take these for addresses, and not for the same one.
  for (std::string_view number :
       {"sip:127.1", "sip:2130706433", "sip:256.0.0.1", "sip:010.0.0.1", "sip:1.2.3.4.5", "sip:a.1"}) {
    CHECK(refused(number, errc::expected_host, 4));
  }
  CHECK(refused("sip:[2001:db8::9", errc::bad_ipv6, 4));
  CHECK(refused("sip:[2001:db8:::9]", errc::bad_ipv6, 4));
  CHECK(refused("sip:a@[192.0.2.1]", errc::bad_ipv6, 6));
  CHECK(refused("sip:a@[fe80::1%25eth0]", errc::bad_ipv6, 6));
  CHECK(refused("sip:a@[]", errc::bad_ipv6, 6));
  CHECK(refused("sip:2001:db8::9", errc::expected_host, 4));
}

TEST_CASE("a malformed SIP URI is refused where it breaks") {
  CHECK(refused("", errc::expected_scheme, 0));
  CHECK(refused("sip", errc::expected_scheme, 0));
  CHECK(refused(":a", errc::expected_scheme, 0));
  CHECK(refused("1sip:a", errc::expected_scheme, 0));
  CHECK(refused("alice@example.com", errc::expected_scheme, 0));
  CHECK(refused("sip:@example.com", errc::expected_user, 4));
  CHECK(refused("sip::pw@example.com", errc::expected_user, 4));
  CHECK(refused("sip:a:", errc::bad_port, 6));
  CHECK(refused("sip:a:0", errc::bad_port, 6));
  CHECK(refused("sip:a@b:65536", errc::bad_port, 8));
  CHECK(refused("sip:a@b:99999999999999999999", errc::bad_port, 8));
  CHECK(refused("sip:a:5060x", errc::bad_character, 10));
  CHECK(refused("sip:a b@c", errc::bad_character, 5));
  CHECK(refused("sip:user@example.com; lr", errc::bad_parameter, 21));
  CHECK(refused("sip:a;;b", errc::bad_parameter, 6));
  CHECK(refused("sip:a;", errc::bad_parameter, 6));
  CHECK(refused("sip:a;b=", errc::bad_parameter, 6));
  CHECK(refused("sip:a;b=c=d", errc::bad_character, 9));
  CHECK(refused("sip:a?", errc::bad_parameter, 6));
  CHECK(refused("sip:a?b", errc::expected_equals, 7));
  CHECK(refused("sip:a?b=c&", errc::bad_parameter, 10));
  CHECK(refused("sip:a%4@b", errc::bad_escape, 5));
  CHECK(refused("sip:a;b=%zz", errc::bad_escape, 8));
  CHECK(refused("sip:a@b@c", errc::bad_character, 7));
  CHECK(refused("sip:a@b>", errc::bad_character, 7));
  CHECK(refused("sip:\xc3\xa9@b", errc::expected_host, 4));
  CHECK(refused(std::string_view("sip:a\0b", 7), errc::bad_character, 5));
  std::string many = "sip:a";
  for (int i = 0; i < 65; ++i) many += ";p";
  CHECK(refused(many, errc::too_many_parameters, 134));
  CHECK(parse_uri(std::string_view(many).substr(0, many.size() - 2)));
}

TEST_CASE("a tel URI holds its number in the user part") {
  const auto global = parse_uri("tel:+1-201-555-0123;ext=5;isub=12");
  REQUIRE(global);
  CHECK(global->scheme == uri_scheme::tel);
  CHECK(global->user == "+1-201-555-0123");
  CHECK(global->host.empty());
  CHECK(global->host_kind == host_kind::none);
  CHECK(global->parameters.find("ext")->value == "5");
  CHECK(global->is_telephone());
  const auto local = parse_uri("TEL:7042*#A;phone-context=example.com");
  REQUIRE(local);
  CHECK(local->user == "7042*#A");
  CHECK(local->parameters.find("phone-context")->value == "example.com");
  CHECK(parse_uri("tel:911"));
  CHECK(refused("tel:", errc::expected_number, 4));
  CHECK(refused("tel:+", errc::expected_number, 5));
  CHECK(refused("tel:+-", errc::expected_number, 6));
  CHECK(refused("tel:+1201#", errc::bad_character, 9));
  CHECK(refused("tel:+1x", errc::bad_character, 6));
  CHECK(refused("tel:+1;", errc::bad_parameter, 7));
}

TEST_CASE("a URI of any other scheme is kept as it is") {
  for (std::string_view text :
       {"nobodyKnowsThisScheme:totallyopaquecontent", "soap.beep://192.0.2.103:3002", "isbn:2983792873",
        "http://www.example.com", "urn:service:sos", "name:John_Smith", "cid:foo%20bar@example.com",
        "http://[2001:db8::1]/a?b=c#d"}) {
    CAPTURE(text);
    const auto uri = parse_uri(text);
    REQUIRE(uri);
    CHECK(uri->scheme == uri_scheme::other);
    CHECK(uri->raw == text);
    CHECK(uri->scheme_text == text.substr(0, text.find(':')));
    CHECK(uri->host.empty());
    CHECK_FALSE(uri->ip());
  }
  CHECK(refused("urn:", errc::bad_character, 4));
  CHECK(refused("http://a b", errc::bad_character, 8));
  CHECK(refused("http://a%2", errc::bad_escape, 8));
  CHECK(refused("http://<a>", errc::bad_character, 7));
}

TEST_CASE("a URI ends as its place has it") {
  const auto rest = [](std::string_view text, uri_place place) -> std::string {
    cursor in(text);
    uri_view uri;
    if (!uri_view::read(in, uri, place)) return "error";
    CHECK(uri.raw == text.substr(0, in.offset()));
    return std::string(in.rest());
  };
  CHECK(rest("sip:a@b;lr>;tag=1", uri_place::in_angle) == ">;tag=1");
  CHECK(rest("sip:a;c@b>;tag=1", uri_place::in_angle) == ">;tag=1");
  CHECK(rest("sip:a@b;lr", uri_place::in_angle) == "error");
  CHECK(rest("sip:a@b ", uri_place::in_angle) == "error");
  CHECK(rest("sip:a@b;tag=1", uri_place::bare) == ";tag=1");
  CHECK(rest("sip:%61@b;tag=1", uri_place::bare) == ";tag=1");
  CHECK(rest("sip:a@b, sip:c", uri_place::bare) == ", sip:c");
  CHECK(rest("sip:a@b ;tag", uri_place::bare) == " ;tag");
  CHECK(rest("sip:a@b\r\n ;tag", uri_place::bare) == "\r\n ;tag");
  CHECK(rest("sip:a@b>", uri_place::bare) == ">");
  CHECK(rest("sip:a@b?c=d", uri_place::bare) == "error");
  CHECK(rest("tel:+1;tag=1", uri_place::bare) == ";tag=1");
  CHECK(rest("tel:+1;ext=5>", uri_place::in_angle) == ">");
  CHECK(rest("http://a/b;c", uri_place::bare) == ";c");
  CHECK(rest("http://a/%62,c", uri_place::bare) == ",c");
  CHECK(rest("http://a/b?c", uri_place::bare) == "error");
  CHECK(rest("http://a/b;c?d,e>", uri_place::in_angle) == ">");
  // What stands before the semicolon is the host, for the user part has no brackets around it.
  cursor in("sip:user;x@host");
  uri_view uri;
  REQUIRE(uri_view::read(in, uri, uri_place::bare));
  CHECK(uri.host == "user");
}

TEST_CASE("URIs are compared as RFC 3261 19.1.4 has it") {
  // The equivalent ones of the section.
  CHECK(same("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"));
  CHECK(same("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"));
  CHECK(same("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"));
  CHECK(same("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"));
  CHECK(same("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
             "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"));
  CHECK(same("sip:alice@atlanta.com?subject=project%20x&priority=urgent",
             "sip:alice@atlanta.com?priority=urgent&subject=project%20x"));
  // The different ones.
  CHECK_FALSE(same("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"));
  CHECK_FALSE(same("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"));
  CHECK_FALSE(same("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"));
  CHECK_FALSE(same("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"));
  CHECK_FALSE(same("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"));
  CHECK_FALSE(same("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"));
  CHECK_FALSE(same("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"));
}

TEST_CASE("each rule of the comparison counts") {
  CHECK_FALSE(same("sip:a@b", "sips:a@b"));
  CHECK(same("SIP:a@b", "sip:a@B"));
  CHECK_FALSE(same("sip:a:pw@b", "sip:a@b"));
  CHECK_FALSE(same("sip:a:pw@b", "sip:a:PW@b"));
  CHECK_FALSE(same("sip:b", "sip:a@b"));
  // Reserved characters are not their escapes; others are.
  CHECK_FALSE(same("sip:%2B1@b", "sip:+1@b"));
  CHECK(same("sip:%2d1@b", "sip:-1@b"));
  CHECK(same("sip:%2B1@b", "sip:%2b1@b"));
  CHECK_FALSE(same("sip:%00@b", "sip:%00%00@b"));
  for (std::string_view name : {"user=phone", "ttl=1", "method=INVITE", "maddr=a", "transport=udp"}) {
    CAPTURE(name);
    CHECK_FALSE(same("sip:a@b", "sip:a@b;" + std::string(name)));
  }
  CHECK_FALSE(same("sip:a@b", "sip:a@b;%6Daddr=x"));
  CHECK(same("sip:a@b;lr", "sip:a@b"));
  CHECK_FALSE(same("sip:a@b;lr", "sip:a@b;lr=on"));
  CHECK(same("sip:a@b;X=Y;z", "sip:a@b;Z;x=y"));
  CHECK(same("sip:a@b;x=1;x=2", "sip:a@b;x=1"));
  CHECK(same("sip:a@b?Subject=X", "sip:a@b?subject=x"));
  CHECK_FALSE(same("sip:a@b?body=X", "sip:a@b?body=x"));
  CHECK_FALSE(same("sip:a@b?x=1&x=1&x=2", "sip:a@b?x=1&x=2&x=2"));
  CHECK(same("sip:a@b?x=1&x=2", "sip:a@b?x=2&x=1"));
  CHECK(same("sip:a@[2001:db8:0::1]", "sip:a@[2001:DB8::1]"));
  CHECK_FALSE(same("sip:a@[2001:db8::1]", "sip:a@[2001:db8::2]"));
  CHECK_FALSE(same("sip:a@192.0.2.1", "sip:a@[::ffff:192.0.2.1]"));
  CHECK(same("tel:+1-201-555-0123", "tel:+1(201)5550123"));
  CHECK_FALSE(same("tel:+12015550123", "tel:12015550123"));
  CHECK_FALSE(same("tel:+1;ext=5", "tel:+1"));
  CHECK(same("tel:+1;ext=5;isub=A", "tel:+1;ISUB=a;ext=5"));
  CHECK(same("tel:1a;phone-context=x", "tel:1A;phone-context=X"));
  CHECK(same("URN:service:sos", "urn:service:sos"));
  CHECK_FALSE(same("urn:service:sos", "urn:service:SOS"));
  CHECK_FALSE(same("tel:+1", "sip:+1@b"));
}

TEST_CASE("text is escaped for its place") {
  const auto user = [](std::string_view text) {
    std::string out;
    escape_user(text, out);
    return out;
  };
  CHECK(user("bob smith") == "bob%20smith");
  CHECK(user("a@b:c") == "a%40b%3Ac");
  CHECK(user("J\xc3\xbcrgen;x=y?/&+$,") == "J%C3%BCrgen;x=y?/&+$,");
  CHECK(user(std::string_view("\0", 1)) == "%00");
  std::string out;
  escape_password("a;b", out);
  escape_parameter("a;b=c", out);
  escape_header("a&b=c", out);
  CHECK(out == "a%3Bba%3Bb%3Dca%26b%3Dc");
  CHECK(unescape("a%40b%3ac") == "a@b:c");
  CHECK(unescape("%00") == std::string(1, '\0'));
  CHECK(unescape("100%") == "100%");
  CHECK(unescape("%4%g1%") == "%4%g1%");
}

TEST_CASE("a uri is built part by part") {
  auto made = uri::from_string("sip:example.com");
  REQUIRE(made);
  uri& target = *made;
  CHECK(target.set_user("bob smith"));
  CHECK(target.set_password("a:b"));
  CHECK(target.string() == "sip:bob%20smith:a%3Ab@example.com");
  CHECK(target.set_port(5070));
  CHECK(target.set_parameter("transport", "tcp"));
  CHECK(target.set_parameter("lr"));
  CHECK(target.add_header("subject", "a b"));
  CHECK(target.add_header("x", ""));
  CHECK(target.string() == "sip:bob%20smith:a%3Ab@example.com:5070;transport=tcp;lr?subject=a%20b&x=");
  CHECK(target.set_parameter("Transport", "udp"));
  CHECK(target.set_parameter("lr", "on"));
  CHECK(target.set_host("2001:db8::1"));
  CHECK(target.set_user("al"));
  CHECK(target.string() == "sip:al:a%3Ab@[2001:db8::1]:5070;Transport=udp;lr=on?subject=a%20b&x=");
  CHECK(target->host_kind == host_kind::ipv6);
  CHECK(target.set_port(0));
  CHECK(target.set_host("192.0.2.1"));
  CHECK(target.set_user(""));
  target.remove_parameter("lr");
  target.remove_parameter("absent");
  target.remove_headers();
  target.remove_headers();
  CHECK(target.string() == "sip:192.0.2.1;Transport=udp");
  CHECK(target.view().raw == target.string());
  CHECK(target.view().raw.data() == target.string().data());
}

TEST_CASE("a setter that fails changes nothing") {
  auto made = uri::from_string("sip:example.com;lr");
  REQUIRE(made);
  CHECK(made->set_host("bad host").error().code == errc::expected_host);
  CHECK(made->set_host("").error().code == errc::expected_host);
  CHECK(made->set_host("1::2::3").error().code == errc::bad_ipv6);
  CHECK(made->set_host("a:5060").error().code == errc::bad_ipv6);
  CHECK(made->set_password("x").error().code == errc::expected_user);
  CHECK(made->set_parameter("").error().code == errc::bad_parameter);
  CHECK(made->set_parameter("a", "").error().code == errc::bad_parameter);
  CHECK(made->add_header("", "x").error().code == errc::bad_parameter);
  CHECK(made->string() == "sip:example.com;lr");
  auto tel = uri::from_string("tel:+1");
  REQUIRE(tel);
  CHECK(tel->set_user("x").error().code == errc::expected_scheme);
  CHECK(tel->set_host("x").error().code == errc::expected_scheme);
  CHECK(tel->set_port(1).error().code == errc::expected_scheme);
  CHECK(tel->set_parameter("ext", "5"));
  CHECK(tel->string() == "tel:+1;ext=5");
  CHECK(uri::from_string("urn:x")->set_parameter("a", "b").error().code == errc::expected_scheme);
  CHECK(uri::from_string("sip:").error() == parse_error{errc::expected_host, 4});
}

TEST_CASE("a uri keeps its parts through copies and moves") {
  for (std::string_view text :
       {"sip:a@b;c?d=e", "sip:somebody@a-rather-long-name.example.com;transport=tcp?subject=x"}) {
    const auto view = parse_uri(text);
    REQUIRE(view);
    uri first(*view);
    const auto intact = [&](const uri& one) {
      return one.string() == text && one->raw.data() == one.string().data() && one->user == view->user &&
             one->host == view->host && one->headers.raw() == view->headers.raw() &&
             one->parameters.raw().data() ==
                 one.string().data() + (view->parameters.raw().data() - text.data());
    };
    CHECK(intact(first));
    uri copy(first);
    CHECK(intact(copy));
    uri moved(std::move(copy));
    CHECK(intact(moved));
    uri other = *uri::from_string("tel:+1");
    other = first;
    CHECK(intact(other));
    uri last = *uri::from_string("tel:+1");
    last = std::move(other);
    CHECK(intact(last));
    const uri& self = last;
    last = self;
    CHECK(intact(last));
    CHECK(last == first);
  }
}
