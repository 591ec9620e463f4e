// A file system in which something happens before a chosen operation: another process gets a turn there, or
// the operation fails without an answer, whether it has happened or not. Its locks hold nobody: two stores on
// it are two processes on a shared mount.
#pragma once

#include "runtime/snapshot/file_system.hpp"

#include <functional>
#include <utility>

namespace millrace::snapshot::test {

class interposed_file_system : public file_system {
public:
  explicit interposed_file_system(file_system& below) : below_(below) {}

  enum class answer { given, lost, refused };  // lost: it happens and fails all the same

  /// Asked before each operation that changes something or reads.
  std::function<answer(std::string_view operation, const std::string& path)> before = [](auto, const auto&) {
    return answer::given;
  };

  expected<bool> make_folder(const std::string& path) override {
    return step("make", path, [&] { return below_.make_folder(path); });
  }
  expected<std::vector<entry>> list(const std::string& path) override {
    return step("list", path, [&] { return below_.list(path); });
  }
  expected<std::string> read(const std::string& path) override {
    return step("read", path, [&] { return below_.read(path); });
  }
  expected<std::string> read_part(const std::string& path, std::uint64_t at, std::uint64_t length) override {
    return step("read", path, [&] { return below_.read_part(path, at, length); });
  }
  expected<void> write(const std::string& path, parts contents, bool synced) override {
    return step("write", path, [&] { return below_.write(path, contents, synced); });
  }
  expected<void> append(const std::string& path, parts contents, bool synced) override {
    return step("append", path, [&] { return below_.append(path, contents, synced); });
  }
  expected<void> publish(const std::string& from, const std::string& to) override {
    return step("publish", to, [&] { return below_.publish(from, to); });
  }
  expected<void> replace(const std::string& from, const std::string& to) override {
    return step("replace", to, [&] { return below_.replace(from, to); });
  }
  expected<void> remove(const std::string& path) override {
    return step("remove", path, [&] { return below_.remove(path); });
  }
  expected<void> sync_folder(const std::string& path) override {
    return step("sync", path, [&] { return below_.sync_folder(path); });
  }
  expected<std::unique_ptr<folder_lock>> lock(const std::string& path, lock_kind) override {
    return below_.write(path, {"process 1 on test\n"}, false).map([] {
      return std::make_unique<folder_lock>();
    });
  }

private:
  template<class F>
  auto step(std::string_view operation, const std::string& path, F&& happen) -> decltype(happen()) {
    const auto what = before(operation, path);
    if (what == answer::given)
      return happen();
    if (what == answer::lost)
      (void)happen();
    return outside_error(ec::io, "no answer");
  }

  file_system& below_;
};

}  // namespace millrace::snapshot::test
