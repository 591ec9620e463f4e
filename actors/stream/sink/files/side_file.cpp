#include "actors/stream/sink/files/side_file.hpp"

#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace millrace::sink {
namespace {

constexpr std::uint64_t head_magic = 0x3145444953524C4D;  // "MLRSIDE1"
constexpr std::uint32_t slot_magic = 0x544F4C53;          // "SLOT"
constexpr std::int64_t page = 4096;
constexpr int regions = 13;  // slots of up to 16 MiB: far above any progress
constexpr std::size_t slot_head = 24;
static_assert(slot_head == 2 * sizeof(std::uint32_t) + 2 * sizeof(std::uint64_t));

// The lock is held by a process that runs, and no longer than for a commit.
constexpr std::chrono::seconds lock_patience{10};
constexpr std::chrono::milliseconds lock_look{2};

// Two words of the head lie at these places; each is aligned, so that no crash can tear it.
constexpr std::int64_t owner_at = 8;
constexpr std::int64_t clean_at = 16;

constexpr std::int64_t capacity(int region) { return page << region; }
constexpr std::int64_t slot_at(int region, std::uint64_t sequence) {
  return page + 2 * page * ((std::int64_t{1} << region) - 1) +
         static_cast<std::int64_t>(sequence % 2) * capacity(region);
}

bool write_at(int fd, std::string_view bytes, std::int64_t at) {
  while (!bytes.empty()) {
    const auto n = ::pwrite(fd, bytes.data(), bytes.size(), at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
    at += n;
  }
  return true;
}

bool write_word(int fd, std::uint64_t word, std::int64_t at) {
  return write_at(fd, {reinterpret_cast<const char*>(&word), sizeof word}, at);
}

std::uint64_t read_word(int fd, std::int64_t at) {
  std::uint64_t word = 0;
  return ::pread(fd, &word, sizeof word, at) == sizeof word ? word : 0;
}

std::string read_at(int fd, std::size_t size, std::int64_t at) {
  std::string bytes(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const auto n = ::pread(fd, bytes.data() + got, size - got, at + static_cast<std::int64_t>(got));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    got += static_cast<std::size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

bool is_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

std::uint64_t checksum(std::uint64_t sequence, std::string_view record) {
  return XXH3_64bits_withSeed(record.data(), record.size(), sequence);
}

struct slot {
  bool used = false;
  std::optional<std::string> record;  // no value where it is torn
  std::uint64_t sequence = 0;
};

slot read_slot(int fd, int region, std::uint64_t parity) {
  const auto at = slot_at(region, parity);
  const auto head = read_at(fd, slot_head, at);
  slot s;
  wire::reader in(head);
  const auto magic = in.fixed<std::uint32_t>();
  const auto length = in.fixed<std::uint32_t>();
  s.sequence = in.fixed<std::uint64_t>();
  const auto sum = in.fixed<std::uint64_t>();
  s.used = magic != 0;
  if (!in.ok() || magic != slot_magic || length > static_cast<std::uint64_t>(capacity(region)) - slot_head)
    return s;
  auto record = read_at(fd, length, at + static_cast<std::int64_t>(slot_head));
  if (record.size() == length && checksum(s.sequence, record) == sum)
    s.record = std::move(record);
  return s;
}

}  // namespace

unexpected file_error(std::string_view what, const std::filesystem::path& path, int error_number) {
  auto text = fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(error_number));
  switch (error_number) {
  case EACCES:
  case EPERM:
  case EROFS:
  case ENOTDIR:
  case EISDIR:
  case ENAMETOOLONG:
  case ELOOP:
    return user_error(ec::io, text + "; choose another path or mend its permissions");
  case ENOSPC:
  case EDQUOT:
    return outside_error(ec::io, text + "; make room on that file system");
  default:
    return outside_error(ec::io, std::move(text));
  }
}

unexpected refused_file(std::string_view what, const std::filesystem::path& path, const guarded_file& why) {
  if (why.refusal == file_refusal::none)
    return file_error(what, path, why.error);
  const auto* const remedy = why.refusal == file_refusal::link
                                 ? "remove it, or give the path that it leads to"
                                 : "remove it, or choose a folder in which only this user writes";
  return user_error(ec::refused,
                    fmt::format("cannot {} {}; {}", what, text_of(why.refusal, path.string()), remedy));
}

expected<void> sync_folder(const std::filesystem::path& folder) {
  const auto& name = folder.empty() ? std::filesystem::path(".") : folder;
  const descriptor fd(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() ||
      (::fsync(fd.get()) != 0 && errno != EINVAL))  // EINVAL: file systems that cannot, need not
    return file_error("sync the folder", name, errno);
  return {};
}

expected<side_file> side_file::open(std::filesystem::path path) {
  side_file f;
  const auto opened = open_guarded(path.string(), O_RDWR | O_CREAT, private_file);
  f.fd_ = descriptor(opened.fd);
  if (opened.refusal == file_refusal::no_file)
    return user_error(
        ec::unsupported,
        fmt::format("{} is not a regular file, and none of millrace's; remove it", path.string()));
  if (!f.fd_.valid())
    return refused_file("open", path, opened);
  f.path_ = std::move(path);
  return f;
}

side_file::guard::~guard() {
  if (fd_ >= 0)
    ::flock(fd_, LOCK_UN);
}

expected<side_file::guard> side_file::lock() {
  const auto until = std::chrono::steady_clock::now() + lock_patience;
  while (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EINTR && errno != EWOULDBLOCK)
      return file_error("lock", path_, errno);
    if (std::chrono::steady_clock::now() >= until)
      return outside_error(
          ec::unavailable,
          fmt::format("{} is locked by another process that writes to this target and stands still; wake it, "
                      "so that it learns that it was replaced, or end it",
                      path_.string()));
    std::this_thread::sleep_for(lock_look);  // a sink's own thread
  }
  return guard(fd_.get());
}

expected<std::optional<std::string>> side_file::load() {
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0)
    return file_error("read", path_, errno);
  // A crash while the file was made leaves nothing, or a page of zeros: nothing was stored yet.
  const bool is_new = info.st_size == 0 || (info.st_size == page && is_zero(read_at(fd_.get(), page, 0)));
  if (is_new) {
    if (::ftruncate(fd_.get(), page) != 0 || !write_word(fd_.get(), head_magic, 0))
      return file_error("write", path_, errno);
    was_clean_ = true;
    return std::optional<std::string>{};
  }
  const auto magic = info.st_size < page ? 0 : read_word(fd_.get(), 0);
  if (magic != head_magic)
    return fatal_error(ec::corrupt,
                       fmt::format("{} is not a progress file of millrace of a version that this one reads; "
                                   "restore it, or start over with --fresh after removing it",
                                   path_.string()));
  was_clean_ = read_word(fd_.get(), clean_at) != 0;
  std::optional<std::string> best;
  int torn = 0;
  sequence_ = 0;
  for (int region = 0; region < regions && slot_at(region, 0) < info.st_size; ++region)
    for (const std::uint64_t parity : {0, 1}) {
      auto s = read_slot(fd_.get(), region, parity);
      torn += s.used && !s.record;
      if (s.record && s.sequence >= sequence_) {
        sequence_ = s.sequence;
        best = std::move(s.record);
      }
    }
  // One torn slot is the very first store, cut off by a power loss; more is damage.
  if (!best && torn > 1)
    return fatal_error(ec::corrupt,
                       fmt::format("{} is damaged: none of its records fits its checksum; restore it, or "
                                   "start over with --fresh after removing it",
                                   path_.string()));
  return best;
}

