#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/offer_answer/medium.hpp>
#include <parley/offer_answer/negotiated.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace parley {

/// The media of one call, as signalling needs them. A call asks for what goes into its offers and answers and
/// tells what was agreed on; it never sees a packet, so that signalling runs without any media library.
///
///  function   when the call calls it
///  describe   before the first offer or answer, and anew where another peer takes the place of the first
///  on_key     with the first `describe`
///  open       for each medium, once, when an offer or answer needs its address
///  apply      after each exchange: an answer, an early one, a hold, another peer
///  close      when the call is over
///
/// Where a call forks (RFC 3261 13.2.2.4), `apply` brings what was agreed on with the branch that spoke last,
/// and in the end what was with the one that was answered.
///
/// *Ownership:* called on the executor of the endpoint, from inside its machines: no function may call the
/// endpoint, or anything that belongs to it, or throw.
class PARLEY_API call_media {
 public:
  call_media() = default;
  call_media(const call_media&) = delete;
  call_media& operator=(const call_media&) = delete;
  virtual ~call_media();

  /// What this end can do and wants, in the order of its m= lines.
  virtual std::vector<offer_answer::medium> describe() = 0;

  /// Where the medium at that place of `describe` comes in. `local` is the address of this end that the
  /// peer's signalling knows; none where that is a name. *Errors:* whatever is the matter, as no free port:
  /// an offer of the peer's is answered 488, and ours is not made.
  virtual base::result<offer_answer::local_transport> open(std::size_t place,
                                                           const base::ip_address& local) = 0;

  /// What was agreed on for each m= line of the description. *Ownership:* good for the call only.
  virtual void apply(std::span<const offer_answer::negotiated_medium> agreed) = 0;

  /// The call is over. Nothing else comes.
  virtual void close() {}

  using key_handler = std::function<void(char key, base::duration)>;
  /// Whom to tell of each key that the peer presses within the media (RFC 4733): call it on the executor,
  /// not from inside of a function of the call's. Media without keys never do.
  virtual void on_key(const key_handler& told);
  /// Whether keys can be sent within the media now. Where they can't, the call sends INFO.
  virtual bool can_send_keys() const noexcept { return false; }
  /// Sends 0 to 9, *, #, A to D and !, and calls `done` as `on_key` says. Asked for where `can_send_keys`
  /// is true, and not again before that.
  virtual void send_keys(const std::string& keys, const std::function<void(const base::error_code&)>& done);
};

/// Makes the media of a call; asked once for each call that was given none.
using media_factory = std::function<std::shared_ptr<call_media>()>;

/// Media that nobody hears: offers PCMU, PCMA and telephone-event at a port that is open and never read. For
/// signalling alone, and for tests. All calls of one factory share the port.
PARLEY_API media_factory signalling_only();

}  // namespace parley
