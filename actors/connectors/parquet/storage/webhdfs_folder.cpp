#include "actors/connectors/parquet/storage/webhdfs_folder.hpp"

#include "actors/connectors/parquet/storage/remote_folder.hpp"
#include "actors/connectors/parquet/webhdfs/file_system.hpp"
#include "runtime/base/random.hpp"

#include <fmt/format.h>

#include <set>

namespace millrace::storage {
namespace {

class hdfs_folder final : public remote_folder {
public:
  hdfs_folder(webhdfs_place place, http::exchange_options options)
      : place_(std::move(place)), options_(std::move(options)),
        in_({place_.url, place_.user, place_.server}, options_) {}

  expected<std::vector<entry>> list(const std::string& folder) override {
    ASSIGN_OR_RETURN(auto found, in_.list(path_of(folder)));
    std::vector<entry> all;
    for (auto& f : found)
      all.push_back({std::move(f.name), f.is_folder});
    return all;
  }

  expected<void> remove(const std::string& name) override {
    made_.clear();
    return in_.remove(path_of(name));
  }

  std::string shown(const std::string& name) const override { return place_.server + path_of(name); }

  expected<std::optional<std::uint64_t>> size_of(const std::string& name) override {
    ASSIGN_OR_RETURN(const auto status, in_.status_of(path_of(name)));
    if (!status)
      return std::nullopt;
    return status->length;
  }

  expected<std::string> read(const std::string& name, std::uint64_t offset, std::uint64_t length) override {
    return in_.read(path_of(name), offset, length);
  }

protected:
  std::unique_ptr<remote_folder> another() const override {
    return std::make_unique<hdfs_folder>(place_, options_);
  }

  expected<bool> send(const std::filesystem::path& whole, std::uint64_t size,
                      const std::string& visible) override {
    const auto slash = visible.find_last_of('/');
    const bool in_folder = slash != std::string::npos;
    RETURN_IF_ERROR(make(in_folder ? visible.substr(0, slash) : ""));
    // A name of its own for each try: what is still under way of an earlier one never gets into this file.
    const auto hidden = path_of(fmt::format("{}{:016x}-{}", hidden_upload, random_bits(),
                                            in_folder ? visible.substr(slash + 1) : visible));
    RETURN_IF_ERROR(upload_whole(whole, size, hidden));
    auto renamed = in_.rename(hidden, path_of(visible));
    if (!renamed)
      made_.clear();  // its folder may be what has gone
    else if (!*renamed)
      RETURN_IF_ERROR(in_.remove(hidden));
    return renamed;
  }

  expected<void> place(const std::filesystem::path& whole, std::uint64_t size,
                       const std::string& hidden) override {
    RETURN_IF_ERROR(make(""));
    return upload_whole(whole, size, path_of(hidden));
  }

  expected<bool> move(const std::string& hidden, const std::string& visible) override {
    const auto slash = visible.find_last_of('/');
    RETURN_IF_ERROR(make(slash != std::string::npos ? visible.substr(0, slash) : ""));
    auto renamed = in_.rename(path_of(hidden), path_of(visible));
    if (!renamed)
      made_.clear();  // its folder may be what has gone
    return renamed;
  }

  expected<bool> write(const std::string& name, const std::string& text, bool replace) override {
    RETURN_IF_ERROR(make(""));
    return in_.write(path_of(name), text, replace);
  }

private:
  std::string path_of(const std::string& name) const {
    auto path = name.empty() ? place_.folder : place_.folder + '/' + name;
    if (path.ends_with('/'))
      path.pop_back();
    return path;
  }

  expected<void> upload_whole(const std::filesystem::path& whole, std::uint64_t size,
                              const std::string& path) {
    RETURN_IF_ERROR(in_.upload(whole, path));
    ASSIGN_OR_RETURN(const auto came, in_.status_of(path));
    if (!came || came->length != size)
      return outside_error(ec::unavailable, fmt::format("{} has {} of the {} bytes that were sent to {}",
                                                        place_.server, came ? came->length : 0, size, path));
    return {};
  }

  expected<void> make(const std::string& folder) {
    if (made_.count(folder) != 0)
      return {};
    RETURN_IF_ERROR(in_.make_folders(path_of(folder)));
    made_.insert(folder);
    return {};
  }

  webhdfs_place place_;
  http::exchange_options options_;
  webhdfs::file_system in_;
  std::set<std::string> made_;  // folders that are there
};

}  // namespace

std::unique_ptr<table_folder> webhdfs_folder(webhdfs_place place, http::exchange_options options) {
  return std::make_unique<hdfs_folder>(std::move(place), std::move(options));
}

}  // namespace millrace::storage
