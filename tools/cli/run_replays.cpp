#include "tools/cli/run_replays.hpp"

#include "actors/observe/loss_log.hpp"
#include "actors/replay/replay.hpp"
#include "actors/replay/route.hpp"

#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <set>
#include <utility>

namespace millrace::cli {
namespace {

/// The run waits for it when it ends.
constexpr std::chrono::seconds source_patience{10};

expected<api::answers::replayed> carry_out(const api::requests::replay& what, const run_replays::job& j,
                                           const std::atomic<bool>& is_cancelled) {
  const auto& t = *j.topology;
  if (const auto can = replay::check_into(t, what.into); !can)
    return unexpected(can.error());
  replay::folder_request r{{j.topology, what.into}, j.folder + "/dead_letters.jsonl", j.folder};
  if (t.dead_letters && !t.dead_letters->type.empty())
    return user_error(ec::unsupported,
                      fmt::format("the dead letters of {} are in {}; millrace replay takes them from a file",
                                  t.name, observe::where_letters_lie(t, r.letters)));
  if (!what.letters.empty())
    r.only = std::set(what.letters.begin(), what.letters.end());
  r.most = replay::most_by_api;
  r.start_timeout = source_patience;
  r.is_cancelled = [&is_cancelled] { return is_cancelled.load(); };
  const bool is_now = j.runs && !replay::is_bounded(t, what.into);
  // No record has become a letter yet.
  if (std::error_code failed; !std::filesystem::exists(replay::files_of_letters(r.letters).front(), failed)) {
    replay::outcome none;
    none.unknown = r.only ? r.only->size() : 0;
    return replay::answer_of(none, is_now);
  }
  return replay::replay_in_folder(std::move(r)).map([&](const replay::outcome& o) {
    return replay::answer_of(o, is_now);
  });
}

}  // namespace

run_replays::~run_replays() {
  is_cancelled_ = true;
  for (auto& w : workers_)
    w.thread.join();
}

void run_replays::ask(const api::requests::replay& what, job j, const api::reply& to) {
  const std::lock_guard lock(mutex_);
  join_ended();
  if (!waits_.ask(what, to, replay::waiting_replays::clock::now()))
    return;
  auto& w = workers_.emplace_back();
  w.thread = std::thread([this, &w, what, j = std::move(j)] {
    expected<api::answers::replayed> done = our_error("the dead letters were not replayed");
    try {
      done = carry_out(what, j, is_cancelled_);
    } catch (const std::exception& e) {
      done = our_error(fmt::format("the dead letters could not be replayed: {}", e.what()));
    }
    const std::lock_guard ends(mutex_);
    waits_.ended(what.topology, done);
    w.is_over = true;
  });
}

void run_replays::look() {
  const std::lock_guard lock(mutex_);
  waits_.look(replay::waiting_replays::clock::now());
}

/// With the lock, which a thread that has said that it is over takes no more.
void run_replays::join_ended() {
  std::erase_if(workers_, [](worker& w) {
    if (w.is_over)
      w.thread.join();
    return w.is_over;
  });
}

}  // namespace millrace::cli
