// Declares a sink connector: a blocking writer that makes rows and progress durable in one step. A sink actor
// owns it on a thread of its own. Call order: open; then any number of (write*, commit); after an error of
// write or commit: open again (a new claim), which abandons what was not committed and says where the target
// really is.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/batch.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::sink {

/// Says who commits: the key of every stored position.
struct claim {
  std::string state_id;
  std::string topology;
  std::string sink;
  incarnation life = 0;  // number_of() its life, above any before; lower ones are refused from now on
  bool expects_progress = false;  // our own state knows a position: a target without one is an error (a
                                  // restored or emptied database), never "start from zero"
  bool fresh = false;  // first life under a new state id (--fresh): files are replaced, tables keep rows
  bool adopt = false;  // a position of the same topology and sink under another state id becomes this
                       // one's (--adopt), unless this state id has one already
};

/// A target stores this beside the rows.
struct progress {
  std::map<log_id, mark> positions;  // positions in every log that feeds this sink
  std::string counters;              // opaque bytes (the ledger), at most some hundred
  std::uint64_t batch = 0;           // number of the last commit with rows (`_batch`)
};

/// Tells whether no log has anything more to come: the commit with it is the last one that has rows.
[[nodiscard]] bool has_ended(const std::map<log_id, mark>& positions);

/// A row that the target refuses for good (encoding, length, type). It is stored with the commit that passes
/// it and stays readable by rejected() until forget().
struct rejected_row {
  std::uint64_t sequence = 0;  // ascending from 1 over the sink's life
  std::string record;          // the row as JSON
  std::string error;
};

class writer {
public:
  virtual ~writer() = default;

  /// Connects, creates what `create` asks for, takes the claim, rolls a half-done commit forward or back, and
  /// returns the progress there: nothing if this claim's (state id, topology, sink) has never committed.
  /// ec::unavailable: try again; ec::mismatch, not_found, refused: the text says the remedy.
  [[nodiscard]] virtual expected<std::optional<progress>> open(const claim& who) = 0;
  /// Adds rows to the open transaction. Blocks as long as the target does.
  [[nodiscard]] virtual expected<void> write(const data::batch& rows) = 0;
  /// A window or tick is whole (console: print its table). The default does nothing.
  virtual void end_of_window() {}
  /// Returns how long rows that were written may yet gather before the commit is worth it, for a target whose
  /// commits are files; senders keep them until then. Asked after each write. No value where `commit_every`
  /// alone decides.
  [[nodiscard]] virtual std::optional<micros> commit_in() const { return std::nullopt; }
  /// Makes rows and progress durable in one step. ec::fenced: a newer life has the target; this life is over.
  /// Other errors leave it unknown whether the commit happened: open() tells. Returns how many rows were
  /// refused in it.
  [[nodiscard]] virtual expected<std::uint64_t> commit(const progress& p) = 0;
  /// Returns rejected rows with sequence > after, ascending, at most `limit`. The default has none.
  [[nodiscard]] virtual expected<std::vector<rejected_row>> rejected(std::uint64_t /*after*/,
                                                                     std::size_t /*limit*/) {
    return std::vector<rejected_row>{};
  }
  virtual void forget_rejected(std::uint64_t /*up_to*/) {}
  /// Keeps a connection or a stored position alive while there is nothing to commit, and does what falls due
  /// by time alone. Called about once a minute, and when keep_alive_in() has passed, where nothing is written
  /// that waits for a commit. After an error: open again, as after one of commit.
  [[nodiscard]] virtual expected<void> keep_alive() { return {}; }
  /// Returns how soon keep_alive() is due; asked after each commit. No value where once a minute will do.
  [[nodiscard]] virtual std::optional<micros> keep_alive_in() const { return std::nullopt; }
};

/// Encodes the batch, counters and positions as compact bytes, for targets that store one opaque value
/// (Kafka's metadata, side files).
[[nodiscard]] std::string encode_progress(const progress& p);
[[nodiscard]] expected<progress> decode_progress(std::string_view bytes);

}  // namespace millrace::sink
