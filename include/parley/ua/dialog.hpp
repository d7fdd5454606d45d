#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/ua/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::ua {

/// What names a dialog at one of its ends (RFC 3261 12). Compared byte by byte; an empty tag is that of a
/// peer of RFC 2543.
///
/// *Ownership:* views into the message or the dialog that it was taken from.
struct dialog_id {
  std::string_view call_id;
  std::string_view local_tag;
  std::string_view remote_tag;

  /// The dialog that a request which came in belongs to. *Errors:* `bad_message`.
  PARLEY_API static base::result<dialog_id> of_request(const sip::message_view& request) noexcept;
  /// The dialog that a response which came in belongs to, or makes. *Errors:* `bad_message`.
  PARLEY_API static base::result<dialog_id> of_response(const sip::message_view& response) noexcept;

  friend bool operator==(const dialog_id&, const dialog_id&) = default;
};

/// What a response means for the dialog and for the usage that its request belongs to (RFC 5057 5.1).
enum class response_effect : std::uint8_t {
  none,          ///< at most the transaction has failed
  usage_ended,   ///< 405, 408, 480, 481, 489, 501: end this usage, and with the last one the dialog ends
  dialog_ended,  ///< 404, 410, 416, 482-485, 502, 604: the dialog has ended, whatever used it
};

/// The effect of a final response on the dialog in which its request was sent (RFC 3261 12.2.1.2, RFC
/// 5057 5.1). Statuses that the RFC does not list have none.
PARLEY_API response_effect effect_of(int status) noexcept;

/// True for INVITE, UPDATE, SUBSCRIBE, NOTIFY and REFER: they and their 2xx bring a new remote target (RFC
/// 3261 6, RFC 3311 5.1, RFC 6665 4.4.1, RFC 3515 4.1), and need a Contact.
PARLEY_API bool is_target_refresh(sip::method method) noexcept;

/// What a dialog has to know of a request until that is answered.
struct dialog_request {
  std::uint32_t cseq = 0;
  sip::method method = sip::method::unknown;
  bool in_dialog = false;     ///< it has a tag in To
  std::string remote_target;  ///< of Contact, where it is a target refresh request in the dialog

  /// *Errors:* `bad_message` for a CSeq, To or Contact that can't be read.
  PARLEY_API static base::result<dialog_request> of(const sip::message_view& request);
};

/// A dialog (RFC 3261 12): what two user agents must remember to send each other requests. A value without
/// I/O and time; it knows nothing of transactions and sessions.
///
///  state       input                                        next
///  -           from_response of 101-199, from_request       early
///  -           from_response of 2xx, from_notify            confirmed
///  early       handle_response, respond: 2xx to what made   confirmed
///              it; as UAC with a new route set
///  early       respond: 300-699 to what made it             terminated
///  any         handle_response: effect dialog_ended         terminated
///  any         end_usage of the last usage                  terminated
///  any         terminate                                    terminated
///  terminated  anything                                     terminated
///
/// A dialog begins with one usage, that of the request which made it (RFC 5057): `add_usage` and `end_usage`
/// keep it alive while another, as a subscription inside a call, goes on.
///
/// Where a request of the peer's changes the remote target, that happens when the application accepts it with
/// `respond`: a refused re-INVITE leaves the dialog as it was (RFC 6141 4). A response or an acceptance that
/// is older than the one which brought the target does not bring the old one back.
///
/// *Ownership:* owns all its texts, at most `max_text` bytes of them; copying it copies them.
class dialog {
 public:
  enum class role : std::uint8_t { uac, uas };
  enum class state : std::uint8_t { early, confirmed, terminated };

  /// Bytes of text that a dialog holds at most, and routes in its route set.
  static constexpr std::size_t max_text = 16384;
  static constexpr std::size_t max_routes = 64;
  /// What `save` writes at most.
  static constexpr std::size_t max_saved = max_text + 4 * max_routes + 64;
  /// As `sip::cseq_header` has it (RFC 3261 8.1.1.5).
  static constexpr std::uint32_t max_cseq = 0x7fffffff;

