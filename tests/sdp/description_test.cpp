#include <parley/sdp/description.hpp>
#include <parley/sdp/grouping.hpp>
#include <parley/sdp/ice.hpp>
#include <parley/sdp/security.hpp>
#include <parley/sdp/transport.hpp>

#include "support/catch.hpp"
#include "support/sdp.hpp"

#include <string>

using namespace parley::sdp;

namespace {

const std::string head = "v=0\r\no=- 1 1 IN IP4 a\r\ns=-\r\nt=0 0\r\n";

parse_error error_of(std::string_view text, const limits& bounds = {}) {
  const auto read = description::parse(text, bounds);
  return read ? parse_error{} : read.error();
}

/// What is written of `text`.
std::string written(std::string_view text) {
  INFO(text);
  const auto read = description::parse(text);
  REQUIRE(read.has_value());
  const std::string out = read->to_string();
  CHECK(description::parse(out).value() == *read);
  return out;
}

std::string repeat(std::string_view what, std::size_t times) {
  std::string out;
  while (times-- != 0) out += what;
  return out;
}

}  // namespace

TEST_CASE("RFC 8866 5: the example is read and written as it stands", "[sdp]") {
  const std::string text =
      "v=0\r\no=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r\ns=Call to John Smith\r\ni=SDP Offer #1\r\n"
      "u=http://www.jdoe.example.com/home.html\r\ne=Jane Doe <jane@jdoe.example.com>\r\np=+1 617 555-6011\r\n"
      "c=IN IP4 198.51.100.1\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0\r\nm=audio 49180 RTP/AVP 0\r\n"
      "m=video 51372 RTP/AVP 99\r\nc=IN IP6 2001:db8::2\r\na=rtpmap:99 h263-1998/90000\r\n";
  CHECK(written(text) == text);
  const auto d = description::parse(text).value();
  REQUIRE(d.media().size() == 3);
  CHECK(d.media()[1].media() == media_line{"audio", 49180, 1, "RTP/AVP", {"0"}});
  CHECK(d.effective<connection_data>(d.media()[0])->address == "198.51.100.1");
  CHECK(d.effective<connection_data>(d.media()[2])->address == "2001:db8::2");
}

TEST_CASE("RFC 8866 5.14: an m= line", "[sdp]") {
  CHECK(parley::test::read_as<media_line>("video 49170/2 RTP/AVP 31 32").port_count == 2);
  CHECK(parley::test::read_as<media_line>("application 9 UDP/DTLS/SCTP webrtc-datachannel").formats.size() ==
        1);
  CHECK(parley::test::read_as<media_line>("audio  9\tRTP/AVP 0 ", "audio 9 RTP/AVP 0").port == 9);
  using parley::test::sdp_error;
  CHECK(sdp_error<media_line>("audio 65536 RTP/AVP 0") == parse_error{errc::number_out_of_range, 6});
  CHECK(sdp_error<media_line>("audio 9/0 RTP/AVP 0") == parse_error{errc::number_out_of_range, 8});
  CHECK(sdp_error<media_line>("audio 9 RTP/AVP") == parse_error{errc::expected_space, 15});
  CHECK(sdp_error<media_line>("audio -9 RTP/AVP 0") == parse_error{errc::expected_number, 6});
  CHECK(error_of(head + "m=audio x RTP/AVP 0\r\n") ==
        parse_error{errc::expected_number, static_cast<std::uint32_t>(head.size() + 8)});
}

