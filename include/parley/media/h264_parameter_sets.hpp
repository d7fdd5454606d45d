#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/error.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace parley::sdp {
struct h264_parameters;
}

namespace parley::media {

/// Has a description tell of an H.264 stream (RFC 6184 8.1): sprop-parameter-sets gets the parameter sets of
/// `frame`, each of them once, and profile-level-id is that of the first sequence parameter set. `frame` is
/// an access unit as a byte stream (H.264 Annex B); a key frame has what is needed.
///
/// *Errors:* `errc::bad_frame` where it has no sequence or no picture parameter set, or isn't a byte stream;
/// nothing has changed then.
PARLEY_API base::result<void> describe_parameter_sets(std::span<const std::byte> frame,
                                                      sdp::h264_parameters& description);

/// The parameter sets of a description as a byte stream, for a decoder to see before the first frame: senders
/// need not repeat in the stream what the description has. Nothing where it has none.
///
/// *Errors:* `errc::bad_parameters` for what is not base64 of parameter sets (NAL unit types 7, 8, 13 and 15)
/// that can stand in a byte stream: go on without, as the sets may still come in the stream.
PARLEY_API base::result<std::vector<std::byte>> parameter_sets_of(std::string_view sprop_parameter_sets);

}  // namespace parley::media
