#include <parley/net/error.hpp>
#include <parley/net/packet_recorder.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <span>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace parley::net {
namespace {

base::error_code error_of_file(int code) noexcept { return {code, boost::system::system_category()}; }

/// Makes a file that wasn't there, with the header that captures have.
base::result<int> begin_file(const std::string& path) {
  constexpr mode_t owner_and_group = S_IRUSR | S_IWUSR | S_IRGRP;
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, owner_and_group);
  if (descriptor < 0) return error_of_file(errno);
  std::array<std::byte, media::pcap_header_bytes> header{};
  base::byte_writer out(header);
  static_cast<void>(media::write_pcap_header(out));
  const ssize_t done = ::write(descriptor, header.data(), header.size());
  if (done == static_cast<ssize_t>(header.size())) return descriptor;
  const base::error_code why = error_of_file(done < 0 ? errno : ENOSPC);
  ::close(descriptor);
  ::unlink(path.c_str());
  return why;
}

/// Before each record in the queue. A size of zero closes the file.
struct queued {
  std::uint64_t file = 0;
  std::size_t size = 0;
};

}  // namespace

struct packet_recorder::impl {
  struct file {
    std::string path;
    int descriptor = -1;
    std::uint64_t size = 0;  // of whole records, of the writer's thread alone
    bool closing = false;    // no more is taken
    bool failed = false;
  };

  explicit impl(const packet_recorder_options& wanted)
      : options(wanted), filling(wanted.max_waiting), emptying(wanted.max_waiting) {}

  /// Room behind what waits, nothing where there is none. The caller holds the mutex.
  std::byte* room(std::size_t size) noexcept {
    if (filling.size() - waiting < size) return nullptr;
    return filling.data() + waiting;
  }

  void run() noexcept {
    std::unique_lock lock(mutex);
    for (;;) {
      arrived.wait(lock, [this] { return waiting != 0 || stopping || any_closed_late; });
      if (waiting == 0 && !any_closed_late) return;
      std::swap(filling, emptying);
      const std::size_t size = std::exchange(waiting, 0);
      const bool late = std::exchange(any_closed_late, false);
      lock.unlock();
      write_all(size);
      lock.lock();
      if (late) close_late();
    }
  }

  void write_all(std::size_t size) noexcept {
    for (std::size_t at = 0; at < size;) {
      queued next;
      std::memcpy(&next, emptying.data() + at, sizeof next);
      at += sizeof next;
      if (next.size == 0) {
        const std::lock_guard lock(mutex);
        forget(next.file);
      } else if (file* const f = find(next.file); f != nullptr) {
        write_record(*f, std::span<const std::byte>(emptying).subspan(at, next.size));
      }
      at += next.size;
    }
  }

  file* find(std::uint64_t id) noexcept {
    const std::lock_guard lock(mutex);
    const auto found = files.find(id);
    return found == files.end() ? nullptr
                                : &found->second;  // it stays where it is, and only this thread erases it
  }

  /// The caller holds the mutex.
  void forget(std::uint64_t id) noexcept {
    const auto found = files.find(id);
    if (found == files.end()) return;
    ::close(found->second.descriptor);
    files.erase(found);
  }

  /// The caller holds the mutex. What was put into these has been written.
  void close_late() noexcept {
    std::erase_if(files, [](const auto& each) {
      if (each.second.closing) ::close(each.second.descriptor);
      return each.second.closing;
    });
  }

  void write_record(file& f, std::span<const std::byte> record) noexcept {
    int error = f.size + record.size() > options.max_file ? EFBIG : 0;
    for (std::span<const std::byte> left = record; !f.failed && error == 0 && !left.empty();) {
      const ssize_t done = ::write(f.descriptor, left.data(), left.size());
      if (done > 0) {
        left = left.subspan(static_cast<std::size_t>(done));
      } else if (done == 0 || errno != EINTR) {
        error = done == 0 ? ENOSPC : errno;
      }
    }
    // Half a record would make the file end in what no reader takes.
    if (error != 0 && !f.failed) static_cast<void>(::ftruncate(f.descriptor, static_cast<off_t>(f.size)));
    const std::lock_guard lock(mutex);
    if (error == 0 && !f.failed) {
      f.size += record.size();
      ++counted.written;
      return;
    }
    ++counted.left_out;
    if (std::exchange(f.failed, true)) return;
    try {
      failures.push_back({f.path, error_of_file(error)});
    } catch (...) {
      // Without memory for the message: the counter tells of it.
    }
  }

