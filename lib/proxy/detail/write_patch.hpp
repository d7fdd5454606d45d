#pragma once

#include <parley/base/packet_buffer.hpp>
#include <parley/base/result.hpp>
#include <parley/sip/patch.hpp>

#include <utility>

namespace parley::proxy::detail {

/// The edited message in a buffer of its own. *Errors:* `no_space` where the edits could not be taken,
/// `limit_reached` where the pool gives no buffer.
inline base::result<base::packet_buffer> write_patch(const sip::patch& edit, base::buffer_pool& pool) {
  if (!edit.status()) return base::errc::no_space;
  auto out = pool.allocate(edit.size());
  if (!out) return out.error();
  if (!out->resize(edit.size()) || edit.write(out->mutable_bytes()) == 0) return base::errc::no_space;
  return std::move(*out);
}

}  // namespace parley::proxy::detail
