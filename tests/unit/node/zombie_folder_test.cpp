// Two processes on one state folder, as on a shared mount whose lock does not hold: the older one is stopped
// before a file operation, wakes up when the newer one has gone on, and must neither replace the newer one's
// values, identity or spilled output, nor remove its files.
#include "actors/node/control/topology_state.hpp"
#include "actors/node/stores/dir_chain_store.hpp"
#include "tests/unit/snapshot/folder_fixture.hpp"
#include "tests/unit/snapshot/interposed_file_system.hpp"

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;
using answer = interposed_file_system::answer;

namespace {

enum class start { plain, fresh, blank };

expected<std::unique_ptr<state_store>> begin(file_system& files, start how) {
  return how == start::blank ? open_blank_dir_store(clicks, files)
                             : open_dir_store(how == start::fresh ? clicks_fresh : clicks, files);
}

/// All that a process keeps in a folder. The store's chain `control` gives the lives of actors to a run; the
/// tests give them here.
struct folder_user {
  std::unique_ptr<state_store> store;
  node::topology_state actors;
  incarnation life;
  std::unique_ptr<snapshots> chain;
  std::unique_ptr<segments> spilled;

  folder_user(file_system& files, start how, incarnation now)
      : store(value_of(begin(files, how))), actors(actors_in(*store)), life(now),
        chain(value_of(actors.open_snapshots("a", life))),
        spilled(value_of(actors.open_segments("a", life, {}))) {}

  static node::topology_state actors_in(const state_store& in) {
    return {std::make_shared<node::dir_chain_store>(in.files(), in.chains()), "clicks", in.id(), in.folder()};
  }
  template<class T>
  static T value_of(expected<T> result) {
    if (!result)
      FAIL(result.error().message);
    return std::move(*result);
  }
  void work(const std::string& who) {
    REQUIRE(store->put("plan", who));
    REQUIRE(chain->append(who, true));
    REQUIRE(spilled->write({life, 1}, who));
  }
};

/// The older process is stopped before its n-th operation, once.
struct stopped_once {
  faulty_file_system disk;
  interposed_file_system older{disk}, newer{disk};
  bool was_stopped = false;

  /// `has_looked`: counted from its first look at who is there. A process that has not even looked is no
  /// zombie when it wakes up: it starts then.
  void stop_before(int operation, bool has_looked, std::function<void()> then) {
    older.before = [this, left = operation, has_looked, then = std::move(then)](auto what,
                                                                                const auto& at) mutable {
      if (!has_looked)
        has_looked = what == "list" && at.ends_with("/control");
      else if (left-- == 0) {
        was_stopped = true;
        then();
      }
      return answer::given;
    };
  }
};

/// Checks, while the newer one has the folder, that a reader finds what the newer one has written.
void check_nothing_is_replaced(file_system& files, const folder_user& newer, bool is_finished) {
  const auto reader = folder_user::value_of(open_dir_store(clicks_reading, files));
  CHECK(reader->id().state_id == newer.store->id().state_id);
  CHECK(reader->id().finished == is_finished);
  CHECK(reader->get("plan").value_or("-") == "newer");
}

/// Checks that a third process finds what the second one has left.
void check_nothing_is_lost(file_system& files, const folder_user& newer, bool is_finished) {
  const auto store = folder_user::value_of(open_dir_store(clicks, files));
  CHECK(store->id().state_id == newer.store->id().state_id);
  CHECK(store->id().previous_state_id == newer.store->id().previous_state_id);
  CHECK(store->id().finished == is_finished);
  CHECK(store->get("plan").value_or("-") == "newer");
  auto actors = folder_user::actors_in(*store);
  const auto life = newer.life + 1;
  CHECK(join(*folder_user::value_of(actors.open_snapshots("a", life))->load()).value().ends_with("newer"));
  const auto spilled = folder_user::value_of(actors.open_segments("a", life, {{newer.life, 1}}));
  CHECK(spilled->read({newer.life, 1}).value_or("-") == "newer");
}

/// `doing` by the older process, stopped before each of its operations in turn. It goes on to the end.
template<class Prepare, class Do>
void stop_everywhere(start how, Prepare&& prepare, Do&& doing) {
  for (int operation = 0, stopped = 1; stopped != 0; ++operation) {
    INFO("before operation " << operation << ", the newer one starts " << static_cast<int>(how));
    stopped_once at;
    auto older = prepare(at.older);
    std::unique_ptr<folder_user> successor;
    at.stop_before(operation, older != nullptr, [&] {
      successor = std::make_unique<folder_user>(at.newer, how, 2);
      successor->work("newer");
    });
    doing(at.older, older);
    stopped = at.was_stopped;
    at.older.before = [](auto, const auto&) { return answer::given; };
    if (!successor)
      return;
    check_nothing_is_replaced(at.newer, *successor, successor->store->id().finished);
    // It has gone on, too: nothing that the older one did has ended it.
    CHECK(successor->store->put("plan", "newer"));
    check_nothing_is_lost(at.newer, *successor, successor->store->id().finished);
  }
}

std::unique_ptr<folder_user> at_work(file_system& files) {
  auto p = std::make_unique<folder_user>(files, start::plain, 1);
  p->work("older");
  return p;
}

}  // namespace

TEST_CASE("a value of a process that was taken for dead does not replace its successor's") {
  for (const auto how : {start::plain, start::fresh, start::blank})
    stop_everywhere(how, at_work, [](auto&, auto& older) {
      (void)older->store->put("plan", "stale");
      const auto again = older->store->put("plan", "stale");
      CHECK((again || again.error().code == ec::fenced));
    });
}

TEST_CASE("a process that was taken for dead does not finish its successor's state") {
  for (const auto how : {start::plain, start::fresh})
    stop_everywhere(how, at_work, [&](auto&, auto& older) { (void)older->store->mark_finished(); });
  faulty_file_system disk;
  interposed_file_system files{disk}, others{disk};
  const auto older = at_work(files);
  const auto newer = std::make_unique<folder_user>(others, start::plain, 2);
  CHECK(older->store->mark_finished().error().code == ec::fenced);
  CHECK(newer->store->mark_finished());
}

TEST_CASE("a start that was taken for dead removes nothing of its successor's, and takes no folder from it") {
  for (const auto older_start : {start::plain, start::fresh, start::blank})
    for (const auto how : {start::plain, start::fresh, start::blank}) {
      INFO("the older one starts " << static_cast<int>(older_start));
      int refused = 0;
      stop_everywhere(
          how,
          [](auto& files) {
            at_work(files).reset();
            return nullptr;
          },
          [&](auto& files, auto&) {
            const auto late = begin(files, older_start);
            // Or its new folder is gone: one that nobody has named is removed by the next start.
            refused += !late && (late.error().code == ec::locked || late.error().code == ec::fenced);
          });
      CHECK(refused > 5);
    }
}

TEST_CASE("the first start of a folder that was taken for dead removes nothing of its successor's") {
  for (const auto how : {start::plain, start::fresh})
    stop_everywhere(
        how, [](auto&) { return nullptr; },
        [](auto& files, auto&) { (void)begin(files, start::plain).has_value(); });
}

TEST_CASE("spilled output of a newer life is neither removed nor replaced by an older one") {
  stop_everywhere(start::plain, at_work, [](auto&, auto& older) {
    (void)older->spilled->write({older->life, 2}, "stale");
    (void)older->spilled->remove({{older->life, 1}});
  });
  stop_everywhere(start::plain, at_work,
                  [](auto&, auto& older) { (void)older->actors.open_segments("a", older->life, {}); });
}
