#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/offer_answer/codec_match.hpp>
#include <parley/offer_answer/error.hpp>
#include <parley/offer_answer/medium.hpp>
#include <parley/offer_answer/negotiated.hpp>
#include <parley/sdp/description.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley::offer_answer {

namespace detail {
struct description_reading;
}

/// Whether media share a transport (RFC 9143).
enum class bundle_policy : std::uint8_t {
  disabled,  ///< none does, and an offer to is not taken up
  balanced,  ///< all may: each new medium is offered with a transport of its own for peers that don't bundle
  bundle_only,  ///< all do: new media are offered as bundle-only, but for the first
};

/// What holds for a whole session.
struct session_options {
  std::string username = "-";     ///< of o=
  base::ip_address address = {};  ///< of o=; media have their own
  bundle_policy bundle = bundle_policy::disabled;
  bool ice_lite = false;                      ///< a=ice-lite, where ICE is used
  std::vector<std::string> ice_options = {};  ///< as "trickle"
  bool dtls_passive = false;                  ///< an answer leaves it to the peer to open DTLS
  std::size_t max_media = 32;                 ///< m= lines, refused ones among them
};

/// Offers and answers of one session (RFC 3264): who may make one, and what follows from them.
///
///  state              input                                   next
///  stable             make_offer                              have_local_offer
///  stable             handle_offer                            have_remote_offer
///  have_local_offer   handle_provisional_answer               the same; media() is what it says
///  have_local_offer   handle_answer                           stable
///  have_local_offer   handle_offer                            the same (glare: `offer_pending`)
///  have_remote_offer  make_provisional_answer                 the same; media() is what it says
///  have_remote_offer  make_answer                             stable
///  have_remote_offer  make_offer, handle_offer                the same (`answer_pending`)
///  have_*_offer       rollback                                stable, as it was before the offer
///  any                a call that fails                       the same: nothing is changed
///
/// The application adds media, each with what it can do; whoever opens ports gives each its local transport.
/// Commands between negotiations, as `hold` and `remove_medium`, take effect in the next offer or answer.
///
/// ```cpp
/// negotiator session({.address = ip}, random);
/// const auto audio = session.add_medium({.formats = codecs});
/// session.set_transport(*audio, {.rtp = {ip, port}});
/// if (const auto read = session.handle_offer(*offer); !read) return refuse(status_for(read.error()));
/// const auto answer = session.make_answer();
/// const negotiated_medium& agreed = session.media()[0];
/// ```
///
/// A medium of ours takes part in an offer of the peer's where no other of that kind came first: the m= lines
/// that are in use keep theirs, the others get those that are unused, in the order in which they were added.
/// Of two m= lines for one medium, plain and secure, the one is taken that its `keyings` prefer; what nobody
/// takes is refused.
///
/// Copies are independent sessions: a forked INVITE has one for each dialog, from the copy that made the
/// offer.
class PARLEY_API negotiator {
 public:
  /// The state of the negotiation, not of the session.
  enum class state : std::uint8_t { stable, have_local_offer, have_remote_offer };

  /// `random` gives the id of o=, and is not kept.
  negotiator(session_options options, base::random_source& random);

  /// Another session, with the media of `like` as the application has given them there, by the same ids, and
  /// nothing else of it: cheaper than to add them again, since they were checked there. `random` as above.
  negotiator(const negotiator& like, session_options options, base::random_source& random);

  enum state state() const noexcept { return state_; }

  /// What was agreed on for each m= line, in their order; that of a provisional answer while there is one.
  /// *Ownership:* valid until an answer is made, comes, or is rolled back.
  const std::vector<negotiated_medium>& media() const noexcept { return preview_ ? *preview_ : agreed_; }

  /// What `media()` says of the medium `id`; null before it was in an answer. *Ownership:* as `media`.
  const negotiated_medium* find(medium_id id) const noexcept;

  /// The last offers and answers, those that wait among them; nothing before the first. *Ownership:* valid
  /// until the next one.
  const std::optional<sdp::description>& local_description() const noexcept { return value_of(local_); }
  const std::optional<sdp::description>& remote_description() const noexcept { return value_of(remote_); }

  /// Adds a medium, which the next offer has, or which the peer's next offer may use. *Errors:*
  /// `too_many_media`; `incompatible_protocol` where its keyings can't serve its protocol; those of
  /// `sdp::errc` for a text that no description can have.
  base::result<medium_id> add_medium(const medium& what);

  /// Says anew what a medium can do; its kind and protocol stay. *Errors:* `unknown_medium`, and as
  /// `add_medium`.
  base::result<void> change_medium(medium_id id, const medium& what);

  /// Ends a medium with the next offer or answer (RFC 3264 8.2); its m= line is there for another one then.
  /// *Errors:* `unknown_medium`.
  base::result<void> remove_medium(medium_id id);

  /// Offers again a medium that the peer has refused or ended. Such a medium is not in our offers by itself,
  /// but answers the peer's. *Errors:* `unknown_medium`.
  base::result<void> renew(medium_id id);

  /// Gives a medium its transport. *Errors:* `unknown_medium`; as `add_medium`.
  base::result<void> set_transport(medium_id id, const local_transport& transport);

  /// What the application wants where nobody holds. *Errors:* `unknown_medium`.
  base::result<void> set_direction(medium_id id, sdp::direction direction);

  /// Holds a medium, or all that there are: nothing of the peer's is wanted (RFC 3264 8.4). `allowed` is what
  /// stays: sendonly, for music, or inactive. *Errors:* `unknown_medium`.
  base::result<void> hold(medium_id id, sdp::direction allowed = sdp::direction::sendonly);
  void hold(sdp::direction allowed = sdp::direction::sendonly) noexcept;

