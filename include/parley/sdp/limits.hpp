#pragma once

#include <cstddef>

namespace parley::sdp {

/// What `description::parse` accepts at most. The defaults take every description seen in practice, those of
/// conferences with hundreds of streams too, and bound the memory and the work for one.
struct limits {
  std::size_t text_bytes = 65535;  ///< the whole text
  std::size_t lines = 4096;        ///< of all sections together
  std::size_t media = 128;         ///< m= lines
  std::size_t attributes = 1024;   ///< a= lines of one section
  std::size_t formats = 128;       ///< of one m= line
  std::size_t candidates = 128;    ///< a=candidate lines of one section; they count as attributes, too
};

}  // namespace parley::sdp
