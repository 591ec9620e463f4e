// Segments as files of one folder.
#pragma once

#include "actors/stream/spool/segment_store.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <string>
#include <utility>

namespace millrace::spool {

class folder_segments final : public segment_store {
public:
  /// The folder's parent must exist. `files` outlives it.
  folder_segments(snapshot::file_system& files, std::string folder)
      : files_(files), folder_(std::move(folder)) {}

  expected<std::vector<std::uint64_t>> open() override;
  expected<std::string> read(std::uint64_t base) const override;
  expected<void> settle(std::uint64_t base) override { return files_.append(path(base), {}, true); }
  expected<void> begin(std::uint64_t base, std::string_view header) override;
  expected<void> append(std::uint64_t base, std::string_view frames) override {
    return files_.append(path(base), {frames}, true);
  }
  expected<void> remove(std::uint64_t base) override { return files_.remove(path(base)); }
  std::string place() const override { return folder_; }
  std::string path(std::uint64_t base) const override;
  std::string remedy() const override;

private:
  snapshot::file_system& files_;
  std::string folder_;
};

}  // namespace millrace::spool