TEST_CASE("what is tolerated", "[sdp]") {
  CHECK(written("v=0\no=- 1 1 IN IP4 a\n") == "v=0\r\no=- 1 1 IN IP4 a\r\n");
  CHECK(written(head + "a=x \t\r\n\r\n  \r\n") == head + "a=x\r\n");
  CHECK(written(head + "a=x") == head + "a=x\r\n");
  CHECK(written("v=0\r\no=- x -1 IN IP4 a\r\nt=0 0\r\nc=IN IP4 a\r\n") ==
        "v=0\r\no=- x -1 IN IP4 a\r\nt=0 0\r\nc=IN IP4 a\r\n");
  CHECK(written(head + "f=unknown:yes\r\nZ=\r\na=Unknown:\tx\r\n") ==
        head + "f=unknown:yes\r\nZ=\r\na=Unknown:\tx\r\n");
  // RFC 8866 5.3: an empty name is written as a space.
  CHECK(written("v=0\r\no=- 1 1 IN IP4 a\r\ns=\r\n") == "v=0\r\no=- 1 1 IN IP4 a\r\ns= \r\n");
  CHECK(written("v=0\r\no=\xc3\xa4 1 1 IN IP4 a\r\n") == "v=0\r\no=\xc3\xa4 1 1 IN IP4 a\r\n");
}

TEST_CASE("RFC 8866 5.1, 5.2: a description has a version and an origin", "[sdp]") {
  CHECK(error_of("") == parse_error{errc::missing_version, 0});
  CHECK(error_of("\r\n\r\n") == parse_error{errc::missing_version, 0});
  CHECK(error_of("o=- 1 1 IN IP4 a\r\nv=0\r\n") == parse_error{errc::missing_version, 0});
  CHECK(error_of("hello") == parse_error{errc::missing_version, 0});
  CHECK(error_of("v=1\r\no=- 1 1 IN IP4 a\r\n") == parse_error{errc::unsupported_version, 2});
  CHECK(error_of("v=00\r\n") == parse_error{errc::unsupported_version, 2});
  CHECK(error_of("v=0\r\ns=-\r\n") == parse_error{errc::missing_origin, 10});
  CHECK(error_of("v=0\r\nm=audio 9 RTP/AVP 0\r\no=- 1 1 IN IP4 a\r\n") ==
        parse_error{errc::misplaced_line, 26});
}

TEST_CASE("RFC 8866 9: what is no line is refused", "[sdp]") {
  const auto at = [](std::size_t more) { return static_cast<std::uint32_t>(head.size() + more); };
  CHECK(error_of(head + "a\r\n") == parse_error{errc::bad_line, at(0)});
  CHECK(error_of(head + "a =x\r\n") == parse_error{errc::bad_line, at(0)});
  CHECK(error_of(head + " a=x\r\n") == parse_error{errc::bad_line, at(0)});
  CHECK(error_of(head + "1=x\r\n") == parse_error{errc::bad_line, at(0)});
  CHECK(error_of(head + "\r\na=x\r\n") == parse_error{errc::empty_line, at(0)});
  CHECK(error_of(head + "a=\r\n") == parse_error{errc::bad_attribute_name, at(2)});
  CHECK(error_of(head + "a=:x\r\n") == parse_error{errc::bad_attribute_name, at(2)});
}

TEST_CASE("RFC 8866 9: controls and CR alone are refused", "[sdp]") {
  const auto at = [](std::size_t more) { return static_cast<std::uint32_t>(head.size() + more); };
  CHECK(error_of(head + std::string("a=x\0\r\n", 6)) == parse_error{errc::nul_in_text, at(3)});
  CHECK(error_of(head + "a=x\x01\r\n") == parse_error{errc::control_in_text, at(3)});
  CHECK(error_of(head + "a=x\x7f\r\n") == parse_error{errc::control_in_text, at(3)});
  CHECK(error_of(head + "a=x\ra=y\r\n") == parse_error{errc::bare_cr, at(3)});
  CHECK(error_of(head + "a=x\r\r\n") == parse_error{errc::bare_cr, at(3)});
  CHECK(error_of(head + "a=x\r") == parse_error{errc::bare_cr, at(3)});
}

