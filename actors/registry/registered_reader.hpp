// A source's reader that gives each chunk with the schemas its records name by their ids, which it fetches from a registry once.
// A chunk whose schemas cannot be had just now stays here until they can: nothing of its partition overtakes it. What was
// learned of the registry is a part of the log's identity, so that the state has it and the same records are read alike again.
#pragma once

#include "actors/parsers/record_prefix.hpp"
#include "actors/registry/chunk_schemas.hpp"
#include "actors/registry/known_schemas.hpp"
#include "actors/registry/schema_store.hpp"
#include "actors/registry/unknown_ids.hpp"
#include "actors/stream/source/awaited.hpp"
#include "actors/stream/source/source.hpp"
#include "runtime/base/backoff.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace millrace::registry {

struct registered_options {
  parser::prefix_form prefix = parser::prefix_form::confluent;
  std::string registry{};  // its URL, as errors name it
  std::string in_logs{};   // names the source in warnings
  backoff_options waits{};
  std::shared_ptr<source::awaited> awaited = std::make_shared<source::awaited>();
  named_by parts{};
};

class registered_reader final : public source::reader {
public:
  /// `known` is shared by the readers of one life. `connect` makes what asks the registry: once for this reader's thread, and
  /// once for a thread that compares what the state has with the registry.
  registered_reader(std::unique_ptr<source::reader> own, std::shared_ptr<known_schemas> known,
                    std::function<std::unique_ptr<schema_store>()> connect, registered_options options);
  ~registered_reader() override;

  expected<std::vector<source::partition_info>> discover(std::chrono::milliseconds timeout) override {
    return own_->discover(timeout);
  }
  expected<std::vector<source::partition_info>> discover_beside(const std::set<std::string>& known,
                                                                std::chrono::milliseconds timeout) override {
    return own_->discover_beside(known, timeout);
  }
  expected<void> assign(const std::string& partition, position from) override;
  void unassign(const std::string& partition) override;
  expected<std::optional<source::chunk>> read(std::span<const std::string> wanted, std::size_t max_bytes,
                                              std::chrono::milliseconds timeout) override;
  void acknowledge(const std::string& partition, position durable) override {
    own_->acknowledge(partition, durable);
  }
  std::optional<source::backlog> lag() override;
  std::optional<std::uint64_t> lag_bytes() override { return own_->lag_bytes(); }
  void interrupt() override;
  void close() override;
  std::optional<std::string> warning() override { return own_->warning(); }
  std::string identity() const override { return own_->identity() + known_->entries(); }
  std::uint64_t identity_version() const override;
  void note_progress() override { own_->note_progress(); }
  expected<void> check_identity(std::string_view stored) override;

private:
  using clock = std::chrono::steady_clock;
  using whys = std::map<std::uint64_t, std::string>;

  /// Gives the chunk that waits for this partition, or its first part.
  expected<std::optional<source::chunk>> give(const std::string& partition, clock::time_point until);
  /// Fetches what the records of the chunk need and nobody knows yet; gives the ids that have none.
  expected<whys> fetch_for(const source::chunk& c, const std::vector<id_in_chunk>& ids,
                           clock::time_point until);
  expected<fetched> fetch(std::uint64_t id);
  /// Notes that the registry is waited for, and logs a silence once until it answers.
  void tell_silence(std::chrono::seconds so_far);
  /// No record waits for the registry, as far as is known.
  void waits_no_more();
  /// An error: it is not yet time to ask the registry again, or reading was interrupted.
  expected<void> wait_for_next_try(clock::time_point until);
  [[nodiscard]] std::shared_ptr<const source::record_schemas>
  schemas_of(const std::vector<id_in_chunk>& ids, const std::string& partition, const whys& without) const;
  void start_comparing();
  void compare(const std::map<std::uint64_t, known_schemas::text>& restored);
  void stop_comparing();

  std::unique_ptr<source::reader> own_;
  std::shared_ptr<known_schemas> known_;
  std::function<std::unique_ptr<schema_store>()> connect_;
  registered_options options_;
  std::unique_ptr<schema_store> store_;
  std::map<std::string, source::chunk> held_;  // read, and not yet given; keyed by partition
  std::uint64_t changes_ = 0;                  // of what is known, by this reader
  // Registry away: when to ask again, and what it said.
  backoff waits_;
  clock::time_point next_try_{};
  std::optional<error> why_away_;
  bool told_silence_ = false;
  unknown_ids unknown_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool interrupted_ = false;
  bool fetching_ = false;
  // Comparing what the state has with the registry.
  std::unique_ptr<schema_store> compared_with_;
  bool ends_ = false;
  std::thread comparing_;
};

}  // namespace millrace::registry
