#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/error.hpp>
#include <parley/media/pcm.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace parley::media {

/// Bounds and aims of a `mixer`.
struct mixer_options {
  std::size_t max_parties = 128;
  /// Only so many of the loudest are heard; 0: everyone. Who is heard stays so until another is louder by
  /// 6 dB, and both fade over a frame.
  std::size_t max_speakers = 0;
};

/// A conference: each party hears all but itself. In each 10 ms `put` is called for every party that has
/// sound, then `mix`, then `take` for each that listens, before the next `put`. Sums have 32 bits; above
/// three quarters of full scale they are compressed, below they are exact. All sound is of one format; who
/// has another resamples.
///
/// Allocates when it is made and when a party joins, not later.
class PARLEY_API mixer {
 public:
  /// A party's number; those of parties that have left are never given again.
  using party = std::uint64_t;

  explicit mixer(pcm_format format, const mixer_options& options = {});

  /// The size of a frame of 10 ms, all channels.
  std::size_t frame_size() const noexcept { return frame_; }
  std::size_t size() const noexcept { return members_.size(); }

  /// *Errors:* `errc::limit_reached`: the conference is full.
  base::result<party> join();
  /// Nothing where it has left already. What it said last ends at once.
  void leave(party who) noexcept;

  /// What a party says in the frame to come; who says nothing is silent. *Errors:*
  /// `errc::bad_frame_length`, `errc::unknown_party`.
  base::result<void> put(party who, std::span<const std::int16_t> frame) noexcept;

  /// Makes a frame of what was put since the last, and forgets that.
  void mix() noexcept;

  /// What a party hears of the frame that was mixed last. *Errors:* as `put`.
  base::result<void> take(party who, std::span<std::int16_t> out) const noexcept;

  /// What one hears who isn't in the conference: everyone. For recording. *Errors:* as `put`.
  base::result<void> take_all(std::span<std::int16_t> out) const noexcept;

  /// Whether a party hears the same as who is not in the conference, so that one encoding of that serves all
  /// who do.
  bool hears_all(party who) const noexcept;

 private:
  struct member {
    party id = 0;
    std::vector<std::int16_t> said;  // then what it added to the sum
    bool has_said = false;
    bool in_sum = false;   // of the last frame
    bool speaker = false;  // was one in the last frame
    bool chosen = false;   // is one in this
    double level = 0;      // mean square, falling slowly
  };

  member* find(party who) noexcept;
  const member* find(party who) const noexcept;
  void choose() noexcept;
  void fade(member& who) noexcept;

  pcm_format format_;
  mixer_options options_;
  std::size_t frame_;
  party last_ = 0;
  std::vector<member> members_;  // by id
  std::vector<member*> order_;
  std::vector<std::int32_t> sum_;
  std::vector<std::int16_t> common_;
};

/// A sum as a sample: exact up to three quarters of full scale, compressed beyond.
PARLEY_API std::int16_t limited(std::int32_t sum) noexcept;

}  // namespace parley::media
