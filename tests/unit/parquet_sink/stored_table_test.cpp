// Tables on a real HDFS and a real S3 server whose record is in the store of a cluster: each row is there
// once, on any node that goes on and with any late acts of a former life.
#include "actors/connectors/parquet/sink/stored_table.hpp"
#include "actors/node/control/topology_chains.hpp"
#include "actors/node/stores/dir_chain_store.hpp"
#include "runtime/snapshot/file_system.hpp"
#include "tests/support/sink_crash.hpp"
#include "tests/unit/parquet_sink/remote_place.hpp"

namespace millrace::sink {
namespace {

/// Calls `at` before each append, so that a test can be elsewhere meanwhile, and fail it.
class watched_chain final : public chain::actor_chain {
public:
  using hook = std::function<bool()>;
  watched_chain(std::unique_ptr<chain::actor_chain> in, std::shared_ptr<hook> before,
                std::shared_ptr<hook> behind)
      : in_(std::move(in)), before_(std::move(before)), behind_(std::move(behind)) {}
  expected<chain::contents> read() override { return in_->read(); }
  expected<std::uint64_t> append(std::string_view bytes, bool twice) override {
    if (*before_ && !(*before_)())
      return outside_error(ec::io, "the append was not carried out");
    auto done = in_->append(bytes, twice);
    if (*behind_ && !(*behind_)())
      return outside_error(ec::io, "the answer was lost");
    return done;
  }
  expected<bool> append_base(std::string_view bytes) override { return in_->append_base(bytes); }
  chain::weight size() const override { return in_->size(); }
  std::uint64_t bytes() const override { return in_->bytes(); }

private:
  std::unique_ptr<chain::actor_chain> in_;
  std::shared_ptr<hook> before_, behind_;
};

class store_of_chains final : public chain::named_chains {
public:
  explicit store_of_chains(const std::filesystem::path& folder)
      : in_(std::make_shared<node::dir_chain_store>(snapshot::posix_file_system(), folder.string()),
            "topology") {}
  expected<std::unique_ptr<chain::actor_chain>> open_chain(std::string_view name,
                                                           const millrace::life& now) override {
    auto opened = in_.open_chain(name, now);
    if (!opened)
      return opened;
    return std::make_unique<watched_chain>(std::move(*opened), before, behind);
  }
  expected<chain::contents> look(std::string_view name) override { return in_.look(name); }
  expected<void> settle(std::string_view name) override { return in_.settle(name); }

  std::shared_ptr<watched_chain::hook> before = std::make_shared<watched_chain::hook>();
  std::shared_ptr<watched_chain::hook> behind = std::make_shared<watched_chain::hook>();

private:
  node::topology_chains in_;
};

/// Nodes that share a store and a table; each has a disk of its own.
class nodes_with_table {
public:
  nodes_with_table(const remote_server& server, const std::filesystem::path& folder)
      : table(server, folder), folder_(folder) {}
  [[nodiscard]] std::shared_ptr<store_of_chains> chains() const {
    return std::make_shared<store_of_chains>(folder_ / "store");
  }
  [[nodiscard]] std::unique_ptr<writer> writer_at(const std::string& node, const table_options& t,
                                                  std::shared_ptr<chain::named_chains> chains,
                                                  const wall_clock& clock = system_clock()) const {
    auto made = make_parquet_writer(table.values(t), numbers(), folder_ / node, clock, std::move(chains));
    return std::move(made.value());
  }
  [[nodiscard]] std::unique_ptr<writer> writer_at(const std::string& node,
                                                  const table_options& t = {}) const {
    return writer_at(node, t, chains());
  }
  [[nodiscard]] std::vector<std::string> waiting_uploads() const {
    std::vector<std::string> names;
    const auto all = table.folder()->list("").value();
    for (const auto& e : all)
      if (e.name.starts_with(storage::hidden_upload))
        names.push_back(e.name);
    return names;
  }

