#pragma once

#include <parley/base/packet_buffer.hpp>
#include <parley/base/siphash.hpp>
#include <parley/base/time.hpp>
#include <parley/base/timer_wheel.hpp>
#include <parley/sip/hop.hpp>
#include <parley/transaction/client_invite.hpp>
#include <parley/transaction/client_non_invite.hpp>
#include <parley/transaction/server_invite.hpp>
#include <parley/transaction/server_non_invite.hpp>

#include "transaction/detail/hash_table.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

namespace parley::transaction::detail {

/// Of a client transaction among those whose request went by the same flow.
using flow_hook = intrusive::unordered_set_base_hook<intrusive::tag<struct by_flow>,
                                                     intrusive::link_mode<intrusive::auto_unlink>,
                                                     intrusive::optimize_multikey<true>>;
using hash_hook = intrusive::unordered_set_base_hook<intrusive::link_mode<intrusive::auto_unlink>>;

/// An element of a `key_table`. It leaves the table with its destruction.
struct keyed : hash_hook {
  explicit keyed(const base::hash128& table_key) noexcept : key(table_key) {}

  base::hash128 key;
};

/// What each transaction has: its place in the table and in the wheel.
template <class Machine>
struct record : keyed {
  record(const base::hash128& table_key, Machine&& start) : keyed(table_key), machine(std::move(start)) {}

  std::uint64_t id = 0;
  std::uint64_t user = 0;
  base::timer timer;
  sip::hop to;               ///< where this transaction sends
  bool send_failed = false;  ///< the machine hears of it once there is room for what that leads to
  Machine machine;
};

struct server_record;

/// The place of a request among those that may be merged.
struct merge_entry : keyed {
  merge_entry(const base::hash128& table_key, server_record& of) noexcept : keyed(table_key), owner(&of) {}

  server_record* owner;
};

struct server_record : record<std::variant<server_invite, server_non_invite>> {
  using record::record;

  base::packet_buffer request;   ///< until the final response
  base::packet_buffer response;  ///< the last one, while it may have to be sent again
  sip::hop from;
  std::optional<merge_entry> merge;
  bool pending_invite = false;  ///< an INVITE without a final response

  bool is_invite() const noexcept { return machine.index() == 0; }
};

struct client_record : record<std::variant<client_invite, client_non_invite>>, flow_hook {
  using record::record;

  std::uint64_t flow = 0;  ///< by which the request went, while `flow_hook` is linked

  base::packet_buffer request;  ///< until the final response
  base::packet_buffer ack;      ///< for a final response other than 2xx
  base::time_point user_deadline = base::never;
  base::time_point cancel_deadline = base::never;
  bool wants_cancel = false;  ///< a CANCEL goes out as soon as it may
  bool cancelled = false;     ///< it did
  bool is_cancel = false;     ///< a CANCEL of the layer's own, of which the user hears nothing

  bool is_invite() const noexcept { return machine.index() == 0; }
};

/// Transactions, and requests that may be merged, by their keys.
template <class Element>
using key_table = hash_table<Element, hash_hook, &keyed::key>;

/// Client transactions by the flow that their request went by. All requests to a neighbour may share one
/// flow, so those of one are found together and passed over together. Flows are numbers of the driver's,
/// which no stranger chooses: they need no keyed hash.
using flow_table = hash_table<client_record, flow_hook, &client_record::flow>;

}  // namespace parley::transaction::detail
