#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>

namespace parley::rtp {

/// How a codec stands in the E-model: its equipment impairment factor (Ie) and how well it bears losses (Bpl,
/// the packet-loss robustness). Both on the narrowband scale of ITU-T G.107.
struct codec_impairment {
  double equipment = 0;
  double robustness = 4.3;
};

/// Codecs that are in wide use.
namespace impairment {

/// ITU-T G.113 Appendix I, for packets of 20 ms (10 ms with G.711).
inline constexpr codec_impairment g711{0, 4.3};
inline constexpr codec_impairment g711_concealed{0, 25.1};  ///< with packet-loss concealment (G.711 App. I)
inline constexpr codec_impairment g729{11, 19};             ///< G.729A with silence suppression
inline constexpr codec_impairment gsm_efr{5, 10};           ///< GSM enhanced full rate
/// GSM full rate: Ie of G.113; it names no Bpl, that of EFR stands in, whose concealment works alike.
inline constexpr codec_impairment gsm{20, 10};

/// Wideband codecs on a scale that ends with telephone quality: without loss they have no impairment, and
/// G.107 does not show what they are better at (G.107.1 and G.107.2 do). The robustness is an estimate: G.722
/// with concealment like G.711's, Opus with in-band correction better than G.729.
inline constexpr codec_impairment g722{0, 25.1};
inline constexpr codec_impairment opus{0, 25.1};  ///< see `g722`

}  // namespace impairment

/// What was measured of a call. Times are one way.
struct call_conditions {
  codec_impairment codec = impairment::g711_concealed;
  /// The share of packets that were not played, from 0 to 1: lost, and too late for the jitter buffer.
  double loss = 0;
  /// `loss_pattern::burst_ratio`; 1 for independent losses.
  double burst_ratio = 1;
  /// From mouth to ear: the network (half the round trip), packetization, the jitter buffer, the codec.
  base::duration delay{};
  /// ITU-T G.107's A: 0 for a wired phone, 5 within a building, 10 in a moving car.
  double advantage = 0;
};

/// The mouth-to-ear delay of a stream: half of the round trip, one packet, and a jitter buffer of twice the
/// jitter, which is what an adaptive one settles near.
PARLEY_API base::duration mouth_to_ear_delay(base::duration round_trip, base::duration packet,
                                             base::duration jitter) noexcept;

/// The transmission rating R of ITU-T G.107 (06/2015), with the default values of its Table 2 for all that
/// is not a measurement: 93.2 for an undisturbed call, below 50 for one that nearly all are dissatisfied
/// with. Losses, burst ratios and delays out of range are taken as the next one within.
PARLEY_API double transmission_rating(const call_conditions& conditions) noexcept;

/// The mean opinion score that corresponds to R, 1 to 4.5 (ITU-T G.107 Annex B).
PARLEY_API double opinion_score(double rating) noexcept;

}  // namespace parley::rtp