  remote_table table;

private:
  std::filesystem::path folder_;
};

void each_server(const std::function<void(const nodes_with_table&)>& test) {
  for (const auto& server : remote_servers()) {
    INFO(server.name);
    const temp_folder folder;
    test(nodes_with_table(server, folder.path()));
  }
}

/// A claim under a term of its own, as a cluster gives one with each placement: it ends all lower ones.
claim term(std::uint64_t number, bool expects_progress = false) {
  return life(number_of(millrace::life{number, 1}), expects_progress);
}

std::optional<progress> opened(writer& w, const claim& who) {
  auto p = w.open(who);
  if (!p)
    FAIL(p.error().message);
  return std::move(*p);
}

crash_subject subject_on_nodes(const remote_server& server, const table_options& options,
                               std::int64_t total) {
  crash_subject s;
  s.make = [=](const std::filesystem::path& folder) {
    static int lives = 0;  // each at a node whose disk has nothing of the ones before
    const auto node = fmt::format("node-{}-{}", ::getpid(), ++lives);
    return nodes_with_table(server, folder).writer_at(node, options);
  };
  s.seen = [=](const std::filesystem::path& folder) { return remote_table(server, folder).rows(); };
  s.shows = crash_subject::showing::whole_files;
  s.total = total;
  return s;
}

}  // namespace

TEST_CASE("On a cluster rows gather until the files are due, and a commit makes all of them visible") {
  each_server([](const nodes_with_table& nodes) {
    fake_clock clock(1'000'000);
    auto w = nodes.writer_at("a", {.rows = 5, .age = "10 s"}, nodes.chains(), clock);
    CHECK_FALSE(opened(*w, term(1)));
    CHECK_FALSE(w->commit_in());
    REQUIRE(w->write(numbered_rows(0, 3)));
    CHECK(w->commit_in() == micros(10'000'000));
    clock.set(5'000'000);
    REQUIRE(w->write(numbered_rows(3, 4)));
    CHECK(w->commit_in() == micros(6'000'000));
    clock.set(12'000'000);
    CHECK(w->commit_in() == micros(0));
    clock.set(5'000'000);
    REQUIRE(w->write(numbered_rows(4, 5)));
    CHECK(w->commit_in() == micros(0));
    CHECK(nodes.table.rows().empty());
    REQUIRE(w->commit(at(5)));
    CHECK_FALSE(w->commit_in());
    CHECK(nodes.table.rows() == lines(0, 5));
    CHECK(nodes.waiting_uploads().empty());
    REQUIRE(w->commit(at(9)));  // progress alone
    CHECK(nodes.table.files().size() == 1);
  });
}

TEST_CASE("Another node goes on with the table, without anything of the first one's disk") {
  each_server([](const nodes_with_table& nodes) {
    auto first = nodes.writer_at("a");
    opened(*first, term(1));
    write_and_commit(*first, 0, 4);
    REQUIRE(first->write(numbered_rows(4, 9)));  // nobody has acknowledged these
    auto second = nodes.writer_at("b");
    CHECK(position_of(opened(*second, term(2, true))) == 4);
    write_and_commit(*second, 4, 6);
    CHECK(nodes.table.rows() == lines(0, 6));
    CHECK(nodes.table.files().size() == 2);
  });
}

TEST_CASE("A life that is over makes nothing visible, and its upload is removed by the next one") {
  each_server([](const nodes_with_table& nodes) {
    auto chains = nodes.chains();
    auto zombie = nodes.writer_at("a", {}, chains);
    opened(*zombie, term(1));
    write_and_commit(*zombie, 0, 2);
    REQUIRE(zombie->write(numbered_rows(2, 5)));
    auto second = nodes.writer_at("b");
    *chains->before = [&] {  // the zombie has uploaded
      CHECK(nodes.waiting_uploads().size() == 1);
      opened(*second, term(2, true));
      CHECK(nodes.waiting_uploads().empty());
      return true;
    };
    const auto refused = zombie->commit(at(5));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::fenced);
    *chains->before = {};
    CHECK(zombie->open(term(1)).error().code == ec::fenced);
    write_and_commit(*second, 2, 4);
    CHECK(nodes.table.rows() == lines(0, 4));
    CHECK(nodes.waiting_uploads().empty());
  });
}

