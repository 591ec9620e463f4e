// A table in a folder of this machine. Its hidden files lie in the same folder: publishing is a rename.
#include "actors/connectors/parquet/sink/local_folder.hpp"

#include "actors/stream/sink/files/data_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace millrace::sink {
namespace {

class local_stored_file final : public storage::stored_file {
public:
  local_stored_file(std::filesystem::path path, descriptor fd, std::uint64_t size)
      : path_(std::move(path)), fd_(std::move(fd)), size_(size) {}

  std::uint64_t size() const override { return size_; }
  expected<std::string> read(std::uint64_t offset, std::uint64_t length) override {
    std::string out(std::min(length, size_ - std::min(offset, size_)), '\0');
    for (std::size_t got = 0; got < out.size();) {
      const auto n = ::pread(fd_.get(), out.data() + got, out.size() - got, static_cast<off_t>(offset + got));
      if (n < 0)
        return file_error("read", path_, errno);
      if (n == 0)
        out.resize(got);
      got += static_cast<std::size_t>(n);
    }
    return out;
  }

private:
  std::filesystem::path path_;
  descriptor fd_;
  std::uint64_t size_;
};

class local final : public storage::table_folder {
public:
  local(std::filesystem::path path, bool durable) : path_(std::move(path)), durable_(durable) {}

  expected<void> publish(const std::vector<whole_file_here>& files) override {
    for (const auto& [whole, visible] : files)
      RETURN_IF_ERROR(publish(whole, visible));
    return {};
  }

  expected<void> sync(const std::vector<std::string>& folders) override {
    if (!durable_)
      return {};
    for (const auto& folder : folders) {
      // A folder that is new is a name in the one above it.
      for (auto name = folder; !name.empty(); name.resize(name.find_last_of('/', name.size() - 2) + 1))
        RETURN_IF_ERROR(sync_folder(path_of(name)));
      RETURN_IF_ERROR(sync_folder(path_));
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

  expected<std::unique_ptr<storage::stored_file>> open(const std::string& name) override {
    auto path = path_of(name);
    // Not to wait for the writer of a named pipe: its size is an error, below.
    descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid())
      return file_error("open", path, errno);
    std::error_code failed;
    const auto size = std::filesystem::file_size(path, failed);
    if (failed)
      return file_error("read", path, failed.value());
    return std::make_unique<local_stored_file>(std::move(path), std::move(fd), size);
  }

  std::string shown(const std::string& name) const override { return path_of(name).string(); }

private:
  [[nodiscard]] expected<void> publish(const std::filesystem::path& whole, const std::string& visible) {
    std::error_code failed;
    if (!std::filesystem::exists(whole, failed)) {
      if (failed)
        return file_error("read", whole, failed.value());
      return {};
    }
    const auto to = path_of(visible);
    RETURN_IF_ERROR(make_folder_of(to));
    return reveal(whole, to);
  }

  std::filesystem::path path_of(const std::string& name) const { return name.empty() ? path_ : path_ / name; }

  std::filesystem::path path_;
  bool durable_;
};

}  // namespace

std::unique_ptr<storage::table_folder> local_folder(std::filesystem::path path, bool durable) {
  return std::make_unique<local>(std::move(path), durable);
}

}  // namespace millrace::sink
