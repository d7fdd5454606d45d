#pragma once

#include <parley/base/api.hpp>
#include <parley/base/error.hpp>
#include <parley/base/result.hpp>
#include <parley/media/pcap.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace parley::net {

/// How a `packet_recorder` works.
struct packet_recorder_options {
  /// What may wait to be written, over all files.
  std::size_t max_waiting = std::size_t{8} << 20U;
  std::size_t max_files = 4096;
  /// Where a file has grown to this it takes no more.
  std::uint64_t max_file = std::uint64_t{4} << 30U;
};

/// A recording that has ended before it was closed.
struct failed_recording {
  std::string path;
  base::error_code error;
};

/// Writes datagrams into capture files, on a thread of its own, so that whoever forwards them never waits for
/// a disk: what a disk is too slow for is left out, and counted.
///
/// *Ownership:* owns its files; the destructor writes what waits, and closes them. All functions may be
/// called from any thread.
class PARLEY_API packet_recorder {
 public:
  enum class file_id : std::uint64_t {};  ///< never the same twice

  /// *Errors:* the system's.
  static base::result<std::unique_ptr<packet_recorder>> create(const packet_recorder_options& options = {});
  ~packet_recorder();
  packet_recorder(const packet_recorder&) = delete;
  packet_recorder& operator=(const packet_recorder&) = delete;

  /// Begins a new file, which its owner and his group may read. *Errors:* the system's, also where a file of
  /// that name is there already; `errc::limit_reached`: close another one first.
  base::result<file_id> open(const std::string& path);

  /// Copies a datagram into the queue. False where it is left out: the queue is full, or the file is closed
  /// or has failed. Allocates nothing.
  bool put(file_id file, const media::captured_datagram& datagram) noexcept;

  /// Closes the file behind what was put into it.
  void close(file_id file);

  /// Files that could not be written to since the last call, as on a disk that is full: tell the operator.
  std::vector<failed_recording> take_failed();

  /// Datagrams that are in a file, and that were left out: by `put`, or because the file could not be
  /// written.
  struct counters {
    std::uint64_t written = 0;
    std::uint64_t left_out = 0;
  };
  counters count() const;

 private:
  struct impl;
  explicit packet_recorder(std::unique_ptr<impl> made);
  std::unique_ptr<impl> impl_;
};

}  // namespace parley::net
