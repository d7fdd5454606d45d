#include <parley/net/file_store.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace parley::net {
namespace {

base::error_code file_error() noexcept { return {errno, boost::system::system_category()}; }

}  // namespace

base::result<file_store> file_store::open(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR | S_IRGRP);
  if (descriptor < 0) return file_error();
  struct stat about {};
  if (::fstat(descriptor, &about) != 0) {
    const base::error_code error = file_error();
    ::close(descriptor);
    return error;
  }
  return file_store(descriptor, static_cast<std::uint64_t>(std::max<off_t>(about.st_size, 0)));
}

base::result<file_store> file_store::open(const std::string& path) { return open(path, O_RDONLY); }

base::result<file_store> file_store::create(const std::string& path) {
  return open(path, O_RDWR | O_CREAT | O_TRUNC);
}

file_store::~file_store() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

base::result<std::size_t> file_store::read_at(std::uint64_t offset, std::span<std::byte> out) noexcept {
  std::size_t done = 0;
  while (done < out.size()) {
    const auto got =
        ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error();
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

base::result<void> file_store::write_at(std::uint64_t offset, std::span<const std::byte> bytes) noexcept {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto got =
        ::pwrite(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error();
    done += static_cast<std::size_t>(got);
    size_ = std::max<std::uint64_t>(size_, offset + done);
  }
  return {};
}

}  // namespace parley::net
