// Records as the lines of a file.
#include "runtime/base/descriptor.hpp"
#include "tools/load/target.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

namespace millrace::load {
namespace {

class file_target final : public target {
public:
  file_target(std::string path, int file) : path_(std::move(path)), file_(file) {}

  expected<bool> ready(std::chrono::milliseconds) override { return true; }

  expected<std::size_t> send(std::span<const outgoing_record> records) override {
    buffer_.clear();
    for (const auto& r : records) {
      buffer_ += r.bytes;
      buffer_ += '\n';
    }
    std::string_view left = buffer_;
    while (!left.empty()) {
      const auto wrote = ::write(file_.get(), left.data(), left.size());
      if (wrote < 0 && errno == EINTR)
        continue;
      if (wrote < 0)
        return fatal_error(ec::io, fmt::format("--out {}: {}", path_, std::strerror(errno)));
      left.remove_prefix(static_cast<std::size_t>(wrote));
    }
    const auto now = system_clock().now();
    for (const auto& r : records) {
      done_.latency.add(now - r.due);
      done_.bytes += r.bytes.size();
    }
    done_.delivered += records.size();
    return records.size();
  }

  expected<void> work(std::chrono::milliseconds wait) override {
    std::this_thread::sleep_for(wait);
    return {};
  }
  [[nodiscard]] std::uint64_t under_way() const override { return 0; }
  [[nodiscard]] const outcome& done() const override { return done_; }

private:
  std::string path_;
  descriptor file_;
  std::string buffer_;
  outcome done_;
};

}  // namespace

expected<std::unique_ptr<target>> make_file_target(const options& o) {
  const int how = o.append ? O_APPEND : O_EXCL;
  const int file = ::open(o.out.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | how, 0644);
  if (file < 0 && errno == EEXIST)
    return user_error(
        ec::already_exists,
        fmt::format("--out {}: the file is there already; remove it, or add to it with --append", o.out));
  if (file < 0)
    return user_error(ec::io, fmt::format("--out {}: {}", o.out, std::strerror(errno)));
  return std::make_unique<file_target>(o.out, file);
}

}  // namespace millrace::load