  /// The dialog that `response` makes at the client that sent `request` (RFC 3261 12.1.2). `over_tls` says
  /// how the request went; with a SIPS Request-URI it makes the dialog secure.
  ///
  /// Each 2xx, and each 101 to 199 with a tag, of a forked INVITE whose `dialog_id` is none of those known
  /// makes a further dialog (RFC 3261 13.2.2.4); a known one takes it by `handle_response`. Without Contact,
  /// which early peers leave out, the Request-URI stands in for the remote target.
  ///
  /// *Errors:* `no_dialog` for a refusal, for 100, for a provisional response without a tag, and for a
  /// request that is neither INVITE, SUBSCRIBE nor REFER; `bad_message`; `too_large`.
  PARLEY_API static base::result<dialog> from_response(const sip::message_view& request,
                                                       const sip::message_view& response, bool over_tls);

  /// The dialog that a request makes at the server which answers it with `local_tag` in To (RFC 3261 12.1.1).
  /// It is early; tell it by `respond` what was answered.
  ///
  /// *Errors:* `no_dialog` for another method, and for a request that has a tag in To; `bad_message`, also
  /// where Contact is missing, or where `local_tag` is no token; `too_large`.
  PARLEY_API static base::result<dialog> from_request(const sip::message_view& request,
                                                      std::string_view local_tag, bool over_tls);

  /// The dialog that a NOTIFY makes at the client that sent `request`, a SUBSCRIBE or REFER outside dialogs
  /// (RFC 6665 4.4.1). It is confirmed. A 2xx to `request` makes none then: where it is of the same peer, it
  /// belongs to this one by `handle_response`.
  ///
  /// *Errors:* `no_dialog` where `request` makes no subscription, or `notify` is none; `other_dialog` where
  /// it answers another request; `bad_message`, also without Contact or a tag in From; `too_large`.
  PARLEY_API static base::result<dialog> from_notify(const sip::message_view& request,
                                                     const sip::message_view& notify, bool over_tls);

  /// The dialog that `save` wrote. *Errors:* `unsupported_version`, `bad_saved_state`: nothing of it is used.
  PARLEY_API static base::result<dialog> restore(std::span<const std::byte> saved);

  enum state state() const noexcept { return state_; }
  enum role role() const noexcept { return role_; }
  bool is_secure() const noexcept { return secure_; }
  /// *Ownership:* views into the dialog.
  dialog_id id() const noexcept { return {call_id_, local_.tag, remote_.tag}; }
  const std::string& call_id() const noexcept { return call_id_; }
  const std::string& local_tag() const noexcept { return local_.tag; }
  const std::string& remote_tag() const noexcept { return remote_.tag; }
  const std::string& local_uri() const noexcept { return local_.uri; }
  const std::string& remote_uri() const noexcept { return remote_.uri; }
  const std::string& local_target() const noexcept { return local_target_; }
  const std::string& remote_target() const noexcept { return remote_target_; }
  /// URIs with their parameters, in the order in which requests visit them.
  const std::vector<std::string>& route_set() const noexcept { return routes_; }
  /// Nothing until a request was sent, or came in.
  std::optional<std::uint32_t> local_cseq() const noexcept { return local_cseq_; }
  std::optional<std::uint32_t> remote_cseq() const noexcept { return remote_cseq_; }
  std::size_t usages() const noexcept { return usages_; }

  /// The value of Contact in target refresh requests, `<sip:alice@192.0.2.4>`. As UAC it is that of the
  /// request; as UAS, say what the response has. *Errors:* `bad_message` where it is no Contact; `too_large`.
  PARLEY_API base::result<void> set_local_target(std::string_view contact);

  /// A further usage: a subscription by REFER or SUBSCRIBE (RFC 5057 3). *Errors:* `terminated`; `too_large`
  /// beyond 65535.
  PARLEY_API base::result<void> add_usage() noexcept;
  /// A usage has ended: BYE for the call, a NOTIFY that terminates a subscription, or a response.
  PARLEY_API void end_usage() noexcept;
  void terminate() noexcept { state_ = state::terminated; }

