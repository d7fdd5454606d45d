#include "ng_options.hpp"

namespace relay {
namespace {

constexpr std::string_view no_ice_dtls = "this build has no ICE/DTLS";

constexpr known_flag flags[] = {
    {"trust-address", support::done, {}, [](ng_options& o) { o.sip_source_address = false; }},
    {"sip-source-address", support::done, {}, [](ng_options& o) { o.sip_source_address = true; }},
    {"symmetric", support::done, {}, [](ng_options& o) { o.learning = learning_mode::delayed; }},
    {"asymmetric", support::done, {}, [](ng_options& o) { o.learning = learning_mode::off; }},
    {"endpoint-learning-off", support::done, {}, [](ng_options& o) { o.learning = learning_mode::off; }},
    {"endpoint-learning-delayed", support::done, {}, [](ng_options& o) { o.learning = learning_mode::delayed; }},
    {"endpoint-learning-immediate", support::done, {}, [](ng_options& o) { o.learning = learning_mode::immediate; }},
    {"endpoint-learning-heuristic", support::ignored, "sources are learned as with endpoint-learning-delayed"},
    {"strict-source", support::done, {}, [](ng_options& o) { o.strict_source = true; }},
    {"media-handover", support::done, {}, [](ng_options& o) { o.media_handover = true; }},
    {"no-rtcp-attribute", support::done, {}, [](ng_options& o) { o.rtcp = rtcp_attribute::none; }},
    {"full-rtcp-attribute", support::done, {}, [](ng_options& o) { o.rtcp = rtcp_attribute::full; }},
    {"always-transcode", support::done, {}, [](ng_options& o) { o.codecs.always_transcode = true; }},
    {"record-call", support::done, {}, [](ng_options& o) { o.record = true; }},
    {"reset", support::done, {}, [](ng_options& o) { o.reset = true; }},
    {"all", support::done, {}, [](ng_options& o) { o.all = true; }},
    {"fatal", support::done, {}, [](ng_options& o) { o.fatal = true; }},
    {"original-sendrecv", support::done, "directions are always left as they are"},
    {"port-latching", support::done, "a medium keeps its ports for as long as its call lasts"},
    {"sdes-off", support::done, {}, [](ng_options& o) { o.sdes.off = true; }},
    {"sdes-nonew", support::done, {}, [](ng_options& o) { o.sdes.nonew = true; }},
    {"osrtp-offer", support::done, {}, [](ng_options& o) { o.osrtp_offer = true; }},
    {"osrtp-accept", support::done, {}, [](ng_options& o) { o.osrtp_accept = true; }},
    {"zero-address", support::done, {}, [](ng_options& o) { o.replace.zero_address = true; }},
    {"force", support::ignored, "relays in a row need no mark"},
    {"weak-force", support::ignored, "relays in a row need no mark"},
    {"loop-protect", support::ignored, "no mark is put into descriptions, so none is looked for"},
    {"generate-rtcp", support::ignored, "the peers' own RTCP passes"},
    {"pad-crypto", support::ignored, "keys are written as they must be, without padding"},
    {"trickle-ice", support::ignored, "ICE is removed"},
    {"ice-lite", support::ignored, "ICE is removed"},
    {"unidirectional", support::ignored, "media pass in the directions that the descriptions name"},
    {"no-redis-update", support::ignored, "no call is stored"},
    {"no-jitter-buffer", support::ignored, "there is none"},
    {"pierce-nat", support::ignored, "no packet is sent to where nothing has come from but what the other side sends"},
    {"nat-wait", support::ignored, "packets are sent to where the description says until a source was learned"},
    {"early-media", support::ignored, "media pass as soon as there is an address"},
    {"single-codec", support::ignored, "the answer's own codecs pass"},
    {"allow-transcoding", support::ignored, "codec rules translate without it"},
    {"symmetric-codecs", support::ignored, "each side keeps its own order of codecs"},
    {"asymmetric-codecs", support::ignored, "each side keeps its own order of codecs"},
    {"reorder-codecs", support::ignored, "each side keeps its own order of codecs"},
    {"static-codecs", support::ignored, "each side keeps its own order of codecs"},
    {"discard-recording", support::ignored, "a recording is kept"},
    {"no-passthrough", support::ignored, "media always pass through"},
    {"debug", support::ignored, "the level of the log is one for all calls"},
    {"generate-mid", support::refused, "no a=mid is made up"},
    {"strip-extmap", support::refused, "a=extmap stays"},
    {"detect-dtmf", support::ignored, "digits are looked for in telephone-events only"},
    {"inject-dtmf", support::refused, "digits aren't put into sound"},
    {"mirror-rtcp", support::refused, "RTCP goes to one peer"},
    {"siprec", support::refused, "recordings are files"},
    {"t.38-decode", support::refused, "fax isn't translated"},
    {"t.38-gateway", support::refused, "fax isn't translated"},
    {"provisional", support::ignored, "an answer counts whatever response it came in"},
    {"directional", support::ignored, "a command for one side is for that side only"},
    {"ice-force", support::refused, no_ice_dtls},
    {"passthrough", support::refused, "a call is anchored or not offered to this relay at all"},
};

}  // namespace

std::span<const known_flag> known_flags() noexcept { return flags; }

}  // namespace relay
