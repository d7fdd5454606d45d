#pragma once

#include <parley/media/audio_format.hpp>
#include <parley/sdp/rtp_format.hpp>

#include "media_plane.hpp"
#include "ng_options.hpp"
#include "outcome.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace relay {

namespace sdp = parley::sdp;

/// What the two sides of a medium of sound are told about codecs: made of an offer, and kept for each answer
/// to it.
///
///  the offering side   hears of `usable` in the answer: what the other side took, and what is translated for
///  it the other side      is offered `offered`, and answers with some of those
struct codec_plan {
  std::vector<sdp::rtp_format> usable{};   ///< of the offer, in its order
  std::vector<sdp::rtp_format> offered{};  ///< with the payload types that the other side sees
  std::vector<std::uint8_t>
      kept{};  ///< payload types of `usable` that are answered even if the other side has them not
  bool changes_offer = false;  ///< `offered` is not what the offer said
  bool translates = false;     ///< the answer has to be written anew from `usable`
  /// Where one side takes telephone-events and the other doesn't, they become sound, and digits in sound
  /// become events. Without it only the former, and only where sound is translated anyway.
  bool converts_digits = false;
  bool listens = false;  ///< digits are looked for in all sound
};

/// *Errors:* a sentence: a codec is to be added that this build can't translate to, or nothing is left to
/// offer.
outcome<codec_plan> plan_codecs(const std::vector<sdp::rtp_format>& offer, const codec_wishes& wishes);

/// What an answer makes of a plan.
struct codec_outcome {
  std::vector<sdp::rtp_format> answer{};     ///< for the offering side; only where the plan translates
  std::vector<payload_rule> from_offerer{};  ///< of what the side that offered sends; empty: all passes
  std::vector<payload_rule> from_answerer{};
  bool translates = false;  ///< one rule at least does
};

/// *Errors:* a sentence: no codec of the one side can be translated to one of the other.
outcome<codec_outcome> conclude_codecs(const codec_plan& plan, const std::vector<sdp::rtp_format>& answered);

/// Whether a codec of the protocol, as "PCMA", "opus/48000/2" or "all", means this format.
bool means(std::string_view codec, const sdp::rtp_format& format);

}  // namespace relay
