#include "actors/connectors/parquet/sink/work_folder.hpp"

#include "actors/stream/sink/files/data_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

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

}  // namespace

expected<void> work_folder::make() const {
  std::error_code failed;
  std::filesystem::create_directories(path_, failed);
  if (failed)
    return file_error("make the folder", path_, failed.value());
  return {};
}

expected<std::unique_ptr<new_file>> work_folder::create(const std::string& name) const {
  auto path = path_of(name);
  descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd.valid())
    return file_error("make", path, errno);
  return std::make_unique<local_file>(std::move(path), std::move(fd), durable_);
}

expected<void> work_folder::sync() const {
  if (!durable_)
    return {};
  return sync_folder(path_);
}

expected<void> work_folder::remove_all(std::string_view beginning) const {
  std::error_code failed;
  std::vector<std::filesystem::path> names;
  for (std::filesystem::directory_iterator i(path_, failed), end; !failed && i != end; i.increment(failed))
    if (i->path().filename().string().starts_with(beginning))
      names.push_back(i->path());
  if (failed)
    return file_error("read the folder", path_, failed.value());
  for (const auto& path : names) {
    std::filesystem::remove(path, failed);
    if (failed)
      return file_error("remove", path, failed.value());
  }
  return {};
}

}  // namespace millrace::sink
