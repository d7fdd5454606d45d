// For builds without libsrtp2.
#include "srtp/detail/engine.hpp"

namespace parley::srtp::detail {

base::result<std::unique_ptr<engine>> make_libsrtp_engine(std::span<const master_key> /*keys*/,
                                                          const context_options& /*options*/,
                                                          bool /*protects*/) {
  return errc::engine_missing;
}

}  // namespace parley::srtp::detail
