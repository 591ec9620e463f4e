#include "actors/api/late_view.hpp"

#include <utility>
#include <variant>

namespace millrace::api {
namespace {

expected<answer> before_it_has_started(const request& what, const std::string& says) {
  if (std::holds_alternative<requests::livez>(what))
    return answer(answers::page{true, "ok\n"});
  if (std::holds_alternative<requests::healthz>(what) || std::holds_alternative<requests::readyz>(what))
    return answer(answers::page{false, says + '\n'});
  return outside_error(ec::unavailable, says + "; ask again");
}

}  // namespace

void late_view::ask(request what, reply to) {
  std::unique_lock lock(mutex_);
  if (view_ != nullptr)
    return view_->ask(std::move(what), std::move(to));
  const auto says = says_;
  lock.unlock();
  to(before_it_has_started(what, says));
}

void late_view::waits_for(std::string what) {
  const std::lock_guard lock(mutex_);
  says_ = "this node starts, and waits for " + std::move(what);
}

void late_view::attach(cluster_view& view) {
  const std::lock_guard lock(mutex_);
  view_ = &view;
}

}  // namespace millrace::api