  /// Ends the hold. *Errors:* `unknown_medium`.
  base::result<void> resume(medium_id id);
  void resume() noexcept;

  /// The media that the next `make_offer`, or `make_answer` where an offer waits, can't do without a
  /// transport for. Media that will be bundled need none of their own.
  std::vector<medium_id> wanted_transports() const;

  /// Makes an offer of all media (RFC 3264 5, 8). Where it says what the last description said, it has the
  /// same version. *Errors:* `offer_pending`, `answer_pending`, `missing_transport`, `missing_local_keys`,
  /// `payload_types_used_up`; `too_many_media`.
  base::result<sdp::description> make_offer();

  /// Takes an offer. *Errors:* `offer_pending`, `answer_pending`, `media_missing`, `too_many_media`; why the
  /// first of its media was refused, where all are. Answer as `status_for` and `warning_for` say.
  base::result<void> handle_offer(sdp::description offer);

  /// Answers the offer that waits (RFC 3264 6). *Errors:* `no_offer`, `missing_transport`,
  /// `missing_local_keys`: give one, and try again; what `handle_offer` says of media, where the keys of the
  /// local transports fit nothing: `rollback`, and answer 488.
  base::result<sdp::description> make_answer();

  /// Answers as `make_answer`, while the answer may still change: for an unreliable provisional response
  /// (RFC 6337 3.1). The offer still waits. *Errors:* as `make_answer`.
  base::result<sdp::description> make_provisional_answer();

  /// Takes the answer to the offer that waits (RFC 3264 7). *Errors:* `no_offer`; why it is none to that
  /// offer: `rollback`, and end the session or offer anew. The same text as the answer before is no error in
  /// the stable state, since 183 and 200 both have it (RFC 6337 3.1).
  base::result<void> handle_answer(sdp::description answer);

  /// Takes an answer that may be followed by another, as in an unreliable provisional response.
  /// *Errors:* as `handle_answer`.
  base::result<void> handle_provisional_answer(sdp::description answer);

  /// The offer that waits was refused, or is: all is as it was before it (RFC 3264 8, RFC 6141 3). *Errors:*
  /// `no_offer`.
  base::result<void> rollback();

 private:
  struct entry {
    medium_id id{};
    std::shared_ptr<const medium> what;  // never changed, so that copies of this have it together
    sdp::direction wanted = sdp::direction::sendrecv;
    std::optional<local_transport> transport;
    sdp::direction allowed = sdp::direction::sendrecv;  // what a hold leaves
    bool removed = false;
    bool idle = false;  // the peer has refused or ended it

    sdp::direction direction() const noexcept { return wanted & allowed; }
    bool held() const noexcept { return allowed != sdp::direction::sendrecv; }
  };
  /// An m= line, and what both ends have to remember of it.
  struct line {
    std::optional<medium_id> id;
    std::string mid;
    std::vector<sdp::rtp_format> known;  // what each payload type has stood for
    std::vector<sdp::extmap> known_extensions;
  };
  class offer_maker;
  class answer_maker;
  /// Never changed, so that what is to be gone back to, and copies of this, have it together.
  using shared_description = std::shared_ptr<const std::optional<sdp::description>>;
  using shared_reading = std::shared_ptr<const detail::description_reading>;

  const std::optional<sdp::description>& value_of(const shared_description& one) const noexcept {
    return one ? *one : absent_;
  }
  static shared_description share(sdp::description one);

  const entry* find_entry(medium_id id) const noexcept;
  entry* find_open(medium_id id) noexcept;  // not one that is removed
  base::result<void> validate(const medium& what, const local_transport* transport) const;
  /// The transport of the medium `id` at an m= line, where it has one of its own or that of its bundle; null
  /// where it has none.
  const local_transport* transport_for(std::size_t place, std::optional<medium_id> id) const noexcept;
  struct answered;
  base::result<answered> answer() const;
  std::vector<medium_id> missing_for_offer() const;
  std::vector<medium_id> missing_for_answer() const;
  base::result<sdp::description> begin_description(bool with_ice) const;
  /// With the version that is due (RFC 3264 8), noted as the last one.
  shared_description issue(sdp::description made);
  base::result<std::vector<negotiated_medium>> outcome(const detail::description_reading& offer,
                                                       const detail::description_reading& answer,
                                                       bool by_offerer, const std::vector<line>& lines) const;
  /// What the answer to our offer says and agrees on.
  struct taken;
  base::result<taken> take(const sdp::description& answer) const;
  void conclude(std::vector<line> lines, std::vector<negotiated_medium> agreed);
  bool is_in_use(medium_id id) const noexcept;
  void purge();

  session_options options_;
  std::string session_id_;
  std::uint32_t next_id_ = 1;
  std::vector<entry> entries_;
  std::vector<line> lines_;
  std::vector<negotiated_medium> agreed_;
  std::optional<std::vector<negotiated_medium>> preview_;

  enum state state_ = state::stable;
  std::vector<line> pending_;  // lines_ as they are once the offer is answered
  shared_reading offer_read_;  // of the offer that waits
  // For each m= line of the peer's offer that waits, the formats in common with the medium that takes it;
  // empty where they are to be looked for.
  std::vector<std::vector<format_pair>> matches_;
  shared_description local_;
  shared_description remote_;
  shared_description stable_local_;  // what a rollback goes back to
  shared_description stable_remote_;
  shared_description last_issued_;          // what the next version is compared with
  std::optional<sdp::description> absent_;  // never there: what is shown where there is none
  std::uint64_t version_ = 1;
};

}  // namespace parley::offer_answer
