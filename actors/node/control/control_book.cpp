#include "actors/node/control/control_book.hpp"

#include "runtime/snapshot/life_fence.hpp"
#include "runtime/snapshot/merged_snapshots.hpp"

#include <utility>

namespace millrace::node {

using cluster::append_outcome;

expected<seen_control> control_book::look() {
  ASSIGN_OR_RETURN(auto found, store_->look(control_of_cluster()));
  if (found.highest.term >= most_terms)
    return snapshot::not_given(control_of_cluster().name, found.highest.term);
  return cluster::sum_up(found.contents.base, found.contents.increments)
      .map([&](cluster::control_state&& state) {
        return seen_control{std::move(state), found.highest};
      });
}

expected<cluster::control_state> control_book::open(const cluster::epoch& mine) {
  chain_.reset();
  mine_ = mine;
  ASSIGN_OR_RETURN(auto opened, store_->open_chosen(control_of_cluster(), mine));
  ASSIGN_OR_RETURN(const auto contents, opened->read());
  auto state = cluster::sum_up(contents.base, contents.increments);
  if (!state)
    return state;
  // Each opening leaves something in the store, and a cluster may have many between two bases of its own.
  RETURN_IF_ERROR(snapshot::append_base_if_due(*opened, [&] { return cluster::encode_base(*state); }));
  chain_ = std::move(opened);
  return state;
}

append_outcome control_book::append(const cluster::epoch& by, const cluster::change& what) {
  if (!is_open(by))
    return append_outcome::unknown;
  return outcome_of(chain_->append(cluster::encode_change(what), true));
}

append_outcome control_book::write_base(const cluster::epoch& by, const cluster::control_state& state) {
  if (!is_open(by))
    return append_outcome::unknown;
  return outcome_of(chain_->append_base(cluster::encode_base(state)));
}

template<class Done>
append_outcome control_book::outcome_of(const expected<Done>& done) {
  if (done)
    return append_outcome::acknowledged;
  last_error_ = done.error().message;
  chain_.reset();
  return done.error().code == ec::fenced ? append_outcome::refused : append_outcome::unknown;
}

}  // namespace millrace::node
