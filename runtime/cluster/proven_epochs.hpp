// Envelopes speak of epochs, and a higher epoch takes the lead from all others. Pure: it is told what comes and what looks
// at `control` have shown, and says which envelopes count.
//
//   J4  An epoch counts for a process only once its own look at `control` shows a life as high. So a node that
//       makes up an epoch takes the lead from nobody.
#pragma once

#include "runtime/cluster/envelope.hpp"
#include "runtime/cluster/node_watch.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace millrace::cluster {

/// The epoch that the sender of an envelope obeys, or that it leads under; none in most envelopes.
[[nodiscard]] std::optional<epoch> epoch_in(const envelope& l);

class proven_epochs {
public:
  struct decided {
    std::vector<envelope> count;  // envelopes in their order of arrival
    bool looks = false;  // a look at `control` is to be made; the answer is on_seen() or on_not_seen()
  };

  /// Takes an envelope of another process. The envelope waits, with later ones of the same process, while its
  /// epoch is not proven; of more than 256 the last ones are lost. A process whose epoch was made up causes
  /// one look a second.
  [[nodiscard]] decided on_envelope(envelope l, moment now);
  /// `highest`: the highest life that the look has shown.
  [[nodiscard]] decided on_seen(const epoch& highest, moment now);
  /// The store has not answered; an envelope asks again after a second.
  void on_not_seen(moment now);
  /// This process knows it otherwise: its coordinator leads under it, or another look has shown it.
  void prove(const epoch& known);
  /// The link to it is over.
  void forget(const process_id& who) { senders_.erase(who); }

private:
  struct waiting_envelope {
    envelope what;
    std::uint64_t look = 0;  // the first one whose answer judges it
  };
  struct sender {
    std::deque<waiting_envelope> waiting;
    micros looks_at{};  // no look for it before
  };

  /// Puts what counts into `out`. True: an envelope of it waits for a look.
  bool sort_out(sender& s, std::vector<envelope>& out, moment now);
  [[nodiscard]] bool begin_look();

  epoch proven_;
  std::map<process_id, sender> senders_;
  std::uint64_t looks_ = 0;     // looks that were begun
  std::uint64_t answered_ = 0;  // the last one that has shown something
  bool is_looking_ = false;
};

}  // namespace millrace::cluster
