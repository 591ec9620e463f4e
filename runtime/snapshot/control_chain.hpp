// The chain DIR/control: what a state folder knows of itself, in two copies, and safe from a process that was
// taken for dead. Whoever opens the folder for writing opens it under a life that is chosen above all others;
// from then on no older process changes anything here. It belongs to one thread at a time; calls block.
#pragma once

#include "runtime/chain/chain.hpp"
#include "runtime/chain/life.hpp"
#include "runtime/snapshot/control_record.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <memory>
#include <string>

namespace millrace::snapshot {

/// Of the state folder `folder`.
[[nodiscard]] std::string control_folder(const std::string& folder);

/// As a look has found it; nothing is changed. Without the folder it is empty.
struct found_control {
  control_state state;
  chain::life highest;
};
[[nodiscard]] expected<found_control> look_at_control(file_system& files, const std::string& folder);

/// The newest place that is taken, whatever lies there. 0: there is none.
[[nodiscard]] expected<std::uint64_t> last_place_of_control(file_system& files, const std::string& folder);

class control_chain {
public:
  /// Creates it where it is not there yet. `above`: a life that this one is to be higher than.
  /// `forget_up_to`: to start over where it is damaged (dir_chain::open_chosen). ec::locked when another
  /// process has opened it since that look.
  [[nodiscard]] static expected<std::unique_ptr<control_chain>>
  open(file_system& files, const std::string& folder, chain::life above, std::uint64_t forget_up_to);

  [[nodiscard]] const control_state& known() const { return state_; }
  /// Durable in two copies when it returns. ec::fenced: another process has the folder now. After any other
  /// error it does not count, and the next change goes on.
  [[nodiscard]] expected<void> change(control_change c);

private:
  control_chain(std::unique_ptr<chain::actor_chain> records, std::string folder)
      : records_(std::move(records)), folder_(std::move(folder)) {}
  [[nodiscard]] expected<void> write_base_if_due();

  std::unique_ptr<chain::actor_chain> records_;
  std::string folder_;
  control_state state_;
};

}  // namespace millrace::snapshot
