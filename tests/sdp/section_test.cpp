#include <parley/sdp/codec.hpp>
#include <parley/sdp/description.hpp>
#include <parley/sdp/grouping.hpp>
#include <parley/sdp/ice.hpp>
#include <parley/sdp/security.hpp>
#include <parley/sdp/transport.hpp>

#include "support/catch.hpp"
#include "support/sdp.hpp"

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace parley::sdp;

namespace {

description parse(std::string_view text) {
  auto read = description::parse(text);
  REQUIRE(read.has_value());
  return *std::move(read);
}

description call() {
  return parse(
      "v=0\r\no=- 1 1 IN IP4 a\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=group:BUNDLE "
      "1\r\na=setup:active\r\n"
      "m=audio 9 RTP/AVP 0 8\r\nb=AS:64\r\nb=TIAS:50780\r\na=rtpmap:0 PCMU/8000\r\na=sendonly\r\n"
      "a=rtpmap:8 PCMA/8000\r\na=mid:1\r\na=rtcp-mux\r\n");
}

/// RFC 4574, as an application would add it.
struct label {
  static constexpr std::string_view name = "label";
  std::string value;
  static parsed<label> read(std::string_view text) { return label{std::string(text)}; }
  void write(std::string& out) const { out += value; }
  friend bool operator==(const label&, const label&) = default;
};

}  // namespace

TEST_CASE("a typed line is found, or said to be missing", "[sdp]") {
  const auto d = call();
  CHECK(d.get<origin>()->session_id == "1");
  CHECK(d.get<group>()->mids == std::vector<std::string>{"1"});
  CHECK(d.media()[0].get<mid>()->id == "1");
  CHECK(d.media()[0].has<rtcp_mux>());
  CHECK_FALSE(d.media()[0].has<bundle_only>());
  CHECK(d.media()[0].get<ptime>().error() == parse_error{errc::missing_attribute, 0});
  CHECK(d.media()[0].get<connection_data>().error() == parse_error{errc::missing_line, 0});
  CHECK(d.find('t')->value == "0 0");
  CHECK_FALSE(d.find('x'));
  CHECK(d.find_attribute("group")->value == "group:BUNDLE 1");
}

TEST_CASE("the offset of an error counts from the start of the whole text", "[sdp]") {
  const std::string text = "v=0\r\no=- 1 1 IN IP4 a\r\nm=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU\r\nb=AS:x\r\n";
  const auto d = parse(text);
  CHECK(d.media()[0].get<rtpmap>().error() ==
        parse_error{errc::expected_slash, static_cast<std::uint32_t>(text.find("\r\nb="))});
  CHECK(d.media()[0].get<bandwidth>().error().offset == text.find("x\r\n"));
  CHECK(d.media()[0].all<rtpmap>().error().code == errc::expected_slash);
}

TEST_CASE("all values of a kind, and each by itself", "[sdp]") {
  auto d = call();
  CHECK(d.media()[0].all<rtpmap>().value().size() == 2);
  CHECK(d.media()[0].all<candidate>().value().empty());
  REQUIRE(d.media()[0].add_line('a', "rtpmap:bad"));
  int good = 0;
  int bad = 0;
  d.media()[0].for_each<rtpmap>([&](const parsed<rtpmap>& one) { ++(one ? good : bad); });
  CHECK(good == 2);
  CHECK(bad == 1);
}

TEST_CASE("RFC 8866 5: names are compared with regard to case, and whole", "[sdp]") {
  auto d = call();
  REQUIRE(d.add_line('a', "MID:x"));
  REQUIRE(d.add_line('a', "midday"));
  CHECK_FALSE(d.has<mid>());
  REQUIRE(d.add_line('a', "mid"));
  CHECK(d.get<mid>().error().code == errc::expected_token);
}

TEST_CASE("a value takes the place of the first of its kind", "[sdp]") {
  auto d = call();
  auto& media = d.media()[0];
  REQUIRE(media.set(rtpmap{96, "opus", 48000, 2}));
  REQUIRE(media.set(bandwidth{"AS", 32}));
  REQUIRE(media.set(rtcp_mux{}));
  CHECK(media.to_string() ==
        "m=audio 9 RTP/AVP 0 8\r\nb=AS:32\r\na=rtpmap:96 "
        "opus/48000/2\r\na=sendonly\r\na=mid:1\r\na=rtcp-mux\r\n");
}

TEST_CASE("RFC 8866 5: new lines go to the place of their type", "[sdp]") {
  auto d = parse("v=0\r\no=- 1 1 IN IP4 a\r\nt=0 0\r\nx=1\r\nm=audio 9 RTP/AVP 0\r\na=mid:1\r\n");
  REQUIRE(d.set_line('s', "call"));
  REQUIRE(d.set(connection_data::to(parley::base::ip_address::loopback_v4())));
  REQUIRE(d.add(bandwidth{"CT", 1}));
  REQUIRE(d.add(bandwidth{"AS", 2}));
  REQUIRE(d.add_line('a', "tool:x"));
  REQUIRE(d.media()[0].set_line('i', "speaker"));
  REQUIRE(d.media()[0].add(connection_data::to(parley::base::ip_address::loopback_v6())));
  REQUIRE(d.media()[0].add(rtcp_mux{}));
  CHECK(d.to_string() ==
        "v=0\r\no=- 1 1 IN IP4 a\r\ns=call\r\nc=IN IP4 127.0.0.1\r\nb=CT:1\r\nb=AS:2\r\nt=0 "
        "0\r\na=tool:x\r\nx=1\r\n"
        "m=audio 9 RTP/AVP 0\r\ni=speaker\r\nc=IN IP6 ::1\r\na=mid:1\r\na=rtcp-mux\r\n");
}