  packet_recorder_options options;
  mutable std::mutex mutex;  // of what follows
  std::condition_variable arrived;
  bool stopping = false;
  std::uint64_t last_id = 0;
  std::size_t opening = 0;  // files that are about to be among `files`
  std::unordered_map<std::uint64_t, file> files;
  std::vector<std::byte> filling;
  std::size_t waiting = 0;       // bytes in `filling`
  bool any_closed_late = false;  // a file is closing, and the queue had no room to say so in its order
  std::vector<failed_recording> failures;
  counters counted;
  std::vector<std::byte> emptying;  // the writer's
  std::thread thread;
};

packet_recorder::packet_recorder(std::unique_ptr<impl> made) : impl_(std::move(made)) {}

packet_recorder::~packet_recorder() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->arrived.notify_one();
  impl_->thread.join();
  for (auto& [id, file] : impl_->files) ::close(file.descriptor);
}

base::result<std::unique_ptr<packet_recorder>> packet_recorder::create(
    const packet_recorder_options& options) {
  auto made = std::make_unique<impl>(options);
  try {
    made->thread = std::thread([recorder = made.get()] { recorder->run(); });
  } catch (const std::system_error& failed) {
    return base::error_code(failed.code());
  }
  return std::unique_ptr<packet_recorder>(new packet_recorder(std::move(made)));
}

base::result<packet_recorder::file_id> packet_recorder::open(const std::string& path) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->files.size() + impl_->opening >= impl_->options.max_files) {
      return make_error_code(errc::limit_reached);
    }
    ++impl_->opening;
  }
  const auto descriptor = begin_file(path);
  const std::lock_guard lock(impl_->mutex);
  --impl_->opening;
  if (!descriptor) return descriptor.error();
  impl_->files[++impl_->last_id] = {path, *descriptor, media::pcap_header_bytes};
  return static_cast<file_id>(impl_->last_id);
}

bool packet_recorder::put(file_id file, const media::captured_datagram& datagram) noexcept {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->files.find(static_cast<std::uint64_t>(file));
  const bool open = found != impl_->files.end() && !found->second.closing && !found->second.failed;
  const queued head{static_cast<std::uint64_t>(file), media::pcap_record_bytes(datagram)};
  std::byte* const room = open ? impl_->room(sizeof head + head.size) : nullptr;
  if (room != nullptr) {
    base::byte_writer out(std::span(room + sizeof head, head.size));
    if (media::write_pcap_record(out, datagram)) {
      std::memcpy(room, &head, sizeof head);
      const bool first = impl_->waiting == 0;
      impl_->waiting += sizeof head + head.size;
      if (first) impl_->arrived.notify_one();
      return true;
    }
  }
  ++impl_->counted.left_out;
  return false;
}

void packet_recorder::close(file_id file) {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->files.find(static_cast<std::uint64_t>(file));
  if (found == impl_->files.end() || std::exchange(found->second.closing, true)) return;
  const queued head{static_cast<std::uint64_t>(file), 0};
  if (std::byte* const room = impl_->room(sizeof head)) {
    std::memcpy(room, &head, sizeof head);
    impl_->waiting += sizeof head;
  } else {
    impl_->any_closed_late = true;
  }
  impl_->arrived.notify_one();
}

std::vector<failed_recording> packet_recorder::take_failed() {
  const std::lock_guard lock(impl_->mutex);
  return std::exchange(impl_->failures, {});
}

packet_recorder::counters packet_recorder::count() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->counted;
}

}  // namespace parley::net
