#include <parley/rtp/quality.hpp>

#include <algorithm>
#include <cmath>

// The names in this file are those of ITU-T G.107, and so are the constants; the clause stands beside each.

namespace parley::rtp {
namespace {

// G.107 Table 2.
constexpr double slr = 8;
constexpr double rlr = 2;
constexpr double stmr = 15;
constexpr double d_s = 3;
constexpr double d_r = 3;
constexpr double telr = 65;
constexpr double wepl = 110;
constexpr double n_c = -70;
constexpr double n_for = -64;
constexpr double p_s = 35;
constexpr double p_r = 35;
constexpr double quantizing = 37;  // Q for one quantizing distortion unit

double power(double decibel) { return std::pow(10, decibel / 10); }

/// 7.2: all noise, as if it stood at the 0 dBr point.
double noise() {
  const double olr = slr + rlr;
  const double n_os = p_s - slr - d_s - 100 + 0.004 * std::pow(p_s - olr - d_s - 14, 2);
  const double lstr = stmr + d_r;
  const double p_re = p_r + 10 * std::log10(1 + power(10 - lstr));
  const double n_or = rlr - 121 + p_re + 0.008 * std::pow(p_re - 35, 2);
  const double n_fo = n_for + rlr;
  return 10 * std::log10(power(n_c) + power(n_os) + power(n_or) + power(n_fo));
}

/// 7.3: what happens at the same time as the voice.
double simultaneous_impairment(double n_o, double r_o, double t) {
  const double x_olr = slr + rlr + 0.2 * (64 + n_o - rlr);
  const double i_olr = 20 * (std::pow(1 + std::pow(x_olr / 8, 8), 1.0 / 8) - x_olr / 8);
  const double stmr_o = -10 * std::log10(power(-stmr) + std::exp(-t / 4) * power(-telr));
  const double i_st = 12 * std::pow(1 + std::pow((stmr_o - 13) / 6, 8), 1.0 / 8) -
                      28 * std::pow(1 + std::pow((stmr_o + 1) / 19.4, 35), 1.0 / 35) -
                      13 * std::pow(1 + std::pow((stmr_o - 3) / 33, 13), 1.0 / 13) + 29;
  const double g = 1.07 + 0.258 * quantizing + 0.0602 * quantizing * quantizing;
  const double y = (r_o - 100) / 15 + 46 / 8.4 - g / 9;
  const double z = 46.0 / 30 - g / 40;
  const double i_q = 15 * std::log10(1 + std::pow(10, y) + std::pow(10, z));
  return i_olr + i_st + i_q;
}

/// 7.4: talker echo, listener echo, and too long a delay even without echo; `t` is one way in ms.
double delay_impairment(double n_o, double r_o, double t) {
  const double terv = telr - 40 * std::log10((1 + t / 10) / (1 + t / 150)) + 6 * std::exp(-0.3 * t * t);
  const double r_oe = -1.5 * (n_o - rlr);
  const double r_e = 80 + 2.5 * (terv - 14);
  const double half = (r_oe - r_e) / 2;
  const double i_dte = (half + std::sqrt(half * half + 100) - 1) * (1 - std::exp(-t));
  const double r_le = 10.5 * (wepl + 7) * std::pow(2 * t + 1, -0.25);
  const double i_dle = (r_o - r_le) / 2 + std::sqrt(std::pow(r_o - r_le, 2) / 4 + 169);
  double i_dd = 0;
  if (t > 100) {
    const double x = std::log2(t / 100);
    i_dd = 25 * (std::pow(1 + std::pow(x, 6), 1.0 / 6) - 3 * std::pow(1 + std::pow(x / 3, 6), 1.0 / 6) + 2);
  }
  return i_dte + i_dle + i_dd;
}

/// 7.5: the codec, and the packets that it did not get.
double equipment_impairment(const call_conditions& c) {
  const double loss = std::clamp(c.loss, 0.0, 1.0) * 100;
  if (loss <= 0) return c.codec.equipment;
  const double burst_ratio = std::max(c.burst_ratio, 1e-3);
  return c.codec.equipment +
         (95 - c.codec.equipment) * loss / (loss / burst_ratio + std::max(c.codec.robustness, 1e-3));
}

}  // namespace

base::duration mouth_to_ear_delay(base::duration round_trip, base::duration packet,
                                  base::duration jitter) noexcept {
  return round_trip / 2 + packet + 2 * jitter;
}

double transmission_rating(const call_conditions& c) noexcept {
  const double delay =
      std::clamp<double>(static_cast<double>(c.delay.count()) / 1000, 0, 10000);  // ms, 10 s at the most
  const double n_o = noise();
  const double r_o = 15 - 1.5 * (slr + n_o);
  const double rating = r_o - simultaneous_impairment(n_o, r_o, delay) - delay_impairment(n_o, r_o, delay) -
                        equipment_impairment(c) + c.advantage;
  return std::clamp(rating, 0.0, 100.0);
}

double opinion_score(double rating) noexcept {
  if (rating <= 0) return 1;
  if (rating >= 100) return 4.5;
  // Below R = 6.5 the cubic dips under the scale's end.
  return std::max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6);
}

}  // namespace parley::rtp
