#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/offer_answer/error.hpp>
#include <parley/offer_answer/medium.hpp>
#include <parley/offer_answer/negotiated.hpp>
#include <parley/offer_answer/negotiator.hpp>
#include <parley/sdp/description.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::offer_answer {

/// What a description is there for (RFC 9429 4.1.8).
enum class description_type : std::uint8_t { offer, pranswer, answer, rollback };

/// RFC 9429 3.2.
enum class signaling_state : std::uint8_t {
  stable,
  have_local_offer,
  have_remote_offer,
  have_local_pranswer,
  have_remote_pranswer,
};

/// How a JSEP session is set up.
struct jsep_options {
  session_options session{.bundle = bundle_policy::balanced};
  /// What a transceiver that an offer of the peer's creates can do, one for each kind; it receives only,
  /// until the application wants more. An offered medium of another kind is refused.
  std::vector<medium> defaults = {};
};

/// A medium of both ends, as JSEP has it (RFC 9429 3.4.1).
struct transceiver {
  medium_id id{};
  std::string media;
  std::string mid;  ///< empty until a description has it
  sdp::direction direction = sdp::direction::sendrecv;
  std::optional<sdp::direction> current_direction;  ///< nothing until an answer has it
  bool created_by_peer = false;                     ///< it is there because of an offer of the peer's

  friend bool operator==(const transceiver&, const transceiver&) = default;
};

/// JSEP (RFC 9429) over a `negotiator`: descriptions are created and set apart from each other, offers of the
/// peer's create transceivers, and everything can be rolled back.
///
///  state                 input                        next
///  stable                set_local(offer)             have_local_offer
///  stable                set_remote(offer)            have_remote_offer
///  have_local_offer      set_local(offer)             have_local_offer, with the new one
///  have_local_offer      set_remote(pranswer)         have_remote_pranswer
///  have_local_offer      set_remote(answer)           stable
///  have_local_offer      set_remote(offer)            have_remote_offer: ours is rolled back
///  have_local_offer      set_local(rollback)          stable
///  have_remote_offer     set_remote(offer)            have_remote_offer, with the new one
///  have_remote_offer     set_local(pranswer)          have_local_pranswer
///  have_remote_offer     set_local(answer)            stable
///  have_remote_offer     set_remote(rollback)         stable
///  have_local_pranswer   set_local(pranswer, answer)  the same; stable
///  have_remote_pranswer  set_remote(pranswer, answer) the same; stable
///  any                   anything else, or an error   the same: nothing is changed
///
/// A transceiver whose m= line is refused by either end, or ended, is stopped and gone (RFC 9429 5.10, 5.11).
class PARLEY_API jsep_session {
 public:
  /// `random` is not kept.
  jsep_session(jsep_options options, base::random_source& random);

  signaling_state state() const noexcept { return state_; }

  std::vector<transceiver> transceivers() const;

  /// What was agreed on, or what a pranswer says. *Ownership:* valid until a description is set.
  const std::vector<negotiated_medium>& media() const noexcept { return negotiator_.media(); }

  /// The descriptions that were set last; `current` and `pending` in one (RFC 9429 4.1.12 ff.). *Ownership:*
  /// as `media`.
  const std::optional<sdp::description>& local_description() const noexcept {
    return negotiator_.local_description();
  }
  const std::optional<sdp::description>& remote_description() const noexcept {
    return negotiator_.remote_description();
  }

  /// Adds a medium to the next offer (RFC 9429 4.1.4). *Errors:* as `negotiator::add_medium`.
  base::result<medium_id> add_transceiver(const medium& what);
  /// Ends a medium with the next offer or answer. *Errors:* `unknown_medium`.
  base::result<void> stop(medium_id id);
  /// *Errors:* `unknown_medium`.
  base::result<void> set_direction(medium_id id, sdp::direction direction);
  /// *Errors:* as `negotiator::set_transport`.
  base::result<void> set_transport(medium_id id, const local_transport& transport);
  /// The media that need a transport before the next description can be created.
  std::vector<medium_id> wanted_transports() const;

  /// Whether a new offer has to be made for what the application wants (RFC 9429 3.4.1, and the W3C's
  /// "negotiation needed"). False in any state but stable.
  bool negotiation_needed() const;

  /// What an offer would be now; nothing is changed. *Errors:* `wrong_signaling_state`, and as
  /// `negotiator::make_offer`.
  base::result<sdp::description> create_offer() const;
  /// What an answer to the offer that waits would be now; nothing is changed. *Errors:* as `create_offer`,
  /// and `negotiator::make_answer`.
  base::result<sdp::description> create_answer() const;

  /// Sets what was created (RFC 9429 5.5, 5.9). `description` is not looked at for a rollback. *Errors:*
  /// `wrong_signaling_state`, `description_modified`, and as `create_offer` and `create_answer`.
  base::result<void> set_local(description_type type, const sdp::description& description);
  /// Sets what the peer has sent (RFC 9429 5.10, 5.11). *Errors:* `wrong_signaling_state`, and as
  /// `negotiator::handle_offer` and `handle_answer`.
  base::result<void> set_remote(description_type type, const sdp::description& description);
  /// Takes back the offer that waits, of either end (RFC 9429 4.1.10.2). Transceivers that the peer's has
  /// created are gone. *Errors:* `wrong_signaling_state` where none waits, or where it has been answered by a
  /// pranswer.
  base::result<void> rollback();

 private:
  struct record {
    medium_id id{};
    std::string media;
    sdp::direction direction = sdp::direction::sendrecv;
    bool created_by_peer = false;
    bool associated = false;  // an answer has had it
  };

  record* find(medium_id id) noexcept;
  base::result<void> set_remote_offer(const sdp::description& offer);
  /// Adds transceivers for what the offer has and this end has not; returns them.
  std::vector<record> create_for(const sdp::description& offer, negotiator& session) const;
  base::result<void> set_local_offer(const sdp::description& offer);
  base::result<void> set_local_answer(description_type type, const sdp::description& answer);
  base::result<void> set_remote_answer(description_type type, const sdp::description& answer);
  void settle(bool by_offerer);
  void drop_created();

  jsep_options options_;
  negotiator negotiator_;
  std::vector<record> records_;
  std::vector<medium_id> created_;  // by the offer that waits
  signaling_state state_ = signaling_state::stable;
  bool offered_last_ = false;  // the last offer that was answered was ours
};

}  // namespace parley::offer_answer