TEST_CASE("a line may be made from another one of the same section", "[sdp]") {
  auto d = call();
  REQUIRE(d.add_line('a', "tool:of more than a few characters, so that its text has to move"));
  const std::string tool(d.find_attribute("tool")->value);
  for (int i = 0; i < 20; ++i) REQUIRE(d.add_line('a', d.find_attribute("tool")->value));
  REQUIRE(d.set_line('i', d.find_attribute("tool")->value));
  CHECK(d.find_attribute("tool")->value == tool);
  CHECK(d.find('i')->value == tool);
}

TEST_CASE("t= before c= still finds its place", "[sdp]") {
  auto d = parse("v=0\r\no=- 1 1 IN IP4 a\r\ns=-\r\nt=0 0\r\nc=IN IP4 192.0.2.1\r\n");
  REQUIRE(d.set(connection_data::to(parley::base::ip_address::loopback_v4())));
  CHECK(d.to_string() == "v=0\r\no=- 1 1 IN IP4 a\r\ns=-\r\nt=0 0\r\nc=IN IP4 127.0.0.1\r\n");
}

TEST_CASE("values are taken out by kind or by what they say", "[sdp]") {
  auto d = call();
  auto& media = d.media()[0];
  CHECK(media.remove<rtpmap>([](const rtpmap& one) { return one.payload_type == 8; }) == 1);
  CHECK(media.all<rtpmap>().value().size() == 1);
  CHECK(media.remove<rtpmap>() == 1);
  CHECK(media.remove<rtpmap>() == 0);
  CHECK(media.remove<bandwidth>() == 2);
  CHECK(d.remove<origin>() == 0);
  CHECK(d.remove_lines('v') == 0);
  CHECK(media.remove_lines('m') == 0);
  CHECK(d.remove_lines('t') == 1);
}

TEST_CASE("nothing that is set can begin a line of its own", "[sdp]") {
  auto d = call();
  const auto before = d;
  CHECK(d.media()[0].set(mid{"1\r\na=evil"}).error() == parse_error{errc::bare_cr, 5});
  CHECK(d.media()[0].set(mid{"1\na=evil"}).error() == parse_error{errc::control_in_text, 5});
  CHECK(d.set_line('s', std::string_view("a\0b", 3)).error() == parse_error{errc::nul_in_text, 1});
  CHECK(d.add_line('a', "x\ny").error() == parse_error{errc::control_in_text, 1});
  CHECK(d == before);
}

TEST_CASE("what would not be read again as the same is not written", "[sdp]") {
  auto d = call();
  const auto before = d;
  CHECK(d.media()[0].set(mid{"a b"}).error().code == errc::trailing_text);
  CHECK(d.set(group{"BUNDLE", {"a b"}}).error().code == errc::unwritable);
  CHECK(d.set(fmtp{"96", " x"}).error().code == errc::unwritable);
  CHECK(d.set(ice_pwd{"short"}).error().code == errc::bad_ice_text);
  CHECK(d == before);
}

TEST_CASE("lines that belong elsewhere are refused", "[sdp]") {
  auto d = call();
  CHECK(d.media()[0].set(*d.get<origin>()).error().code == errc::misplaced_line);
  CHECK(d.media()[0].add_line('s', "x").error().code == errc::misplaced_line);
  CHECK(d.add_line('m', "audio 9 RTP/AVP 0").error().code == errc::misplaced_line);
  CHECK(d.set_line('v', "1").error().code == errc::misplaced_line);
  CHECK(d.set_line('a', "x").error().code == errc::misplaced_line);
  CHECK(d.add_line('s', "second").error().code == errc::duplicate_line);
  CHECK(d.add(*d.get<connection_data>()).error().code == errc::duplicate_line);
  CHECK(d.add_line('1', "x").error().code == errc::bad_line);
  CHECK(d.add_line('a', ":x").error().code == errc::bad_attribute_name);
}

TEST_CASE("white space at the end of a line that is added is dropped", "[sdp]") {
  auto d = call();
  REQUIRE(d.set_line('i', "about \t"));
  CHECK(d.find('i')->value == "about");
}

