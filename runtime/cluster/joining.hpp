// Decides who may join a cluster, and whose envelopes count. Pure: it is told what was heard and what a look at
// `control` has shown, and judges.
//
//   J1  An envelope counts for a process only where both have read the same id of the cluster in `control`, each
//       by its own way. So two stores are two clusters, whatever their coordinators' epochs are.
//   J2  A process takes its session only once its own look at `control` shows that session under the number
//       that it has chosen itself. A copy of the store has the id, but not this record.
//   J3  A name belongs to the process that answers; another one waits until that has been silent, and is
//       refused if it goes on answering.
//
// J4 is in proven_epochs.hpp.
#pragma once

#include "runtime/cluster/control_state.hpp"
#include "runtime/cluster/envelope.hpp"
#include "runtime/cluster/node_watch.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::cluster {

/// The name of all clusters: what tells them apart is their store (docs/design/cluster.md, J1).
inline constexpr std::string_view cluster_name = "millrace";

/// The cluster's name and what tells it from all others of that name: "clicks#00c0ffee00c0ffee".
[[nodiscard]] std::string cluster_id(std::string_view name, std::uint64_t random);
[[nodiscard]] std::string_view name_in(std::string_view cluster_id);
/// ec::mismatch where the store holds a cluster of another name than this process is configured for.
[[nodiscard]] expected<void> check_name(std::string_view configured, const control_state& seen,
                                        std::string_view store);

/// A store does not lose its cluster by itself: it was emptied, or an empty one has taken its place. `known`: the id
/// that this process or its state folder knows of this store; empty: none, and all is well. ec::mismatch, with the
/// remedy, where `seen` has another id or none.
[[nodiscard]] expected<void> check_known(std::string_view known, const control_state& seen,
                                         std::string_view store);

/// J1, for one process.
class known_cluster {
public:
  enum class judged : std::uint8_t {
    ours,
    look,     // a look at `control` is to be made; the answer is on_seen() or on_not_seen()
    waiting,  // one is under way, or the store did not answer lately
    foreign,  // the sender reads another store
  };

  /// `id`: of an envelope.
  [[nodiscard]] judged judge(std::string_view id, moment now);
  /// A look has shown this id; empty: nobody has founded a cluster there.
  void on_seen(std::string_view id);
  void on_not_seen() { is_looking_ = false; }

  [[nodiscard]] const std::string& id() const { return id_; }

private:
  std::string id_;
  bool is_looking_ = false;
  std::string looked_for_;  // the id that the last look was for
  bool has_seen_ = false;   // and it has shown something else
  micros looked_at_{};
};

/// J2. ec::mismatch, with the reason for the operator, where `seen` does not show that this process has that
/// session.
[[nodiscard]] expected<void> check_session(const control_state& seen, const process_id& mine,
                                           cluster::session given, std::string_view store);

/// J3, for a coordinator.
class name_claims {
public:
  enum class judged : std::uint8_t { admitted, waiting, refused };

  explicit name_claims(const silence& limits) : limits_(limits) {}

  /// A process without a session asks for one. `other`: the process that is present under that name, if any.
  [[nodiscard]] judged judge(const process_id& who, const present_node* other, moment now);

private:
  struct claim {
    std::uint64_t instance = 0;
    micros since{};
  };
  silence limits_;
  std::map<std::string, claim> waiting_;  // at most one for each name that somebody has
};

/// Returns how far the sender's clock is ahead of this one, where that is more than 250 ms whatever the
/// envelopes took: `sent` and `back` are this clock when the word left and when the answer came, `theirs` is
/// the sender's in between.
[[nodiscard]] std::optional<micros> clock_skew(event_micros sent, event_micros theirs, event_micros back);

}  // namespace millrace::cluster
