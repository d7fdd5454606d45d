#pragma once

#include <parley/transaction/timers.hpp>
#include <parley/ua/refer.hpp>

#include "support/ua_network.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace parley::test {

/// Blind transfers within the calls of a network of user agents: REFERs, and the NOTIFYs that tell how they
/// went, also when the session of their call has ended (RFC 5057). Nobody is called: what comes of a transfer
/// is made up by the one who is asked.
class transfers {
 public:
  using plan = std::function<void(std::int64_t at, std::function<void()> what)>;
  using complaint = std::function<void(std::string what)>;

  /// `plan` runs something at a time of the network.
  transfers(ua_network& net, plan at, complaint complain);

  /// Asks the peer of the call to make a transfer.
  void ask(std::size_t agent, ua::call_id call);
  /// Answers a REFER or NOTIFY; false for any other request.
  bool handle_request(std::size_t agent, const ua::core_event& event);
  /// The response to a request in a call, perhaps one of ours.
  void handle_response(std::size_t agent, const ua::core_event& event);
  /// Whether the call of that agent has a usage that goes on.
  bool uses(std::size_t agent, ua::call_id call) const;
  /// Whether both ends know the same of each transfer. All is over then.
  void check_all_over();

  /// How many have told their outcome, and of these after the end of their call.
  std::size_t told() const noexcept { return told_; }
  std::size_t told_late() const noexcept { return told_late_; }

 private:
  /// Call-ID of the call, the agent that asks, CSeq of the REFER.
  using name = std::tuple<std::string, std::size_t, std::uint32_t>;
  /// One end of a transfer.
  template <class Refer>
  struct end {
    std::size_t agent;
    ua::call_id call;
    Refer refer;
    name named;
    std::map<std::uint32_t, bool> requests;  // that wait for a response, by CSeq; whether it is the last
    std::int64_t planned = -1;
    bool over = false;
    bool delivered = false;  // of the one who reports: the last NOTIFY has its 200
  };
  using asking = end<ua::client_refer>;
  using doing = end<ua::server_refer>;

  template <class Refer>
  void drive(end<Refer>& one);
  template <class Refer>
  bool take_response(std::list<end<Refer>>& ends, std::size_t agent, const ua::core_event& event);
  int answer(std::size_t agent, const ua::core_event& event, const sip::message_view& request);
  void report(doing& one, int status);
  ua::core& core(std::size_t agent) { return net_[agent].core; }

  ua_network& net_;
  plan at_;
  complaint complain_;
  transaction::timers timers_;
  std::list<asking> asking_;
  std::list<doing> doing_;
  std::map<name, int> heard_;     // the final status that whoever has asked was told
  std::map<name, int> reported_;  // and that whoever was asked has told
  std::size_t told_ = 0;
  std::size_t told_late_ = 0;
};

}  // namespace parley::test
