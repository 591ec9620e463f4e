#include "actors/connectors/file/source/recent_bytes.hpp"

#include <xxhash.h>

#include <algorithm>

namespace millrace::source {

void recent_bytes::take(std::string_view next) {
  end_ += next.size();
  if (next.size() >= tail_bytes) {
    bytes_ = next.substr(next.size() - tail_bytes);
    return;
  }
  bytes_ += next;
  if (bytes_.size() > tail_bytes)
    bytes_.erase(0, bytes_.size() - tail_bytes);
}

expected<recent_bytes> recent_bytes::of(const open_file& file, std::uint64_t end) {
  std::string bytes(std::min<std::uint64_t>(end, tail_bytes), '\0');
  const auto begin = end - bytes.size();
  ASSIGN_OR_RETURN(const auto got, file.read_at(begin, bytes.data(), bytes.size()));
  if (got < bytes.size())
    return recent_bytes(end);
  recent_bytes all(begin);
  all.take(bytes);
  return all;
}

std::optional<file_tail> recent_bytes::tail() const {
  if (end_ == 0 || bytes_.size() < std::min<std::uint64_t>(end_, tail_bytes))
    return std::nullopt;
  return file_tail{end_, XXH3_64bits(bytes_.data(), bytes_.size())};
}

expected<bool> recent_bytes::are_in(const open_file& file) const {
  std::string there(bytes_.size(), '\0');
  ASSIGN_OR_RETURN(const auto got, file.read_at(end_ - bytes_.size(), there.data(), there.size()));
  return got == there.size() && there == bytes_;
}

}  // namespace millrace::source
