// The chain DIR/control: what a state folder knows of itself, in two copies, and safe from a process that was
// taken for dead. Opening the folder for writing chooses a life above all others; from then on no older
// process changes anything here. It belongs to one thread at a time; calls block.
#pragma once

#include "runtime/chain/chain.hpp"
#include "runtime/chain/life.hpp"
#include "runtime/snapshot/control_record.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <memory>
#include <string>

namespace millrace::snapshot {

/// Names the folder of `control` in the state folder `folder`.
[[nodiscard]] std::string control_folder(const std::string& folder);

/// The result of a look; it changes nothing. It is empty if the folder is missing.
struct found_control {
  control_state state;
  chain::life highest;
};
[[nodiscard]] expected<found_control> look_at_control(file_system& files, const std::string& folder);

/// The newest place that is taken, by any file. 0: there is none.
[[nodiscard]] expected<std::uint64_t> last_place_of_control(file_system& files, const std::string& folder);

class control_chain {
public:
  /// Creates it where it is not there yet. `above`: a life that this one is to be higher than.
  /// `forget_up_to`: to start over where it is damaged (dir_chain::open_chosen). ec::locked when another
  /// process has opened it since that look.
  [[nodiscard]] static expected<std::unique_ptr<control_chain>>
  open(file_system& files, const std::string& folder, chain::life above, std::uint64_t forget_up_to);

  [[nodiscard]] const control_state& known() const { return state_; }
  /// Makes the change durable in two copies. ec::fenced: another process has the folder now. The change does
  /// not count after any other error, and the next one goes on.
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