TEST_CASE("A life that is late with what its record names does what its successor has done") {
  each_server([](const nodes_with_table& nodes) {
    auto chains = nodes.chains();
    auto zombie = nodes.writer_at("a", {}, chains);
    opened(*zombie, term(1));
    auto second = nodes.writer_at("b");
    bool is_first = true;
    *chains->behind = [&] {  // its record counts, and nothing is revealed yet
      if (!std::exchange(is_first, false))
        return true;
      CHECK(nodes.table.rows().empty());
      CHECK(position_of(opened(*second, term(2, true))) == 3);
      CHECK(nodes.table.rows() == lines(0, 3));
      return true;
    };
    REQUIRE(zombie->write(numbered_rows(0, 3)));
    const auto refused = zombie->commit(at(3));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::fenced);
    write_and_commit(*second, 3, 5);
    CHECK(nodes.table.rows() == lines(0, 5));
  });
}

TEST_CASE("An append whose answer is lost is found, and one that was not carried out is not") {
  each_server([](const nodes_with_table& nodes) {
    auto chains = nodes.chains();
    auto w = nodes.writer_at("a", {}, chains);
    opened(*w, term(1));
    REQUIRE(w->write(numbered_rows(0, 2)));
    *chains->before = [] { return false; };
    REQUIRE_FALSE(w->commit(at(2)));
    *chains->before = {};
    CHECK_FALSE(opened(*w, term(2)));
    CHECK(nodes.table.rows().empty());
    REQUIRE(w->write(numbered_rows(0, 3)));
    *chains->behind = [] { return false; };
    REQUIRE_FALSE(w->commit(at(3)));
    *chains->behind = {};
    CHECK(position_of(opened(*w, term(3, true))) == 3);
    CHECK(nodes.table.rows() == lines(0, 3));
    CHECK(nodes.waiting_uploads().empty());
  });
}

TEST_CASE("An early life that is late removes nothing that a later one has uploaded or begun") {
  each_server([](const nodes_with_table& nodes) {
    const table_options options{.at_start = "empty"};
    auto chains = nodes.chains();
    auto late = nodes.writer_at("a", options, nodes.chains());
    auto later = nodes.writer_at("b", options, chains);
    opened(*later, term(2));
    REQUIRE(later->write(numbered_rows(0, 3)));
    *chains->before = [&] {
      const auto uploads = nodes.waiting_uploads();
      CHECK_FALSE(late->open(term(1)));
      CHECK(nodes.waiting_uploads() == uploads);
      return true;
    };
    REQUIRE(later->commit(at(3)));
    CHECK(nodes.table.rows() == lines(0, 3));
  });
}

TEST_CASE("The records of a table stay few") {
  each_server([](const nodes_with_table& nodes) {
    auto chains = nodes.chains();
    auto w = nodes.writer_at("a", {}, chains);
    opened(*w, term(1));
    write_and_commit(*w, 0, 2);
    for (int i = 3; i < 300; ++i)
      REQUIRE(w->commit(at(i)));
    CHECK(chain::records_of(chains->look(name_of_table("out")).value()).size() < 110);
    CHECK(position_of(opened(*nodes.writer_at("b"), term(2, true))) == 299);
  });
}

TEST_CASE("Progress that the cluster expects and the store does not have is an error") {
  each_server([](const nodes_with_table& nodes) {
    const auto p = nodes.writer_at("a")->open(term(2, true));
    REQUIRE_FALSE(p);
    CHECK(p.error().code == ec::mismatch);
  });
}

TEST_CASE(
    "A table of a cluster survives a crash before any call, and another at the next node while it recovers") {
  for (const auto& server : remote_servers()) {
    INFO(server.name);
    const bool slow = server.name == "WEBHDFS_URL";
    crash_at_every_call(subject_on_nodes(server, {.partition_by = {}, .rows = 3}, slow ? 1 : 3),
                        slow ? std::vector{0} : std::vector{0, 40});
  }
}

}  // namespace millrace::sink
