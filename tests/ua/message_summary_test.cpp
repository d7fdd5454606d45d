#include <parley/ua/message_summary.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>

namespace {

using namespace parley;
using ua::errc;
using ua::message_class;
using ua::message_summary;

}  // namespace

TEST_CASE("a summary says whether messages wait, where, and how many of each class") {
  const auto read = message_summary::read(
      "Messages-Waiting: yes\r\n"
      "Message-Account: sip:alice@vmail.example.com\r\n"
      "Voice-Message: 4/8 (1/2)\r\n"
      "Video-Message: 1/1\r\n"
      "Fax-Message: 0/2\r\n"
      "\r\n"
      "To: <alice@atlanta.example.com>\r\n"
      "Subject: no counts here\r\n");
  REQUIRE(read);
  CHECK(read->waiting);
  CHECK(read->account == "sip:alice@vmail.example.com");
  REQUIRE(read->counts.size() == 2);
  CHECK(read->counts[0] == ua::message_counts{message_class::voice, 4, 8, 1, 2});
  CHECK(read->counts[1] == ua::message_counts{message_class::fax, 0, 2, {}, {}});
  CHECK(read->write() ==
        "Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\n"
        "Voice-Message: 4/8 (1/2)\r\nFax-Message: 0/2\r\n");
}

TEST_CASE("what is written is read again") {
  message_summary out;
  CHECK(out.write() == "Messages-Waiting: no\r\n");
  CHECK(message_summary::read(out.write()).value() == out);
  out.waiting = true;
  out.account = "sip:bob@example.com";
  for (const auto of : {message_class::voice, message_class::fax, message_class::pager,
                        message_class::multimedia, message_class::text, message_class::none}) {
    out.counts.push_back({of, 4294967295, 0, 7, 8});
  }
  CHECK(message_summary::read(out.write()).value() == out);
  out.account = "sip:bob@example.com\r\nVoice-Message: 9/9";
  CHECK(message_summary::read(out.write())->account == "sip:bob@example.comVoice-Message: 9/9");
}

TEST_CASE("spacing, case and line ends are as peers write them") {
  const auto read =
      message_summary::read("\r\nmessages-waiting:YES\nvoice-message :\t1 / 2 ( 0 / 1 )\nX: y\n");
  REQUIRE(read);
  CHECK(read->waiting);
  CHECK(read->counts.at(0) == ua::message_counts{message_class::voice, 1, 2, 0, 1});
}

TEST_CASE("a summary that says nothing, or no numbers, is none") {
  for (const std::string_view text :
       {"", "\r\n", "Voice-Message: 1/2\r\n", "Messages-Waiting: maybe\r\n", "Messages-Waiting\r\n",
        "Messages-Waiting: yes\r\nVoice-Message: 1\r\n", "Messages-Waiting: yes\r\nVoice-Message: 1/x\r\n",
        "Messages-Waiting: yes\r\nVoice-Message: 1/2 (1)\r\n",
        "Messages-Waiting: yes\r\nVoice-Message: 1/2 3\r\n",
        "Messages-Waiting: yes\r\nVoice-Message: 4294967296/2\r\n"}) {
    CAPTURE(text);
    CHECK(message_summary::read(text).error() == errc::bad_body);
  }
  std::string many = "Messages-Waiting: yes\r\n";
  for (std::size_t i = 0; i < message_summary::max_counts; ++i) many += "Voice-Message: 1/1\r\n";
  CHECK(message_summary::read(many));
  CHECK(message_summary::read(many + "Voice-Message: 1/1\r\n").error() == errc::too_large);
  CHECK(message_summary::read(std::string(message_summary::max_bytes + 1, '\n')).error() == errc::too_large);
}
