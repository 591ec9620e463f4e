#include "actors/connectors/parquet/storage/remote_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>

namespace millrace::storage {
namespace {

constexpr std::uint64_t longest_mark = 4096;
/// HDFS may take half a second for the last block of a file, most of which it waits.
constexpr std::size_t at_a_time = 8;

class remote_file final : public stored_file {
public:
  remote_file(remote_folder& in, std::string name, std::uint64_t size)
      : in_(&in), name_(std::move(name)), size_(size) {}
  std::uint64_t size() const override { return size_; }
  expected<std::string> read(std::uint64_t offset, std::uint64_t length) override {
    length = std::min(length, size_ - std::min(offset, size_));
    return length == 0 ? expected<std::string>() : in_->read(name_, offset, length);
  }

private:
  remote_folder* in_;
  std::string name_;
  std::uint64_t size_;
};

unexpected cannot(std::string_view what, const std::filesystem::path& path, const std::error_code& why) {
  return outside_error(ec::io, fmt::format("cannot {} {}: {}", what, path.string(), why.message()));
}

}  // namespace

expected<void>
remote_folder::several_at_a_time(std::size_t count,
                                 const std::function<expected<void>(remote_folder&, std::size_t)>& each) {
  std::atomic<std::size_t> next = 0;
  const auto send_on = [&](remote_folder& over) -> expected<void> {
    for (auto i = next++; i < count; i = next++)
      if (auto sent = each(over, i); !sent) {
        next = count;
        return sent;
      }
    return {};
  };
  std::vector<std::future<expected<void>>> others;
  for (std::size_t i = 1; i < std::min(at_a_time, count); ++i)
    others.push_back(std::async(std::launch::async, [&] { return send_on(*another()); }));
  auto done = send_on(*this);
  for (auto& other : others)
    if (auto sent = other.get(); !sent && done)
      done = std::move(sent);
  return done;
}

expected<void> remote_folder::publish(const std::vector<whole_file_here>& files) {
  return several_at_a_time(files.size(),
                           [&](remote_folder& over, std::size_t i) { return over.publish(files[i]); });
}

expected<void> remote_folder::upload_hidden(const std::vector<upload>& files) {
  return several_at_a_time(files.size(), [&](remote_folder& over, std::size_t i) -> expected<void> {
    std::error_code failed;
    const auto size = std::filesystem::file_size(files[i].path, failed);
    if (failed)
      return cannot("read", files[i].path, failed);
    return over.place(files[i].path, size, files[i].hidden);
  });
}

expected<void> remote_folder::reveal_hidden(const std::vector<hidden_file>& files) {
  return several_at_a_time(files.size(),
                           [&](remote_folder& over, std::size_t i) { return over.reveal(files[i]); });
}

expected<void> remote_folder::reveal(const hidden_file& file) {
  ASSIGN_OR_RETURN(const auto size, size_of(file.hidden));
  if (!size)
    return {};
  auto there = size_of(file.visible);
  if (!there)
    return unexpected(there.error());
  if (!*there) {
    ASSIGN_OR_RETURN(const auto moved, move(file.hidden, file.visible));
    if (moved)
      return {};
    there = size_of(file.visible);
    if (!there)
      return unexpected(there.error());
  }
  // No name is used twice: of that length it is this file, revealed by a call that ended halfway.
  if (*there != size)
    return fatal_error(ec::already_exists,
                       fmt::format("{} is there, but not from this sink; move it away", shown(file.visible)));
  return remove(file.hidden);
}

expected<void> remote_folder::publish(const whole_file_here& file) {
  const auto& [whole, visible] = file;
  std::error_code failed;
  const auto size = std::filesystem::file_size(whole, failed);
  if (failed == std::errc::no_such_file_or_directory)
    return {};
  if (failed)
    return cannot("read", whole, failed);
  ASSIGN_OR_RETURN(const auto sent, send(whole, size, visible));
  if (!sent) {
    // No name is used twice: of that length it is this file, sent by a call whose answer was lost.
    ASSIGN_OR_RETURN(const auto there, size_of(visible));
    if (there != size)
      return fatal_error(ec::already_exists,
                         fmt::format("{} is there, but not from this sink; move it away", shown(visible)));
  }
  std::filesystem::remove(whole, failed);
  if (failed)
    return cannot("remove", whole, failed);
  return {};
}

expected<std::unique_ptr<stored_file>> remote_folder::open(const std::string& name) {
  ASSIGN_OR_RETURN(const auto size, size_of(name));
  if (!size)
    return outside_error(ec::not_found, fmt::format("{} has gone", shown(name)));
  return std::make_unique<remote_file>(*this, name, *size);
}

expected<std::optional<std::string>> remote_folder::mark() {
  const std::string name(mark_name);
  ASSIGN_OR_RETURN(const auto size, size_of(name));
  if (!size)
    return std::nullopt;
  ASSIGN_OR_RETURN(auto text,
                   *size == 0 ? expected<std::string>() : read(name, 0, std::min(*size, longest_mark)));
  return text;
}

expected<void> remote_folder::set_mark(const std::string& text, bool replace) {
  ASSIGN_OR_RETURN(const auto written, write(std::string(mark_name), text, replace));
  if (!written)
    return outside_error(ec::already_exists,
                         fmt::format("{} was taken by another sink at this moment", shown("")));
  return {};
}

}  // namespace millrace::storage
