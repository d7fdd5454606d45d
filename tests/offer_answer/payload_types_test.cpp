// The payload types of offers, over whole negotiations.
#include <parley/offer_answer/negotiator.hpp>
#include <parley/sdp/rtp_format.hpp>

#include "support/catch.hpp"
#include "support/offer_answer.hpp"
#include "support/result.hpp"

#include <string>
#include <vector>

using namespace parley;
using namespace parley::offer_answer;
using test::end;
using test::format;

namespace {

using texts = std::vector<std::string>;

const sdp::media_description& medium_of(end& from, std::size_t place = 0) {
  return from->local_description()->media()[place];
}

}  // namespace

TEST_CASE("RFC 3264 8.3.2: a new offer keeps the numbers that an answer took from the peer",
          "[offer_answer]") {
  end alice;
  end bob;
  alice.add(test::audio({test::opus(96), test::events(97)}));
  const auto id = bob.add(test::audio({test::opus(111), test::events(101), format("96 speex/16000")}));
  REQUIRE(test::exchange(alice, bob));
  REQUIRE(bob->make_offer());
  // 96 has been Opus; speex is another number now.
  CHECK(medium_of(bob).media().formats == texts{"96", "97", "98"});
  const auto formats = sdp::rtp_formats(medium_of(bob));
  CHECK(formats[2].is("speex"));
  REQUIRE(bob->rollback());
  // A number that was only offered is remembered, too.
  REQUIRE(bob->change_medium(id, test::audio({test::opus(111), format("101 telephone-event/8000", "0-16")})));
  REQUIRE(test::exchange(bob, alice));
  CHECK(medium_of(bob).media().formats == texts{"96", "97"});
}

TEST_CASE("what rtx and red name follows new numbers", "[offer_answer]") {
  end alice;
  end bob;
  bob.add(test::video({test::vp8(120), format("121 rtx/90000", "apt=120")}));
  alice.add(test::video({test::vp8(96), format("97 rtx/90000", "apt=96"), format("120 VP9/90000"),
                         format("121 rtx/90000", "apt=120")}));
  REQUIRE(test::exchange(bob, alice));
  REQUIRE(alice->make_offer());
  const auto formats = sdp::rtp_formats(medium_of(alice));
  REQUIRE(formats.size() == 4);
  CHECK(formats[0].payload_type() == 120);
  CHECK(formats[1].parameters == "apt=120");
  CHECK(formats[1].payload_type() == 121);
  CHECK(formats[2].payload_type() != 120);
  CHECK(formats[3].parameters == "apt=" + std::to_string(formats[2].payload_type()));
  for (const sdp::rtcp_fb& one : formats[0].feedback) CHECK(one.payload_type == 120);
}

TEST_CASE("RFC 9143 9.1: a number means one codec in a whole bundle", "[offer_answer]") {
  end alice({.bundle = bundle_policy::balanced});
  alice.add(test::webrtc(test::audio({test::opus(96)})), test::webrtc_transport(10000));
  alice.add(test::webrtc(test::video({test::vp8(96)})), test::webrtc_transport(10002));
  REQUIRE(alice->make_offer());
  CHECK(medium_of(alice, 0).media().formats == texts{"96"});
  CHECK(medium_of(alice, 1).media().formats == texts{"97"});
}

TEST_CASE("media that share no transport may use the same numbers", "[offer_answer]") {
  end alice;
  alice.add(test::audio({test::opus(96)}));
  alice.add(test::video({test::vp8(96)}));
  REQUIRE(alice->make_offer());
  CHECK(medium_of(alice, 1).media().formats == texts{"96"});
}

TEST_CASE("an offer says so where no payload type is left", "[offer_answer]") {
  end alice({.bundle = bundle_policy::balanced});
  std::vector<sdp::rtp_format> many;
  for (unsigned type = 0; type < 128; ++type) {
    many.push_back(format(std::to_string(type) + " codec" + std::to_string(type) + "/8000"));
  }
  alice.add(test::webrtc(test::audio(many)), test::webrtc_transport(10000));
  alice.add(test::webrtc(test::video({test::vp8()})), test::webrtc_transport(10002));
  const auto offer = alice->make_offer();
  REQUIRE_FALSE(offer);
  CHECK(offer.error() == errc::payload_types_used_up);
  CHECK(alice->state() == negotiator::state::stable);
}
