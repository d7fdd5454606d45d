#pragma once

#include <parley/base/result.hpp>
#include <parley/sdp/security.hpp>
#include <parley/srtp/context.hpp>
#include <parley/srtp/sdes.hpp>

#include <optional>
#include <span>
#include <utility>

namespace parley::detail {

/// What an agreement makes of the keys of one direction.
struct new_keys {
  bool changed = false;
  std::optional<srtp::context> context;  // none: not encrypted
};

/// The context for a direction whose keys were `before` and are `next` now, null for none; `make` is
/// `srtp::context::protecting` or the other. An offer may give the same key another tag: that is no other
/// key, and its packets' numbers must not begin again. *Errors:* of `srtp::read_sdes` and `make`.
template <class Make>
base::result<new_keys> context_for(const sdp::crypto* next, const sdp::crypto* before, Make make) {
  new_keys out;
  if (next == nullptr) {
    out.changed = before != nullptr;
    return out;
  }
  if (before != nullptr && next->suite == before->suite && next->keys == before->keys) return out;
  const auto read = srtp::read_sdes(*next);
  if (!read) return read.error();
  auto made = make(std::span<const srtp::master_key>(read->keys), srtp::context_options{});
  if (!made) return made.error();
  out.changed = true;
  out.context.emplace(*std::move(made));
  return out;
}

}  // namespace parley::detail
