// The parts that survive a process: an actor's snapshots (a base and increments), its spilled output, and small values.
// Interfaces, and what they promise. All calls block and belong to a writer thread, never to a shared scheduler
// thread. Formats are drawn in docs/development/formats.md.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/segment_id.hpp"
#include "runtime/chain/chain.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::snapshot {

/// The snapshots of one actor (a shard), as a chain: a base, then increments with consecutive sequence
/// numbers, each naming its predecessor's checksum. The previous base and its increments are kept until the
/// next base is verified.
class snapshots {
public:
  virtual ~snapshots() = default;

  using chain = millrace::chain::contents;
  /// Reads the newest whole chain. Damaged or missing files after it are passed over; the chain is at most
  /// one increment shorter than what was acknowledged as durable, unless more than one file is damaged (then
  /// ec::corrupt, with the remedy, rather than a silent fall further back than one generation). ec::fenced when
  /// a newer life has opened.
  [[nodiscard]] virtual expected<chain> load() = 0;
  /// Makes an increment durable (fsync of file and folder). `twice`: kept in two copies, so that no single
  /// damage can lose it (a decision). Returns its sequence number. ec::fenced when a newer incarnation has
  /// opened. After any other error it does not count, and the next append goes on.
  [[nodiscard]] virtual expected<std::uint64_t> append(std::string_view increment, bool twice) = 0;
  /// Compacts once the increments have outgrown their base: merges base and increments by `merge` (pure, from
  /// bytes to bytes) into a new base, verifies it by reading it back, then drops what precedes the previous
  /// base. True if it did.
  [[nodiscard]] virtual expected<bool>
  compact(const std::function<expected<std::string>(const chain&)>& merge) = 0;
  /// Bytes on disk.
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;
};

/// Spilled output of one actor (a shard): files that are written once, read back, and removed. Its snapshots
/// name them.
class segments {
public:
  virtual ~segments() = default;
  /// Makes the segment durable (fsync of file and folder); leaves no file when it fails. ec::fenced when a
  /// newer incarnation has opened.
  [[nodiscard]] virtual expected<void> write(const segment_id& id, std::string_view payload) = 0;
  /// Reads the segment as it was written. ec::not_found or ec::corrupt with the remedy: a needed segment is
  /// never skipped.
  [[nodiscard]] virtual expected<std::string> read(const segment_id& id) const = 0;
  /// Segments that are not there are passed over.
  [[nodiscard]] virtual expected<void> remove(const std::vector<segment_id>& ids) = 0;
};

/// Identity of a topology's state.
struct identity {
  std::string state_id;  // 128 random bits as hex, new with each --fresh
  std::string topology;  // its name
};

/// The part of a topology's state that its shards need. Calls block and may come from any thread; what was
/// opened belongs to one thread.
class shard_store {
public:
  virtual ~shard_store() = default;
  /// `actor` is the shard's lasting name. ec::fenced when a newer incarnation has opened.
  [[nodiscard]] virtual expected<std::unique_ptr<snapshots>> open_snapshots(std::string_view actor,
                                                                            incarnation life) = 0;
  /// Called after the actor's snapshots are open, under the same incarnation. Files other than `needed` are
  /// removed: no snapshot names them.
  [[nodiscard]] virtual expected<std::unique_ptr<segments>>
  open_segments(std::string_view actor, incarnation life, const std::vector<segment_id>& needed) = 0;
};

/// Small values of a topology's state by name (the plan's fingerprint, a source's file list), and where plain
/// files of it lie.
class value_reader {
public:
  virtual ~value_reader() = default;
  [[nodiscard]] virtual const identity& id() const = 0;
  [[nodiscard]] virtual expected<std::string> get(std::string_view name) const = 0;  // ec::not_found
  /// The folder, for what lies in it as plain files (dead_letters.jsonl).
  [[nodiscard]] virtual const std::string& folder() const = 0;
};
class value_store : public value_reader {
public:
  [[nodiscard]] virtual expected<void> put(std::string_view name, std::string_view value) = 0;
};

/// Returns nothing where there is no such value.
[[nodiscard]] inline expected<std::optional<std::string>> find_value(const value_reader& values,
                                                                     std::string_view name) {
  auto stored = values.get(name);
  if (!stored && stored.error().code == ec::not_found)
    return std::optional<std::string>();
  return std::move(stored).map([](std::string&& text) { return std::optional(std::move(text)); });
}
}  // namespace millrace::snapshot
