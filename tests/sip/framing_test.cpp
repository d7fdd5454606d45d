#include <parley/sip/framing.hpp>

#include "support/catch.hpp"
#include "support/sip_text.hpp"

#include <string>
#include <vector>

using namespace parley::sip;
using parley::test::offset_in;
using parley::test::plain_lines;
using parley::test::plain_start;
using parley::test::request_with;
using status = stream_framer::status;

namespace {

/// What the framer says of a stream: the messages, "ping", "pong", or an error with its offset in the stream;
/// at the end how many bytes are left.
struct outcome {
  std::vector<std::string> events;
  parse_error error;
  std::size_t left = 0;
};

/// Gives `stream` in pieces of `piece` bytes.
outcome frame(std::string_view stream, std::size_t piece, const limits& limits = {}) {
  stream_framer framer(limits);
  outcome out;
  std::size_t start = 0;
  for (std::size_t end = std::min(piece, stream.size());; end = std::min(end + piece, stream.size())) {
    while (true) {
      const auto step = framer.next(stream.substr(start, end - start));
      if (step.what == status::error) {
        out.error = {step.error.code, step.error.offset + static_cast<std::uint32_t>(start)};
        out.left = stream.size() - start;
        const auto again = framer.next(stream.substr(start, end - start));
        CHECK(again.what == status::error);
        CHECK(again.error == step.error);
        return out;
      }
      if (step.what == status::need_more) break;
      REQUIRE(step.consumed > 0);
      REQUIRE(start + step.consumed <= end);
      CHECK(framer.between_messages());
      if (step.what == status::message) out.events.emplace_back(stream.substr(start, step.consumed));
      if (step.what == status::keep_alive_ping) out.events.emplace_back("ping");
      if (step.what == status::keep_alive_pong) out.events.emplace_back("pong");
      start += step.consumed;
    }
    if (end == stream.size()) break;
  }
  out.left = stream.size() - start;
  return out;
}

/// The stream is refused with this error, however it arrives.
void refused(std::string_view stream, errc code, std::size_t offset, const limits& limits = {}) {
  CAPTURE(stream);
  for (std::size_t piece : {stream.size(), std::size_t{1}, std::size_t{7}}) {
    const outcome out = frame(stream, piece, limits);
    CHECK(out.error == parse_error{code, static_cast<std::uint32_t>(offset)});
    CHECK(out.events.empty());
  }
}

/// One more header line in a message; the offset counts from that line.
void line_refused(std::string_view line, errc code, std::size_t offset_in_line, const limits& limits = {}) {
  refused(request_with(line), code, plain_start.size() + plain_lines.size() + offset_in_line, limits);
}

const std::string small = request_with("Content-Length: 0\r\n");
const std::string large = request_with("l : 12\r\n", "body\r\n\r\nbody");

}  // namespace

TEST_CASE("messages that came together are cut apart", "[framing]") {
  const std::string stream = small + large + small;
  const std::vector<std::string> expected{small, large, small};
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    const outcome out = frame(stream, piece);
    CAPTURE(piece);
    CHECK(out.events == expected);
    CHECK(out.left == 0);
    CHECK(out.error.code == errc{});
  }
}

TEST_CASE("a message may have LF for its line ends", "[framing]") {
  const std::string stream =
      "SIP/2.0 200 OK\nl: 2\n\nab"
      "SIP/2.0 200 OK\nl: 0\n\r\n"
      "SIP/2.0 200 OK\r\nl:0\r\n\n";
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    const outcome out = frame(stream, piece);
    REQUIRE(out.events.size() == 3);
    CHECK(out.events[0] == "SIP/2.0 200 OK\nl: 2\n\nab");
    CHECK(out.left == 0);
  }
}

TEST_CASE("a part of a message waits for the rest", "[framing]") {
  stream_framer framer;
  CHECK(framer.between_messages());
  CHECK(framer.next("").what == status::need_more);
  CHECK(framer.between_messages());
  const std::size_t headers = offset_in(large, "\r\n\r\n") + 4;
  for (std::size_t size = 1; size < large.size(); ++size) {
    const auto step = framer.next(std::string_view(large).substr(0, size));
    CAPTURE(size);
    CHECK(step.what == status::need_more);
    CHECK(step.consumed == 0);
    CHECK(step.expected == (size < headers ? 0 : large.size()));
    CHECK_FALSE(framer.between_messages());
  }
  const auto step = framer.next(large);
  CHECK(step.what == status::message);
  CHECK(step.consumed == large.size());
  CHECK(framer.between_messages());
}

TEST_CASE("keep-alives stand between messages", "[framing]") {
  using events = std::vector<std::string>;
  CHECK(frame("\r\n\r\n", 4).events == events{"ping"});
  CHECK(frame("\r\n", 2).events == events{"pong"});
  CHECK(frame("\r\n\r\n\r\n\r\n\r\n", 10).events == events{"ping", "ping", "pong"});
  CHECK(frame("\n", 1).events == events{"pong"});
  CHECK(frame(small + "\r\n\r\n" + large + "\r\n" + small, 10000).events ==
        events{small, "ping", large, "pong", small});
  // A ping in halves, wherever it is cut.
  CHECK(frame("\r\n\r\n", 1).events == events{"pong", "ping"});
  CHECK(frame("\r\n\r\n", 2).events == events{"pong", "ping"});
  CHECK(frame("\r\n\r\n", 3).events == events{"pong", "ping"});
  // The half is forgotten when something else follows it.
  CHECK(frame("\r\n" + small + "\r\n\r\n", 2).events == events{"pong", small, "pong", "ping"});
  CHECK(frame("\r\n\r\n\r\n\r\n", 2).events == events{"pong", "ping", "pong", "ping"});
  CHECK(frame("\r", 1).left == 1);
  refused("\rX", errc::bare_cr, 0);
  refused("\r\r\n", errc::bare_cr, 0);
}