TEST_CASE("RFC 8866 6.7: the direction", "[sdp]") {
  auto d = call();
  auto& media = d.media()[0];
  CHECK((media.direction() == direction::sendonly));
  CHECK_FALSE(d.direction().has_value());
  CHECK((d.direction_of(media) == direction::sendonly));
  REQUIRE(media.add_line('a', "inactive"));
  CHECK((media.direction() == direction::sendonly));
  media.set_direction(direction::recvonly);
  CHECK(media.to_string().find("a=rtpmap:0 PCMU/8000\r\na=recvonly\r\na=rtpmap:8") != std::string::npos);
  CHECK_FALSE(media.find_attribute("inactive"));
  d.set_direction(direction::inactive);
  CHECK((d.direction() == direction::inactive));
}

TEST_CASE("RFC 8866 5.8: a bandwidth by its kind", "[sdp]") {
  const auto d = call();
  CHECK(d.media()[0].bandwidth_of("TIAS") == 50780U);
  CHECK(d.media()[0].bandwidth_of("AS") == 64U);
  CHECK_FALSE(d.media()[0].bandwidth_of("RS").has_value());
}

TEST_CASE("lines that are added, changed and taken out leave the others as they were", "[sdp]") {
  auto d = parse("v=0\no=- 1 1 IN IP4 a\ns=\nt=0 0 \na=x:1\nm=audio 9 RTP/AVP 0\na=y:2\n");
  const auto all_of = [](const section& from) {
    std::string out;
    for (const line one : from.lines()) out.append(1, one.type).append(one.value).append(1, '|');
    return out;
  };
  REQUIRE(d.add_line('i', "about"));
  REQUIRE(d.add_line('b', "AS:64"));
  REQUIRE(d.set_line('s', "a name"));
  CHECK(all_of(d) == "v0|o- 1 1 IN IP4 a|sa name|iabout|bAS:64|t0 0|ax:1|");
  CHECK(d.find_attribute("x")->offset == 33);
  CHECK(d.find('i')->offset == 0);
  REQUIRE(d.set_line('s', " "));
  CHECK(d.text() == "v=0\r\no=- 1 1 IN IP4 a\r\ns= \r\ni=about\r\nb=AS:64\r\nt=0 0\r\na=x:1\r\n");
  CHECK(d.remove_lines('i') == 1);
  CHECK(d.remove<bandwidth>() == 1);
  CHECK(d.remove<bandwidth>() == 0);
  CHECK(all_of(d) == "v0|o- 1 1 IN IP4 a|s|t0 0|ax:1|");
  CHECK(d == parse(d.to_string()));
  CHECK_FALSE(d.add_line('a', "y\r\nm=audio 1 RTP/AVP 0"));
  CHECK_FALSE(d.media()[0].add(mid{"two words"}));
  CHECK(all_of(d.media()[0]) == "maudio 9 RTP/AVP 0|ay:2|");
  const auto copy = d;
  d.media()[0].set_direction(direction::inactive);
  CHECK(all_of(copy.media()[0]) == "maudio 9 RTP/AVP 0|ay:2|");
  CHECK_FALSE(copy == d);
}

TEST_CASE("a value that says that it can be written is read again as it was", "[sdp]") {
  const auto holds = [](const auto& value) {
    std::string text;
    value.write(text);
    const auto again = std::decay_t<decltype(value)>::read(text);
    return !value.is_writable() || (again && *again == value);
  };
  for (const std::string word : {"", "a", " a", "a ", "a b", "a/b", "a:b", "a\tb", "1", "IP4", "\xc3\xa4"}) {
    CHECK(holds(rtpmap{96, word, 8000, 1}));
    CHECK(holds(fmtp{word, "x=1"}));
    CHECK(holds(fmtp{"96", word}));
    CHECK(holds(mid{word}));
    CHECK(holds(media_line{word, 9, 1, "RTP/AVP", {"0"}}));
    CHECK(holds(media_line{"audio", 9, 2, word, {"0"}}));
    CHECK(holds(media_line{"audio", 9, 1, "RTP/AVP", {"0", word}}));
    CHECK(holds(connection_data{word, "IP4", "192.0.2.1", {}, 1}));
    CHECK(holds(connection_data{"IN", word, "192.0.2.1", {}, 1}));
    CHECK(holds(connection_data{"IN", "IP4", word, {}, 1}));
    origin from{"-", "1", "1", "IN", "IP4", "192.0.2.1"};
    for (std::string* each : {&from.username, &from.session_id, &from.address_type, &from.address}) {
      const std::string before = std::exchange(*each, word);
      CHECK(holds(from));
      *each = before;
    }
  }
  CHECK(holds(rtpmap{128, "a", 8000, 1}));
  CHECK(holds(rtpmap{96, "a", 0, 1}));
  CHECK(holds(rtpmap{96, "a", 8000, 0}));
  CHECK(holds(media_line{"audio", 9, 0, "RTP/AVP", {"0"}}));
  CHECK(holds(media_line{"audio", 9, 1, "RTP/AVP", {}}));
  CHECK(rtpmap{96, "opus", 48000, 2}.is_writable());
  CHECK(rtcp_mux{}.is_writable());
}

TEST_CASE("an attribute of the application's own", "[sdp]") {
  auto d = call();
  REQUIRE(d.media()[0].set(label{"floor"}));
  CHECK(d.media()[0].get<label>()->value == "floor");
  CHECK(d.media()[0].lines().back().value == "label:floor");
}
