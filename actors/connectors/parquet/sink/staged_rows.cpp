#include "actors/connectors/parquet/sink/staged_rows.hpp"

#include "runtime/wire/batch_format.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <new>
#include <sys/stat.h>
#include <unistd.h>

namespace millrace::sink {
namespace {

constexpr std::size_t head_size = 12;
static_assert(head_size == sizeof(std::uint32_t) + sizeof(std::uint64_t));
constexpr std::size_t entry_unit = 16;  // so that a head never lies across the end of a block's zeros
constexpr std::size_t block = 4096;     // of all usual disks, and of memory
constexpr std::size_t least_memory = 2 << 20;

constexpr std::size_t up_to(std::size_t n, std::size_t unit) { return (n + unit - 1) / unit * unit; }

}  // namespace

expected<void> staged_rows::look_at_path() const {
  struct stat ours {};
  struct stat there {};
  if (::fstat(fd_.get(), &ours) != 0)
    return file_error("read", path_, errno);
  if (::lstat(path_.c_str(), &there) != 0 || ours.st_ino != there.st_ino || ours.st_dev != there.st_dev)
    return user_error(ec::not_found,
                      fmt::format("{} was removed or replaced while the sink was writing to it; "
                                  "put it back, or start over with --fresh",
                                  path_.string()));
  if (static_cast<std::uint64_t>(ours.st_size) < at_)
    return user_error(ec::mismatch,
                      fmt::format("{} was cut by somebody else; start over with --fresh", path_.string()));
  return {};
}

expected<void> staged_rows::open(std::uint64_t committed) {
  waiting_ = 0;
  added_ = 0;
  at_ = committed;
  const auto flags = O_RDWR | (committed == 0 ? O_CREAT : 0);
  auto opened = open_guarded(path_.string(), flags | O_DIRECT, private_file);
  direct_ = opened.fd >= 0;
  if (!direct_ && opened.error == EINVAL)
    opened = open_guarded(path_.string(), flags, private_file);
  fd_ = descriptor(opened.fd);
  if (!fd_.valid() && opened.error != ENOENT)
    return refused_file("open", path_, opened);
  struct stat info {};
  if (fd_.valid() && ::fstat(fd_.get(), &info) != 0)
    return file_error("read", path_, errno);
  if (static_cast<std::uint64_t>(info.st_size) < committed)
    return user_error(
        fd_.valid() ? ec::mismatch : ec::not_found,
        fmt::format("{} holds {} committed bytes that are in no visible file yet, but {}; put it back as it "
                    "was, or start over with --fresh",
                    path_.string(), committed,
                    fd_.valid() ? fmt::format("has only {}", info.st_size) : "it has vanished"));
  if (::ftruncate(fd_.get(), static_cast<off_t>(committed)) != 0)
    return file_error("cut back", path_, errno);
  return {};
}

void staged_rows::append(std::string_view bytes, std::size_t zeros) {
  const auto size = waiting_ + bytes.size() + zeros;
  if (size > capacity_) {
    capacity_ = std::max(least_memory, up_to(size + size / 2, block));
    std::unique_ptr<char, release> more(static_cast<char*>(std::aligned_alloc(block, capacity_)));
    if (!more) {
      if (auto* const handler = std::get_new_handler(); handler != nullptr)  // as `new` does
        handler();
      throw std::bad_alloc();
    }
    if (waiting_ != 0)
      std::memcpy(more.get(), memory_.get(), waiting_);
    memory_ = std::move(more);
  }
  if (!bytes.empty())
    std::memcpy(memory_.get() + waiting_, bytes.data(), bytes.size());
  if (zeros != 0)
    std::memset(memory_.get() + waiting_ + bytes.size(), 0, zeros);
  waiting_ = size;
}

void staged_rows::add(const data::batch& rows) {
  wire::writer out(std::move(encoded_));
  out.fixed(std::uint32_t{});
  out.fixed(std::uint64_t{});
  wire::encode_batch(out, rows);
  encoded_ = out.take();
  const auto size = static_cast<std::uint32_t>(encoded_.size() - head_size);
  const std::uint64_t sum = XXH3_64bits(encoded_.data() + head_size, size);
  std::memcpy(encoded_.data(), &size, sizeof size);
  std::memcpy(encoded_.data() + sizeof size, &sum, sizeof sum);
  append(encoded_, up_to(encoded_.size(), entry_unit) - encoded_.size());
  added_ += encoded_.size();
}

/// Writes the first `size` bytes of what waits: whole blocks.
expected<void> staged_rows::write(std::size_t size) {
  if (size == 0)
    return {};
  RETURN_IF_ERROR(look_at_path());
  for (std::size_t done = 0; done < size;) {
    const auto n = ::pwrite(fd_.get(), memory_.get() + done, size - done, static_cast<off_t>(at_ + done));
    if (n < 0 && errno == EINTR)
      continue;
    // Some file systems take the flag and refuse the write; and one that is nearly full ends within a block.
    if (direct_ && ((n < 0 && errno == EINVAL) || (n >= 0 && n % static_cast<ssize_t>(block) != 0))) {
      if (::fcntl(fd_.get(), F_SETFL, ::fcntl(fd_.get(), F_GETFL) & ~O_DIRECT) != 0)
        return file_error("write", path_, errno);
      direct_ = false;
    } else if (n < 0) {
      return file_error("write", path_, errno);
    }
    done += static_cast<std::size_t>(std::max<ssize_t>(n, 0));
  }
  at_ += size;
  waiting_ -= size;
  std::memmove(memory_.get(), memory_.get() + size, waiting_);
  return {};
}

expected<void> staged_rows::flush() { return write(waiting_ / block * block); }

expected<std::uint64_t> staged_rows::complete(bool durable) {
  append({}, up_to(waiting_, block) - waiting_);
  RETURN_IF_ERROR(write(waiting_));
  if (durable && ::fdatasync(fd_.get()) != 0)
    return file_error("sync", path_, errno);
  return at_;
}

void staged_rows::restart() {
  waiting_ = 0;
  at_ = 0;
  added_ = 0;
}

void staged_rows::empty() {
  restart();
  // Bytes that stay only take room on the disk.
  static_cast<void>(::ftruncate(fd_.get(), 0) == 0);
}

expected<void> staged_rows::read(std::uint64_t committed,
                                 const std::function<expected<void>(const data::batch&)>& each) const {
  std::ifstream in(path_, std::ios::binary);
  const auto damaged = [&](std::uint64_t at) {
    return fatal_error(
        ec::corrupt,
        fmt::format("{} is damaged at byte {}; restore it, or start over with --fresh", path_.string(), at));
  };
  std::string bytes;
  for (std::uint64_t at = 0; at < committed;) {
    char head[head_size];
    std::uint32_t size = 0;
    std::uint64_t sum = 0;
    if (committed - at < head_size || !in.seekg(static_cast<std::streamoff>(at)) || !in.read(head, head_size))
      return damaged(at);
    std::memcpy(&size, head, sizeof size);
    std::memcpy(&sum, head + sizeof size, sizeof sum);
    if (size == 0) {  // the end of a commit
      const auto next = (at / block + 1) * block;
      if (at % block == 0 || sum != 0)
        return damaged(at);
      at = next;
      continue;
    }
    if (size > committed - at - head_size)
      return damaged(at);
    bytes.resize(size);
    if (!in.read(bytes.data(), size) || XXH3_64bits(bytes.data(), size) != sum)
      return damaged(at);
    wire::reader encoded(bytes);
    const auto rows = wire::decode_batch(encoded);
    if (!rows || !encoded.at_end())
      return damaged(at);
    RETURN_IF_ERROR(each(*rows));
    at += up_to(head_size + size, entry_unit);
  }
  return {};
}

}  // namespace millrace::sink