TEST_CASE("Content-Length is found in any form", "[framing]") {
  for (const std::string_view line :
       {"Content-Length: 2\r\n", "content-LENGTH:2\r\n", "l:2\r\n", "L \t:\t 2 \t\r\n",
        "Content-Length:\r\n 2\r\n", "Content-Length: 2\r\n \r\n", "l: 0002\r\n",
        "C: x\r\nl: 2\r\nLength: 9\r\nc: 9\r\n", "l: 2\nFoo: a\r\n l: 9\r\n"}) {
    const std::string stream = request_with(line, "ab");
    CAPTURE(line);
    CHECK(frame(stream, stream.size()).events == std::vector<std::string>{stream});
    CHECK(frame(stream, 1).events == std::vector<std::string>{stream});
  }
  // Twice the same frames the message; the parser refuses it.
  const std::string twice = request_with("l: 0\r\nl: 0\r\n");
  CHECK(frame(twice, 1).events == std::vector<std::string>{twice});
  CHECK(parley::test::parse_error_of(twice).code == errc::duplicate_header);
}

TEST_CASE("a stream that can't be framed is refused where it breaks", "[framing]") {
  const std::string without = request_with("");
  refused(without, errc::missing_header, without.size());
  refused(request_with("Content-Length : \r\n"), errc::bad_content_length,
          plain_start.size() + plain_lines.size() + 17);
  line_refused("l: -1\r\n", errc::bad_content_length, 3);
  line_refused("l: 1 2\r\n", errc::bad_content_length, 4);
  line_refused("l: 1,1\r\n", errc::bad_content_length, 4);
  line_refused("l: 1\r\n 2\r\n", errc::bad_content_length, 4);
  line_refused("l: 1\rx\r\n", errc::bad_content_length, 4);
  line_refused("l: 4294967296\r\n", errc::content_length_overflow, 3);
  line_refused("l: 99999999999999999999999\r\n", errc::content_length_overflow, 3);
  line_refused("l: 65536\r\n", errc::content_length_overflow, 3);
  line_refused("l: 1\r\nl: 2\r\n", errc::content_length_conflict, 9);
  line_refused("l: 65535\r\n", errc::message_too_large, 3);
  // A name that hides behind a fold, or in a broken line, is none.
  const std::string hidden = request_with("Foo\r\n Content-Length: 0\r\n");
  refused(hidden, errc::missing_header, hidden.size());
}

TEST_CASE("the parser refuses at the same place what the framer refuses", "[framing]") {
  for (const std::string_view line : {"l:\r\n", "l: -1\r\n", "l: 1 2\r\n", "l: 1,1\r\n", "l: 1\r\n 2\r\n",
                                      "l: 4294967296\r\n", "l: 65536\r\n", "l: 1\r\nl: 2\r\n"}) {
    const std::string text = request_with(line, "ab");
    CAPTURE(line);
    CHECK(frame(text, 1).error == parley::test::parse_error_of(text));
  }
}

TEST_CASE("what a stream may make the receiver keep is limited", "[framing]") {
  limits limits;
  SECTION("by the bytes of the headers, as the parser counts them") {
    const std::size_t headers = offset_in(small, "\r\n\r\n") + 2;
    for (const std::size_t limit : {headers - 1, headers, headers + 1}) {
      limits.header_bytes = limit;
      const outcome whole = frame(small, small.size(), limits);
      const outcome bytes = frame(small, 1, limits);
      const parse_error expected = parley::test::parse_error_of(small, limits);
      CAPTURE(limit, headers);
      CHECK(whole.error == expected);
      CHECK(bytes.error == expected);
      CHECK((expected.code == errc{}) == (limit >= headers));
    }
  }
  SECTION("also where no line ends") {
    limits.header_bytes = 100;
    CHECK(frame(std::string(100, 'a'), 1, limits).error.code == errc{});
    refused(std::string(101, 'a'), errc::headers_too_large, 100, limits);
  }
  SECTION("by the bytes of the body") {
    limits.body_bytes = 2;
    line_refused("l: 3\r\n", errc::body_too_large, 3, limits);
    const std::string fits = request_with("l: 2\r\n", "ab");
    CHECK(frame(fits, 1, limits).events.size() == 1);
  }
  SECTION("by the bytes of the message") {
    const std::string fits = request_with("l: 2\r\n", "ab");
    limits.message_bytes = fits.size();
    CHECK(frame(fits, 1, limits).events.size() == 1);
    limits.message_bytes = fits.size() - 1;
    line_refused("l: 2\r\n", errc::message_too_large, 3, limits);
  }
}
