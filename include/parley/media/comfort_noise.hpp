#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::media {

/// A description of noise, as a packet carries it (RFC 3389 3): how loud it is, and the filter that colours
/// it. Value 127 of a coefficient is zero.
struct noise_description {
  static constexpr std::size_t max_order = 16;

  std::uint8_t level = 127;                            ///< in -dBov: 0 is the loudest, 127 silence
  std::uint8_t order = 0;                              ///< how many coefficients there are
  std::array<std::uint8_t, max_order> coefficients{};  ///< reflection coefficients, quantized (RFC 3389 3.2)

  friend bool operator==(const noise_description&, const noise_description&) = default;
};

/// Reads a payload. Coefficients beyond `max_order` are taken for zero, which RFC 3389 3 allows. *Errors:*
/// `errc::bad_payload` where it is empty.
PARLEY_API base::result<noise_description> read_comfort_noise(std::span<const std::byte> payload) noexcept;

/// Writes a payload and returns its size, 1 + order. *Errors:* `errc::no_space`, `errc::bad_parameters` where
/// the order is above `max_order` or the level above 127.
PARLEY_API base::result<std::size_t> write_comfort_noise(const noise_description& description,
                                                         std::span<std::byte> out) noexcept;

/// Describes the noise that it hears, averaged over about the last 200 ms. Give it only what holds no speech.
class PARLEY_API noise_analyser {
 public:
  /// The order of the filter is at most `noise_description::max_order`; 0: only the level is described.
  explicit noise_analyser(std::size_t order = 10) noexcept;

  /// Listens to a frame of one channel, usually of 10 or 20 ms.
  void add(std::span<const std::int16_t> frame) noexcept;

  /// What has been heard; silence where that was nothing.
  noise_description description() const noexcept;

  void reset() noexcept;

 private:
  std::size_t order_;
  std::array<double, noise_description::max_order + 1> correlation_{};  // a sample, in the mean
  bool heard_ = false;
};

/// Makes noise as it was described. What is described anew is taken on gradually, over about 50 ms. Noise
/// of one seed is the same everywhere.
class PARLEY_API noise_generator {
 public:
  explicit noise_generator(std::uint32_t seed = 1) noexcept;

  void describe(const noise_description& description) noexcept;

  /// Fills a frame, of one channel, or of several that hear the same.
  void generate(std::span<std::int16_t> out, std::uint16_t channels = 1) noexcept;

  /// Forgets what was described: the next description counts from its first sample.
  void reset() noexcept;

 private:
  static constexpr std::size_t max_order = noise_description::max_order;

  void approach() noexcept;
  float excitation() noexcept;

  std::uint32_t random_;
  bool described_ = false;
  float wanted_level_ = 0;  // root mean square
  std::array<float, max_order> wanted_{};
  float level_ = 0;
  std::array<float, max_order> coefficients_{};
  std::size_t order_ = 0;
  float gain_ = 0;
  std::array<float, max_order + 1> state_{};
  std::size_t until_next_ = 0;  // samples until the description is approached again
};

}  // namespace parley::media