expected<void> side_file::claim() {
  owner_ = read_word(fd_.get(), owner_at) + 1;
  if (!write_word(fd_.get(), owner_, owner_at) || !write_word(fd_.get(), 0, clean_at) ||
      ::fdatasync(fd_.get()) != 0)
    return file_error("write", path_, errno);
  return {};
}

expected<void> side_file::check_owner() const {
  if (owner_ == 0 || read_word(fd_.get(), owner_at) != owner_)
    return fatal_error(
        ec::fenced,
        fmt::format("a newer life of this sink, or another sink, has taken over {}", path_.string()));
  return {};
}

expected<void> side_file::store(std::string_view record, bool durable) {
  int region = 0;
  while (region<regions&& static_cast<std::int64_t>(record.size() + slot_head)> capacity(region))
    ++region;
  if (region == regions)
    return our_error(fmt::format("a record of {} bytes is too long for {}", record.size(), path_.string()));
  const auto sequence = sequence_ + 1;
  wire::writer out;
  out.fixed(slot_magic);
  out.fixed(static_cast<std::uint32_t>(record.size()));
  out.fixed(sequence);
  out.fixed(checksum(sequence, record));
  out.raw(record);
  if (!write_at(fd_.get(), out.bytes(), slot_at(region, sequence)))
    return file_error("write", path_, errno);
  if (durable && ::fdatasync(fd_.get()) != 0)
    return file_error("sync", path_, errno);
  sequence_ = sequence;
  return {};
}

void side_file::mark_clean() {
  // The word is only a hint: without it the next life cuts the target back to its committed length.
  if (check_owner())
    write_word(fd_.get(), 1, clean_at);
}

}  // namespace millrace::sink
