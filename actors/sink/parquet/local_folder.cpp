// A table in a folder of this machine.
#include "actors/sink/data_file.hpp"
#include "actors/sink/parquet/table_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace millrace::sink {
namespace {

class local_file final : public new_file {
public:
  local_file(std::filesystem::path path, descriptor fd, bool durable)
      : path_(std::move(path)), fd_(std::move(fd)), durable_(durable) {}

  expected<void> write(std::string_view bytes) override { return write_all(fd_, bytes, path_); }
  expected<void> finish() override {
    if (durable_ && ::fsync(fd_.get()) != 0)
      return file_error("sync", path_, errno);
    fd_ = {};
    return {};
  }

private:
  std::filesystem::path path_;
  descriptor fd_;
  bool durable_;
};

class local final : public table_folder {
public:
  local(std::filesystem::path path, bool durable) : path_(std::move(path)), durable_(durable) {}

  expected<std::unique_ptr<new_file>> create(const std::string& hidden) override {
    auto path = path_of(hidden);
    descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!fd.valid())
      return file_error("make", path, errno);
    return std::make_unique<local_file>(std::move(path), std::move(fd), durable_);
  }

  expected<void> publish(const std::string& hidden, const std::string& visible) override {
    const auto from = path_of(hidden);
    std::error_code failed;
    if (!std::filesystem::exists(from, failed)) {
      if (failed)
        return file_error("read", from, failed.value());
      return {};
    }
    const auto to = path_of(visible);
    if (auto made = make_folder_of(to); !made)
      return made;
    return reveal(from, to);
  }

  expected<void> sync(const std::vector<std::string>& folders) override {
    if (!durable_)
      return {};
    for (const auto& folder : folders) {
      // A folder that is new is a name in the one above it.
      for (auto name = folder; !name.empty(); name.resize(name.find_last_of('/', name.size() - 2) + 1))
        if (auto synced = sync_folder(path_of(name)); !synced)
          return synced;
      if (auto synced = sync_folder(path_); !synced)
        return synced;
    }
    return {};
  }

  expected<std::vector<entry>> list(const std::string& folder) override {
    std::vector<entry> all;
    std::error_code failed;
    const auto path = path_of(folder);
    for (std::filesystem::directory_iterator i(path, failed), end; !failed && i != end; i.increment(failed)) {
      std::error_code unknown;
      all.push_back({i->path().filename().string(), i->is_directory(unknown)});
    }
    if (failed && failed != std::errc::no_such_file_or_directory)
      return file_error("read the folder", path, failed.value());
    std::sort(all.begin(), all.end(), [](const entry& a, const entry& b) { return a.name < b.name; });
    return all;
  }

  expected<void> remove(const std::string& name) override {
    std::error_code failed;
    std::filesystem::remove(path_of(name), failed);
    if (failed)
      return file_error("remove", path_of(name), failed.value());
    return {};
  }

  std::filesystem::path path_of(const std::string& name) const override {
    return name.empty() ? path_ : path_ / name;
  }

private:
  std::filesystem::path path_;
  bool durable_;
};

}  // namespace

std::unique_ptr<table_folder> local_folder(std::filesystem::path path, bool durable) {
  return std::make_unique<local>(std::move(path), durable);
}

}  // namespace millrace::sink
