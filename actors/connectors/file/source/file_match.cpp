#include "actors/connectors/file/source/file_match.hpp"

#include "actors/connectors/file/source/recent_bytes.hpp"

#include <xxhash.h>

#include <algorithm>
#include <optional>
#include <string>
#include <sys/stat.h>

namespace millrace::source {

namespace {

// Answers are small; more packed files than these are hardly beside one log.
constexpr std::size_t most_answers = 1024;
constexpr std::size_t inflated_at_once = std::size_t{64} << 10U;

likeness compare_plain(const file_identity& known, const open_file& file, std::uint64_t length) {
  const auto head = own_head(file, known.head_length);
  if (!head || *head != file_head{known.head_length, known.head_hash} || length < known.tail.end)
    return likeness::none;
  if (known.tail.end > 0) {
    const auto there = recent_bytes::of(file, known.tail.end);
    if (!there || there->tail() != known.tail)
      return likeness::none;
  }
  if (known.length > 0)
    return length == known.length ? likeness::copy : likeness::same;
  // A head alone says little where it is the whole of a short file.
  return known.tail.end > 0 || known.head_length == head_bytes ? likeness::copy : likeness::same;
}

/// Inflates all of it: one that is just being packed has all that is known, and will be gone on with.
likeness inflate_and_compare(const file_identity& known, const open_file& file) {
  auto duplicate = file.duplicate();
  auto stream = duplicate ? open_stream(std::move(*duplicate), 0, std::nullopt)
                          : expected<std::unique_ptr<byte_stream>>(tl::make_unexpected(duplicate.error()));
  if (!stream)
    return likeness::none;
  std::string head;
  recent_bytes read;
  std::string block(inflated_at_once, '\0');
  bool cut = false;
  bool ended = false;
  const auto inflate_to = [&](std::uint64_t end) {
    while (read.end() < end && !cut && !ended) {
      const auto got = (*stream)->read(block.data(), std::min<std::uint64_t>(block.size(), end - read.end()));
      cut = !got;
      ended = got && *got == 0;
      const std::string_view more(block.data(), got ? *got : 0);
      head +=
          more.substr(0, std::min(more.size(),
                                  known.head_length - std::min<std::size_t>(head.size(), known.head_length)));
      read.take(more);
    }
    return read.end() == end;
  };
  const auto early = [&] { return cut ? likeness::part : likeness::none; };
  const auto whole = [&](likeness found) {
    while (!cut && !ended)
      inflate_to(read.end() + inflated_at_once);
    return cut ? likeness::part : found;
  };
  if (!inflate_to(known.head_length))
    return early();
  if (XXH3_64bits(head.data(), head.size()) != known.head_hash)
    return likeness::none;
  if (known.tail.end == 0)
    return whole(likeness::same);
  if (known.tail.end > known.head_length) {
    if (!inflate_to(known.tail.end))
      return early();
    if (read.tail() != known.tail)
      return likeness::none;
  }
  if (known.length == 0)
    return whole(likeness::copy);
  if (!inflate_to(known.length))
    return early();
  const bool longer = inflate_to(known.length + 1);
  return whole(longer ? likeness::same : likeness::copy);
}

}  // namespace

bool is_packed(const std::string& path) {
  const auto file = open_file::open(path);
  return file && is_gzip(*file).value_or(false);
}

likeness file_match::compare(const file_identity& known, const file_identity& f) {
  if (known.head_length == f.head_length && known.head_hash != f.head_hash)
    return likeness::none;
  const auto file = open_file::open(f.path);
  if (!file)
    return likeness::none;
  struct stat info {};
  if (::fstat(file->fd(), &info) != 0)
    return likeness::none;
  const auto length = static_cast<std::uint64_t>(info.st_size);
  if (!is_gzip(*file).value_or(false))
    return compare_plain(known, *file, length);
  const question asked{static_cast<std::uint64_t>(info.st_dev),
                       static_cast<std::uint64_t>(info.st_ino),
                       length,
                       info.st_mtim.tv_sec,
                       info.st_mtim.tv_nsec,
                       known.head_hash,
                       known.tail.end,
                       known.tail.hash,
                       known.length};
  if (const auto before = answers_.find(asked); before != answers_.end())
    return before->second;
  if (answers_.size() >= most_answers)
    answers_.clear();
  auto found = inflate_and_compare(known, *file);
  // A packed file that was never read is known by the length of the file, not of its content.
  if (found == likeness::same && known.tail.end == 0 && known.length == length)
    found = likeness::copy;
  return answers_[asked] = found;
}

bool file_match::is_still(const file_identity& known, const file_identity& f) {
  if (!is_same_file(known, f))
    return false;
  // One that was rotated and packed before it was known, and never read.
  if (known.tail.end == 0 && known.length > 0 && known.length != f.length)
    return false;
  auto wanted = known;
  // A packed file does not grow. One of the size that was seen is not inflated up to where it was read.
  if (known.seen == f.length && is_packed(f.path))
    wanted.tail = {};
  return compare(wanted, f) >= likeness::same;
}

}  // namespace millrace::source
