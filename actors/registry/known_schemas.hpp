// The schemas of a registry that the readers of one life of a lane know. They mean the same to each of them, and are what the
// state keeps. Any thread may call.
#pragma once

#include "actors/stream/source/kept_schemas.hpp"
#include "actors/stream/source/source.hpp"

#include <mutex>
#include <optional>
#include <vector>

namespace millrace::registry {

/// More than these end the source with an error that names them.
struct bounds {
  std::size_t most_ids = 10'000;
  std::uint64_t most_bytes = 64'000'000;
};

class known_schemas {
public:
  using text = std::shared_ptr<const std::string>;

  explicit known_schemas(bounds b = {}) : bounds_(b) {}

  /// How records of this partition with this id stand.
  struct standing {
    text schema{};  // null: not known
    std::optional<source::schemaless>
        without{};  // records below its position have no schema, whatever is known
  };
  [[nodiscard]] standing of(std::uint64_t id, const std::string& partition) const;

  /// Takes a schema; one that is known under this id already stays. Errors: there are too many.
  [[nodiscard]] expected<void> add(std::uint64_t id, text schema);
  /// The registry has none for records of this partition up to `to`. It is asked again behind a number of positions that
  /// doubles each time: a schema may come later than its first records, and records that have none may be many. False: so
  /// many ids are without a schema that this one is not kept.
  bool is_without(std::uint64_t id, const std::string& partition, position to, std::string why);

  /// All schemas; the same object until there is another one.
  [[nodiscard]] std::shared_ptr<const source::record_schemas> all() const;

  /// The entries for the log's identity, in the order of ids.
  [[nodiscard]] std::string entries() const;
  /// Takes the entries of an identity that was kept.
  [[nodiscard]] expected<void> restore(std::string_view identity);
  /// The schemas that came from the state, once: to be compared with those of the registry.
  [[nodiscard]] std::map<std::uint64_t, text> take_restored();

private:
  struct entry {
    text schema;
    std::string packed;
  };

  bounds bounds_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, entry> by_id_;
  std::map<std::pair<std::uint64_t, std::string>, source::schemaless> unknown_;
  std::uint64_t bytes_ = 0;
  mutable std::shared_ptr<const source::record_schemas> all_;  // null: to be made anew
  std::map<std::uint64_t, text> restored_;
};

}  // namespace millrace::registry