TEST_CASE("two descriptions in one text are refused", "[sdp]") {
  const auto at = static_cast<std::uint32_t>(head.size());
  CHECK(error_of(head + "v=0\r\n") == parse_error{errc::duplicate_line, at});
  CHECK(error_of(head + "o=- 2 2 IN IP4 b\r\n") == parse_error{errc::duplicate_line, at});
  CHECK(error_of(head + "s=x\r\n") == parse_error{errc::duplicate_line, at});
  CHECK(error_of(head + "c=IN IP4 a\r\nc=IN IP4 b\r\n") == parse_error{errc::duplicate_line, at + 12});
  CHECK(error_of(head + "m=audio 9 RTP/AVP 0\r\nv=0\r\n") == parse_error{errc::misplaced_line, at + 21});
  // RFC 8866 5.7: a medium may have several, for layers.
  CHECK(error_of(head + "m=audio 9 RTP/AVP 0\r\nc=IN IP4 a\r\nc=IN IP4 b\r\n") == parse_error{});
}

TEST_CASE("limits hold at the bound and one beyond", "[sdp]") {
  const auto at = [](std::size_t more) { return static_cast<std::uint32_t>(head.size() + more); };
  limits bounds;
  const std::string text = head + "a=x\r\n";
  bounds.text_bytes = text.size() + 1;
  CHECK(error_of(text, bounds) == parse_error{});
  bounds.text_bytes = text.size();
  CHECK(error_of(text, bounds) == parse_error{});
  bounds.text_bytes = text.size() - 1;
  CHECK(error_of(text, bounds) ==
        parse_error{errc::text_too_large, static_cast<std::uint32_t>(text.size() - 1)});

  bounds = {};
  bounds.lines = 6;
  CHECK(error_of(head + repeat("a=x\r\n", 1), bounds) == parse_error{});
  CHECK(error_of(head + repeat("a=x\r\n", 2), bounds) == parse_error{});
  CHECK(error_of(head + repeat("a=x\r\n", 3), bounds) == parse_error{errc::too_many_lines, at(10)});

  bounds = {};
  bounds.attributes = 3;
  const std::string medium = "m=audio 9 RTP/AVP 0\r\n";
  CHECK(error_of(head + repeat("a=x\r\n", 2), bounds) == parse_error{});
  CHECK(error_of(head + repeat("a=x\r\n", 3) + medium + repeat("a=x\r\n", 3), bounds) == parse_error{});
  CHECK(error_of(head + repeat("a=x\r\n", 4), bounds) == parse_error{errc::too_many_attributes, at(15)});
  CHECK(error_of(head + medium + repeat("a=x\r\n", 4), bounds) ==
        parse_error{errc::too_many_attributes, at(36)});

  bounds = {};
  bounds.media = 2;
  CHECK(error_of(head + repeat(medium, 1), bounds) == parse_error{});
  CHECK(error_of(head + repeat(medium, 2), bounds) == parse_error{});
  CHECK(error_of(head + repeat(medium, 3), bounds) == parse_error{errc::too_many_media, at(42)});

  bounds = {};
  bounds.formats = 3;
  CHECK(error_of(head + "m=audio 9 RTP/AVP 0 1\r\n", bounds) == parse_error{});
  CHECK(error_of(head + "m=audio 9 RTP/AVP 0 1 2\r\n", bounds) == parse_error{});
  CHECK(error_of(head + "m=audio 9 RTP/AVP 0 1 2 3\r\n", bounds) ==
        parse_error{errc::too_many_formats, at(2)});

  bounds = {};
  bounds.candidates = 2;
  const std::string one = "a=candidate:1 1 udp 1 a 1 typ host\r\n";
  CHECK(error_of(head + medium + repeat(one, 1), bounds) == parse_error{});
  CHECK(error_of(head + medium + repeat(one, 2) + medium + repeat(one, 2), bounds) == parse_error{});
  CHECK(error_of(head + medium + repeat(one, 3), bounds) ==
        parse_error{errc::too_many_candidates, at(medium.size() + 2 * one.size())});
}

