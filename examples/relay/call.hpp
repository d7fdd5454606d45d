#pragma once

#include <parley/base/random_source.hpp>
#include <parley/base/siphash.hpp>

#include "codec_plan.hpp"
#include "control_settings.hpp"
#include "described.hpp"
#include "files.hpp"
#include "media_plane.hpp"
#include "ng_options.hpp"
#include "outcome.hpp"
#include "sdes_keys.hpp"
#include "sdp_edit.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace relay {

/// What a call works with; all of it outlives the call.
struct call_world {
  media_plane& plane;
  relay::files& files;
  base::random_source& random;
  const control_settings& settings;
};

/// A text for the peer, or a sentence for the client.
using text_result = outcome<std::string>;
using done_result = outcome<void>;

/// One side of a medium, as it was agreed on last.
struct peer_medium {
  described_medium said{};
  bool known = false;  ///< `said` was said
  bool rtcp_mux = false;
  std::optional<base::ip_address> seen{};  ///< where its signalling came from, if the client has told
  bool relearn = false;                    ///< the address is another than before
  learning_mode learning = learning_mode::delayed;
  bool media_handover = false;
  own_keys keys{};
  std::vector<srtp::master_key> receives_with{};
  std::vector<srtp::master_key> sends_with{};
  std::vector<payload_rule> rules{};
  std::vector<sdp::rtp_format> takes{};  ///< what it may be sent
};

struct call_medium {
  std::string media{};  ///< "audio"
  medium_kind kind = medium_kind::rtp;
  medium_id id = 0;  ///< 0: no ports
  std::array<end_addresses, 2> ends{};
  std::array<peer_medium, 2> peers{};
  bool translates = false;
  bool recorded = false;
};

/// Who is at one end of a dialogue.
struct participant {
  std::string tag{};
  std::string label{};
  std::vector<std::string> former_tags{};  ///< of branches that answered the same offer before
  bool blocked = false;
  bool dtmf_blocked = false;
  // What this one was shown in o= and s=, for `replace`.
  std::optional<std::string> username{};
  std::optional<std::string> session_name{};
  std::uint64_t version = 0;
  std::string last_text{};

  bool is(std::string_view other) const;
};

/// An offer, until the next one: several answers may come to it.
struct open_offer {
  struct medium {
    described_medium said{};
    codec_plan plan{};
    rtp_profile profile{};            ///< that the other side was offered
    std::vector<sdp::crypto> keys{};  ///< likewise
    bool rtcp_mux = false;            ///< likewise
  };
  side from = side::offerer;
  ng_options options{};  ///< without its texts
  std::vector<medium> media{};
};

/// Two participants and the media between them: a call has one for each branch that has ports of its own.
struct dialogue {
  std::array<participant, 2> ends{};
  std::string via_branch{};
  std::array<end_request, 2> requests{};
  std::vector<call_medium> media{};
  std::optional<open_offer> offer{};
  bool answered = false;
  bool drop_traffic = false;
  std::uint8_t dscp = 0;
  base::wall_time created{};
  std::optional<base::time_point> ends_at{};  ///< it was deleted, with a delay
};

/// What was counted of media that are gone, and of those that are there.
struct media_totals {
  std::uint64_t rtp_packets = 0, rtp_bytes = 0, rtp_errors = 0, rtcp_packets = 0, rtcp_bytes = 0, lost = 0;

  void add(const end_counters& one) noexcept;
  void add(const media_totals& other) noexcept;
};

/// The dialogues under one Call-ID. The functions that can fail change nothing then, but for what their
/// comments say.
class call {
 public:
  /// `number` is that of no other call.
  call(std::string id, std::uint64_t number, const instant& at)
      : id_(std::move(id)), number_(number), created_(at.wall), last_signal_(at) {}
  call(const call&) = delete;
  call& operator=(const call&) = delete;

  const std::string& id() const noexcept { return id_; }
  const std::vector<std::unique_ptr<dialogue>>& dialogues() const noexcept { return dialogues_; }
  std::size_t medium_count() const noexcept;

  /// What the other side is to read. *Errors:* a sentence; ports that were opened for it are closed again.
  text_result offer(const call_world& world, const instant& at, const ng_options& options, described text);
  text_result answer(const call_world& world, const instant& at, const ng_options& options, described text);

  /// Ends what the options name, at once or at `when`. Returns whether there was anything.
  bool remove(const call_world& world, const ng_options& options, const base::time_point& now,
              base::duration delay, media_totals& totals);
  /// Ends all.
  void close(const call_world& world, media_totals& totals);
  /// Ends what was deleted with a delay that is over.
  void end_due(const call_world& world, base::time_point now, media_totals& totals);

  /// When something is to be looked at: the end of a delay, or of patience. In the latter case see `is_idle`.
  base::time_point deadline(const call_world& world) const;
  /// Whether the patience is over: nothing was answered, or nothing was heard, for too long.
  bool is_idle(const call_world& world, base::time_point now) const;

  /// Commands for media that are there. *Errors:* a sentence.
  done_result block(const call_world& world, const ng_options& options, bool digits, bool on);
  outcome<base::duration> play(const call_world& world, const ng_options& options, const std::string& bytes);
  done_result stop_playing(const call_world& world, const ng_options& options);
  done_result play_digit(const call_world& world, const ng_options& options);
  done_result start_recording(const call_world& world, const std::string& metadata);
  enum class recording : std::uint8_t { off, on, paused };
  void stop_recording(const call_world& world, recording next);
  recording recording_state() const noexcept { return recording_; }

  /// What `query` and `delete` answer.
  value report(const call_world& world, const instant& at) const;
  media_totals totals(const call_world& world) const;
  bool translates() const noexcept;

 private:
  using chosen = std::vector<std::pair<dialogue*, side>>;

  std::pair<dialogue*, side> find_for_offer(const ng_options& options);
  std::pair<dialogue*, side> find_for_answer(const ng_options& options);
  std::pair<dialogue*, side> find_pair(const std::string& from, const std::string& to);
  outcome<chosen> choose(const ng_options& options);
  text_result make_offer(const call_world& world, const ng_options& options, described text, dialogue& in,
                         side from, std::vector<medium_id>& opened);
  text_result make_answer(const call_world& world, const ng_options& options, described text, dialogue& in);
  done_result record(const call_world& world, dialogue& in, std::size_t index);
  std::string recording_name(const dialogue& in, std::size_t medium) const;

  std::string id_;
  std::uint64_t number_;
  base::wall_time created_;
  instant last_signal_;
  std::vector<std::unique_ptr<dialogue>> dialogues_{};
  recording recording_ = recording::off;
  unsigned recording_part_ = 0;
  std::string metadata_{};
};

/// Gives the media side what is known of a medium's side. *Errors:* a sentence.
done_result apply_side(const call_world& world, const dialogue& in, call_medium& medium, side of);

}  // namespace relay