  /// A request in this dialog with the next CSeq: Request-URI, Route, To, From, Call-ID, CSeq, Max-Forwards
  /// 70, and Contact where it refreshes the target (RFC 3261 12.2.1.1). Via is the transaction's to add.
  ///
  /// *Errors:* `wrong_method` for ACK, CANCEL and what is no token; `terminated`; `numbers_used_up`.
  PARLEY_API base::result<sip::message> write_request(std::string_view method);
  /// The next CSeq, for a request of `write_request` that is sent again with credentials; also in a dialog
  /// that has ended, since that request may be its BYE. *Errors:* `numbers_used_up`.
  PARLEY_API base::result<std::uint32_t> take_cseq() noexcept;
  /// The ACK for a 2xx to the INVITE with that CSeq (RFC 3261 13.2.2.4). Credentials of the INVITE are the
  /// caller's to add. It is made in a dialog that has ended, too, since the peer repeats its 2xx until then.
  /// *Errors:* `numbers_used_up` for a CSeq that no request of ours has had.
  PARLEY_API base::result<sip::message> write_ack(std::uint32_t invite_cseq) const;

  /// A request of ours has gone out with that CSeq, as one that was sent again with credentials: the next has
  /// a higher one (RFC 3261 22.2).
  PARLEY_API void note_local_cseq(std::uint32_t cseq) noexcept;

  /// Takes a request of the peer's, once, before it is answered (RFC 3261 12.2.2). An ACK or CANCEL is only
  /// compared with the dialog's name, since its CSeq is that of its INVITE.
  ///
  /// *Errors:* `other_dialog`; `terminated`; `cseq_out_of_order`, also where the number is that of the
  /// request before; `bad_message`, also for a Contact that is no SIP URI. Answer with `status_for`: the
  /// dialog is as it was, save that a request with a bad Contact has used its number.
  PARLEY_API base::result<void> handle_request(const sip::message_view& request);
  /// Notes the response that is sent to `request`, the one that made this dialog or one that `handle_request`
  /// took. `reliable` is for a provisional one that waits for a PRACK: it accepts the peer's target as a 2xx
  /// does (RFC 6141 4).
  PARLEY_API void respond(const sip::message_view& request, int status, bool reliable = false);
  /// The same for one that is not at hand any more, and is of this dialog.
  PARLEY_API void respond(const dialog_request& request, int status, bool reliable = false);

  /// Takes a response to a request of ours. 2xx bring the remote target, and the first to what made this
  /// dialog also its route set (RFC 3261 12.2.1.2 and 13.2.2.4).
  ///
  /// *Errors:* `other_dialog`: the response of another branch of a forked request; `bad_message`, where a 2xx
  /// has a Contact that is no SIP URI; `too_large`. The dialog is then as it was.
  PARLEY_API base::result<response_effect> handle_response(const sip::message_view& response);

  /// The whole dialog as bytes, a version first, of at most `max_saved`.
  PARLEY_API std::vector<std::byte> save() const;

  friend bool operator==(const dialog&, const dialog&) = default;

 private:
  /// One end: From or To without its other parameters.
  struct party {
    std::string display_name;  // as written, with its quotes
    std::string uri;
    std::string tag;

    friend bool operator==(const party&, const party&) = default;
  };

  dialog() = default;
  /// Whether all texts are what may stand where requests have them, and not too many.
  base::result<void> check() const;
  /// The same where all URIs and the Call-ID were read as such from a message.
  base::result<void> check_read() const;
  std::size_t text_size() const noexcept;
  base::result<std::uint32_t> next_cseq() const noexcept;
  base::result<sip::message> make_request(std::string_view method, std::uint32_t cseq) const;
  static std::string header_of(const party& from);

  std::string call_id_;
  party local_;
  party remote_;
  std::string local_target_;
  std::string remote_target_;
  std::vector<std::string> routes_;
  std::optional<std::uint32_t> local_cseq_;
  std::optional<std::uint32_t> remote_cseq_;
  std::uint32_t first_cseq_ = 0;          // of the request that made this dialog
  std::uint32_t local_target_cseq_ = 0;   // of our request whose response brought the remote target
  std::uint32_t remote_target_cseq_ = 0;  // of the peer's request that did
  std::uint16_t usages_ = 1;
  enum state state_ = state::early;
  enum role role_ = role::uac;
  bool secure_ = false;
};

}  // namespace parley::ua
