#include "actors/connectors/file/source/container_bytes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::source {
namespace {

constexpr std::size_t passed_at_a_time = std::size_t{256} << 10U;

}  // namespace

expected<container_bytes> container_bytes::open(const std::string& path, std::uint64_t length) {
  ASSIGN_OR_RETURN(auto file, open_file::open(path));
  ASSIGN_OR_RETURN(const auto packed, is_gzip(file));
  if (!packed)
    return container_bytes(std::move(file), length);
  ASSIGN_OR_RETURN(auto copy, file.duplicate());
  container_bytes out(std::move(file), length);
  ASSIGN_OR_RETURN(out.inflated_, open_stream(std::move(copy), 0, length));
  return out;
}

expected<std::size_t> container_bytes::read(std::uint64_t at, char* to, std::size_t size) {
  if (inflated_)  // it stands there
    return inflated_->read(to, size);
  size = at >= length_ ? 0 : std::min<std::uint64_t>(size, length_ - at);
  auto got = file_.read_at(at, to, size);
  if (got && *got < size)
    return user_error(ec::mismatch,
                      fmt::format("{}: it ends at byte {} and was longer when the run began; put "
                                  "the whole file back, or begin anew with --fresh",
                                  file_.path(), at + *got));
  return got;
}

expected<std::string_view> container_bytes::look(std::size_t size) {
  if (ahead_.size() - begin_ < size) {
    ahead_.erase(0, begin_);
    begin_ = 0;
    auto filled = ahead_.size();
    ahead_.resize(size);
    while (filled < size) {
      const auto got = read(at_ + filled, ahead_.data() + filled, size - filled);
      if (!got || *got == 0) {
        ahead_.resize(filled);
        if (!got)
          return tl::make_unexpected(got.error());
        break;
      }
      filled += *got;
    }
  }
  return std::string_view(ahead_).substr(begin_, size);
}

expected<void> container_bytes::pass(std::uint64_t size) {
  const auto known = std::min<std::uint64_t>(size, ahead_.size() - begin_);
  begin_ += known;
  at_ += known;
  size -= known;
  if (size == 0)
    return {};
  ahead_.clear();
  begin_ = 0;
  if (!inflated_) {
    at_ += size;
    return {};
  }
  for (std::string passed(std::min<std::uint64_t>(size, passed_at_a_time), '\0'); size > 0;) {
    ASSIGN_OR_RETURN(const auto got,
                     inflated_->read(passed.data(), std::min<std::uint64_t>(size, passed.size())));
    if (got == 0)
      return {};
    at_ += got;
    size -= got;
  }
  return {};
}

std::string container_bytes::place(std::uint64_t at) const {
  return fmt::format("{} {}", inflated_ ? "inflated byte" : "byte", at);
}

}  // namespace millrace::source
