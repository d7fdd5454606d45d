#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/offer_answer/medium.hpp>
#include <parley/offer_answer/negotiated.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace parley {

/// The media of one call, as signalling needs them. A call asks for what goes into its offers and answers and
/// tells what was agreed on; it never sees a packet, so that signalling runs without any media library.
///
///  describe        before the first offer or answer, and anew where another peer takes the place of the
///  first open            for each medium, once, when an offer or answer needs its address apply after each
///  exchange: the answer to the call's offer, an early one, a hold, another peer close           the call is
///  over
///
/// Where a call forks (RFC 3261 13.2.2.4), `apply` brings what was agreed on with the branch that spoke last,
/// and in the end what was with the one that was answered.
///
/// *Ownership:* called on the executor of the endpoint, from inside its machines: no function may call the
/// endpoint, or anything that belongs to it, or throw.
class PARLEY_API media {
 public:
  media() = default;
  media(const media&) = delete;
  media& operator=(const media&) = delete;
  virtual ~media();

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
};

/// Makes the media of a call; asked once for each call that was given none.
using media_factory = std::function<std::shared_ptr<media>()>;

/// Media that nobody hears: offers PCMU, PCMA and telephone-event at a port that is open and never read. For
/// signalling alone, and for tests. All calls of one factory share the port.
PARLEY_API media_factory signalling_only();

}  // namespace parley
