// A source's reader with the batches of replayed records as further partitions, each of which ends. They are
// found like any other: at the start of the process, and by discover_beside() while it runs; or lanes are told of them
// (place_in_store::are_told). They come before the source's own records, since nothing waits for them to be fetched.
#pragma once

#include "actors/stream/replay/stored_batches.hpp"
#include "actors/stream/source/source.hpp"

#include <map>

namespace millrace::source {

class replaying_reader final : public reader {
public:
  replaying_reader(std::unique_ptr<reader> own, replay::stored_batches batches, const wants& wanted)
      : own_(std::move(own)), batches_(std::move(batches)), wanted_(wanted) {}

  expected<std::vector<partition_info>> discover(std::chrono::milliseconds timeout) override;
  expected<std::vector<partition_info>> discover_beside(const std::set<std::string>& known,
                                                        std::chrono::milliseconds timeout) override;
  expected<void> assign(const std::string& partition, position from) override;
  void unassign(const std::string& partition) override;
  expected<std::optional<chunk>> read(std::span<const std::string> wanted, std::size_t max_bytes,
                                      std::chrono::milliseconds timeout) override;
  void acknowledge(const std::string& partition, position durable) override;
  std::optional<backlog> lag() override { return own_->lag(); }
  std::optional<std::uint64_t> lag_bytes() override { return own_->lag_bytes(); }
  void interrupt() override { own_->interrupt(); }
  void close() override { own_->close(); }
  std::optional<std::string> warning() override { return own_->warning(); }
  std::string identity() const override { return own_->identity(); }
  std::uint64_t identity_version() const override { return own_->identity_version(); }
  void note_progress() override { own_->note_progress(); }
  expected<void> check_identity(std::string_view stored) override { return own_->check_identity(stored); }

private:
  struct place {
    std::size_t next = 0;
    std::optional<replay::replayed_batch> batch;  // set while it is read
    bool ended = false;                           // said so
  };
  /// Names of the batches that are not among `known`.
  expected<std::vector<partition_info>> look(const std::set<std::string>& known);
  expected<std::optional<chunk>> next_chunk(const std::string& partition, place& p, std::size_t max_bytes);

  std::unique_ptr<reader> own_;
  replay::stored_batches batches_;
  wants wanted_;
  std::map<std::uint64_t, std::string> names_;  // names of the batches that were found
  std::map<std::string, place> places_;         // places in the assigned batches
};

}  // namespace millrace::source
