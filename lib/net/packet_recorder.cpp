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
    std::uint64_t size = 0;
    bool closing = false;  // no more is taken
    bool failed = false;
    std::vector<std::byte> text;  // to be written, of the writer's thread alone
  };

  explicit impl(const packet_recorder_options& wanted)
      : options(wanted), filling(wanted.max_waiting), emptying(wanted.max_waiting) {}

  /// Room behind what waits, nothing where there is none. The caller holds the mutex.
  std::byte* room(std::size_t size) noexcept {
    if (filling.size() - waiting < size) return nullptr;
    return filling.data() + waiting;
  }

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      arrived.wait(lock, [this] { return waiting != 0 || stopping || !closed_late.empty(); });
      if (waiting == 0 && closed_late.empty()) return;
      std::swap(filling, emptying);
      const std::size_t size = std::exchange(waiting, 0);
      const std::vector<std::uint64_t> late = std::exchange(closed_late, {});
      lock.unlock();
      write_all(size, late);
      lock.lock();
    }
  }

  file* find(std::uint64_t id) {
    const std::lock_guard lock(mutex);
    const auto found = files.find(id);
    return found == files.end() ? nullptr : &found->second;  // erased by this thread alone
  }

  void write_all(std::size_t size, const std::vector<std::uint64_t>& late) {
    std::vector<file*> touched;
    std::vector<std::uint64_t> ended = late;
    for (std::size_t at = 0; at < size;) {
      queued next;
      std::memcpy(&next, emptying.data() + at, sizeof next);
      at += sizeof next;
      if (next.size == 0) {
        ended.push_back(next.file);
        continue;
      }
      if (file* const f = find(next.file); f != nullptr) {
        if (f->text.empty()) touched.push_back(f);
        f->text.insert(f->text.end(), emptying.data() + at, emptying.data() + at + next.size);
      }
      at += next.size;
    }
    for (file* const f : touched) flush(*f);
    const std::lock_guard lock(mutex);
    for (const std::uint64_t id : ended) {
      const auto found = files.find(id);
      if (found == files.end()) continue;
      ::close(found->second.descriptor);
      files.erase(found);
    }
  }

  void flush(file& f) {
    std::span<const std::byte> left = f.text;
    int error = 0;
    if (!f.failed && f.size + left.size() > options.max_file) error = EFBIG;
    while (!f.failed && error == 0 && !left.empty()) {
      const ssize_t done = ::write(f.descriptor, left.data(), left.size());
      if (done >= 0) {
        left = left.subspan(static_cast<std::size_t>(done));
      } else if (errno != EINTR) {
        error = errno;
      }
    }
    f.size += f.text.size();
    f.text.clear();
    if (error == 0) return;
    const std::lock_guard lock(mutex);
    f.failed = true;
    failures.push_back({f.path, error_of_file(error)});
  }

  packet_recorder_options options;
  mutable std::mutex mutex;  // of what follows
  std::condition_variable arrived;
  bool stopping = false;
  std::uint64_t last_id = 0;
  std::unordered_map<std::uint64_t, file> files;
  std::vector<std::byte> filling;
  std::size_t waiting = 0;                 // bytes in `filling`
  std::vector<std::uint64_t> closed_late;  // to be closed, where the queue had no room to say so in its order
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
  std::unique_lock lock(impl_->mutex);
  if (impl_->files.size() >= impl_->options.max_files) return make_error_code(errc::limit_reached);
  lock.unlock();
  constexpr mode_t owner_and_group = S_IRUSR | S_IWUSR | S_IRGRP;
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, owner_and_group);
  if (descriptor < 0) return error_of_file(errno);
  std::array<std::byte, media::pcap_header_bytes> header{};
  base::byte_writer out(header);
  static_cast<void>(media::write_pcap_header(out));
  if (::write(descriptor, header.data(), header.size()) != static_cast<ssize_t>(header.size())) {
    const base::error_code why = error_of_file(errno);
    ::close(descriptor);
    ::unlink(path.c_str());
    return why;
  }
  lock.lock();
  impl::file& made = impl_->files[++impl_->last_id];
  made.path = path;
  made.descriptor = descriptor;
  made.size = header.size();
  return static_cast<file_id>(impl_->last_id);
}

bool packet_recorder::put(file_id file, const media::captured_datagram& datagram) noexcept {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->files.find(static_cast<std::uint64_t>(file));
  if (found == impl_->files.end() || found->second.closing || found->second.failed) return false;
  const queued head{static_cast<std::uint64_t>(file), media::pcap_record_bytes(datagram)};
  std::byte* const room = impl_->room(sizeof head + head.size);
  if (room != nullptr) {
    base::byte_writer out(std::span(room + sizeof head, head.size));
    if (media::write_pcap_record(out, datagram)) {
      std::memcpy(room, &head, sizeof head);
      const bool first = impl_->waiting == 0;
      impl_->waiting += sizeof head + head.size;
      ++impl_->counted.written;
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
    impl_->closed_late.push_back(head.file);
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
