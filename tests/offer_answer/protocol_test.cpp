#include <parley/offer_answer/protocol.hpp>

#include "support/catch.hpp"

using namespace parley::offer_answer;

TEST_CASE("the protocol of an m= line says what it carries and where keys come from", "[offer_answer]") {
  CHECK(traits_of("RTP/AVP") == protocol_traits{.rtp = true});
  CHECK(traits_of("rtp/avpf") == protocol_traits{.rtp = true});
  CHECK(traits_of("RTP/SAVPF") == protocol_traits{.rtp = true, .secure = true});
  CHECK(traits_of("UDP/TLS/RTP/SAVPF") == protocol_traits{.rtp = true, .secure = true, .dtls = true});
  CHECK(traits_of("TCP/DTLS/SCTP") ==
        protocol_traits{.sctp = true, .secure = true, .dtls = true, .tcp = true});
  CHECK(traits_of("DTLS/SCTP") == traits_of("UDP/DTLS/SCTP"));
  CHECK(traits_of("udptl") == protocol_traits{});
}