TEST_CASE("a description is built", "[sdp]") {
  auto d = description::create({"-", "20518", "0", "IN", "IP4", "203.0.113.1"}).value();
  auto media = media_description::create({"audio", 54400, 1, "RTP/SAVPF", {"0", "96"}}).value();
  REQUIRE(media.add(mid{"audio"}));
  REQUIRE(d.add(group{"BUNDLE", {"audio"}}));
  d.media().push_back(media);
  CHECK(d.to_string() ==
        "v=0\r\no=- 20518 0 IN IP4 203.0.113.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE audio\r\n"
        "m=audio 54400 RTP/SAVPF 0 96\r\na=mid:audio\r\n");
  CHECK(description::parse(d.to_string()).value() == d);
  CHECK(description::create({"a b", "1", "1", "IN", "IP4", "a"}).has_error());
  CHECK(description::create({}).has_error());
}

TEST_CASE("an m= line is changed as a whole, or not at all", "[sdp]") {
  auto media = media_description::create({"audio", 9, 1, "RTP/AVP", {"0"}}).value();
  REQUIRE(media.set_media({"audio", 0, 1, "RTP/AVP", {"0", "8"}}));
  CHECK(media.to_string() == "m=audio 0 RTP/AVP 0 8\r\n");
  CHECK(media.set_media({"audio", 0, 1, "RTP/AVP", {}}).has_error());
  CHECK(media.set_media({"audio", 0, 1, "RTP/AVP", {"0 1"}}).error().code == errc::unwritable);
  CHECK(media.set_media({"audio", 0, 1, "RTP/AVP", {"0\r\na=x"}}).has_error());
  CHECK(media.media().formats.size() == 2);
}

TEST_CASE("RFC 3264 6, RFC 9143 6: what port 0 means", "[sdp]") {
  const auto d =
      description::parse(head +
                         "m=audio 9 RTP/AVP 0\r\nm=audio 0 TCP/TLS/RTP/SAVPF 0\r\n"
                         "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=bundle-only\r\nm=image 9 udptl t38\r\n")
          .value();
  CHECK_FALSE(d.media()[0].is_rejected());
  CHECK(d.media()[1].is_rejected());
  CHECK_FALSE(d.media()[2].is_rejected());
  CHECK(d.media()[0].is_rtp());
  CHECK(d.media()[1].is_rtp());
  CHECK_FALSE(d.media()[3].is_rtp());
}

TEST_CASE("what the session says counts for each medium that says nothing", "[sdp]") {
  const auto d =
      description::parse(head +
                         "a=ice-ufrag:sess\r\na=setup:actpass\r\na=fingerprint:sha-999 01\r\n"
                         "a=recvonly\r\nm=audio 9 RTP/AVP 0\r\na=mid:a\r\na=ice-ufrag:medi\r\n"
                         "a=fingerprint:sha-999 02\r\na=fingerprint:sha-998 03\r\n"
                         "m=video 9 RTP/AVP 96\r\na=mid: v\r\na=extmap-allow-mixed\r\na=inactive\r\n")
          .value();
  const auto& audio = d.media()[0];
  const auto& video = d.media()[1];
  CHECK(d.effective<ice_ufrag>(audio)->value == "medi");
  CHECK(d.effective<ice_ufrag>(video)->value == "sess");
  CHECK((d.effective<setup>(audio)->value == setup::role::actpass));
  CHECK(d.effective<ice_pwd>(audio).error().code == errc::missing_attribute);
  CHECK(d.scope<fingerprint>(audio).all<fingerprint>().value().size() == 2);
  CHECK(d.scope<fingerprint>(video).all<fingerprint>().value()[0].bytes[0] == 1);
  CHECK((d.direction_of(audio) == direction::recvonly));
  CHECK((d.direction_of(video) == direction::inactive));
  CHECK(d.find_mid("v") == &video);
  CHECK_FALSE(d.effective<extmap_allow_mixed>(audio).has_value());
  CHECK(d.effective<extmap_allow_mixed>(video).has_value());
  CHECK(d.find_mid("x") == nullptr);
}
