// Several followed logs side by side, each a partition: a path that a glob matches, with what rotation makes of its name. A
// name that is a rotated one of another matching path is no log of its own.
#pragma once

#include "actors/connectors/file/source/followed_reader.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace millrace::source {

/// The files of each log, by path. The readers of a life of a lane share them: any thread may call.
class files_of_logs {
public:
  explicit files_of_logs(
      std::chrono::microseconds late_writes, std::function<void()> note_gap = [] {})
      : late_writes_(late_writes), note_gap_(std::move(note_gap)) {}
  [[nodiscard]] std::shared_ptr<generations> of(const std::string& path);

private:
  const std::chrono::microseconds late_writes_;
  const std::function<void()> note_gap_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<generations>> all_;
};

class followed_logs final : public reader {
public:
  followed_logs(std::string pattern, std::shared_ptr<files_of_logs> files, const wants& wanted)
      : pattern_(std::move(pattern)), wanted_(wanted), files_(std::move(files)) {}

  expected<std::vector<partition_info>> discover(std::chrono::milliseconds timeout) override;
  expected<std::vector<partition_info>> discover_beside(const std::set<std::string>& known,
                                                        std::chrono::milliseconds timeout) override;
  expected<void> assign(const std::string& partition, position from) override;
  void unassign(const std::string& partition) override;
  expected<std::optional<chunk>> read(std::span<const std::string> wanted, std::size_t max_bytes,
                                      std::chrono::milliseconds timeout) override;
  void acknowledge(const std::string& partition, position durable) override;
  std::optional<backlog> lag() override;
  std::optional<std::uint64_t> lag_bytes() override;
  void interrupt() override { watch_->interrupt(); }
  std::string identity() const override;
  std::uint64_t identity_version() const override;
  void note_progress() override;
  expected<void> check_identity(std::string_view stored) override;

  /// Returns whether an identity is one of several logs.
  [[nodiscard]] static bool is_text(std::string_view identity);

private:
  using logs = std::map<std::string, std::unique_ptr<followed_reader>>;

  followed_reader& add(const std::string& path);
  /// Begins each log that is there and none of `known`.
  expected<std::vector<partition_info>> begin(const std::set<std::string>& known);
  /// Gives the first chunk that there is.
  expected<std::optional<chunk>> read_any(std::span<const std::string> wanted, std::size_t max_bytes);
  /// Returns the logs whose identity this reader tells: it reads them, or has found them and reads none yet.
  [[nodiscard]] std::vector<const logs::value_type*> told() const;

  std::string pattern_;
  wants wanted_;
  std::shared_ptr<files_of_logs> files_;
  logs logs_;
  std::set<std::string> assigned_;
  std::shared_ptr<file_watch> watch_ = std::make_shared<file_watch>();
  std::chrono::steady_clock::time_point next_round_{};
};

}  // namespace millrace::source
