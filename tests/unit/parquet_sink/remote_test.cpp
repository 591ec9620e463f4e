// Tables on a real HDFS and a real S3 server: whole files alone, every row once after any break, and the
// owner of a table.
#include "actors/connectors/parquet/sink/open_files.hpp"
#include "tests/support/sink_crash.hpp"
#include "tests/unit/parquet_sink/remote_place.hpp"

#include <algorithm>

namespace millrace::sink {
namespace {

claim of_state(const std::string& id, incarnation n, bool fresh = false) {
  claim c{id, "topology", "out", n};
  c.fresh = fresh;
  return c;
}

void must_open(writer& w, const claim& who) {
  if (const auto p = w.open(who); !p)
    FAIL(p.error().message);
}

/// Lists what lies there under a name that readers leave out, but for the mark.
std::vector<std::string> hidden_names(storage::table_folder& folder) {
  std::vector<std::string> names;
  const auto all = folder.list("").value();
  for (const auto& e : all)
    if (e.name.starts_with('.') && e.name != storage::mark_name)
      names.push_back(e.name);
  return names;
}

crash_subject subject(const remote_server& server, const table_options& options, std::int64_t total) {
  crash_subject s;
  s.make = [=](const std::filesystem::path& folder) {
    return remote_table(server, folder).writer_of(options);
  };
  s.seen = [=](const std::filesystem::path& folder) { return remote_table(server, folder).rows(); };
  s.shows = crash_subject::showing::whole_files;
  s.total = total;
  return s;
}

}  // namespace

TEST_CASE("A table on another machine holds what was committed, in whole files and partitions") {
  for (const auto& server : remote_servers()) {
    INFO(server.name);
    const temp_folder work;
    const remote_table table(server, work.path());
    const table_options options{.partition_by = {"name"}, .rows = 3};
    auto w = table.writer_of(options);
    must_open(*w, life(1));
    write_and_commit(*w, 0, 2);
    CHECK(table.files().empty());
    write_and_commit(*w, 2, 4);
    REQUIRE(table.files().size() == 4);
    CHECK(table.files()[0].starts_with("name=__HIVE_DEFAULT_PARTITION__/part-"));
    CHECK(table.files()[1].starts_with("name=row 1/part-"));
    CHECK(hidden_names(*table.folder()).empty());
    write_and_commit(*w, 4, 5);
    w.reset();  // an end in order publishes
    CHECK(rows_of(table.rows()) == rows_of(lines(0, 5)));
    w = table.writer_of(options);
    CHECK(position_of(w->open(life(2)).value()) == 5);
  }
}

TEST_CASE("Many files of one roll are sent several at a time, each once") {
  for (const auto& server : remote_servers()) {
    INFO(server.name);
    const temp_folder work;
    const remote_table table(server, work.path());
    auto w = table.writer_of({.partition_by = {"name"}, .rows = 40});
    must_open(*w, life(1));
    write_and_commit(*w, 0, 40);
    CHECK(table.files().size() == 35);  // six of 40 rows have no name
    CHECK(rows_of(table.rows()) == rows_of(lines(0, 40)));
    CHECK(hidden_names(*table.folder()).empty());
    CHECK(std::none_of(std::filesystem::directory_iterator(work.path()),
                       std::filesystem::directory_iterator(),
                       [](const auto& e) { return e.path().filename().string().starts_with(hidden_part); }));
  }
}

TEST_CASE("The commit at the end of all logs publishes, so that a server that is away then is waited for") {
  for (const auto& server : remote_servers()) {
    INFO(server.name);
    const temp_folder work;
    const remote_table table(server, work.path());
    auto w = table.writer_of({});
    must_open(*w, life(1));
    REQUIRE(w->write(numbered_rows(0, 3)));
    auto p = at(3);
    for (auto& [log, m] : p.positions)
      m.watermark = end_of_time;
    REQUIRE(w->commit(p));
    CHECK(table.rows() == lines(0, 3));
  }
}

TEST_CASE("A second state is refused a table on another machine, and replaces it when it is fresh") {
  for (const auto& server : remote_servers()) {
    INFO(server.name);
    const temp_folder work;
    const temp_folder other;
    const remote_table table(server, work.path());
    const table_options options{.rows = 2};
    {
      auto w = table.writer_of(options);
      must_open(*w, of_state("state-a", 1));
      write_and_commit(*w, 0, 2);
    }
    auto b = table.writer_in(other.path(), options);
    for (const bool adopt : {false, true}) {
      auto who = of_state("state-b", 1);
      who.adopt = adopt;
      const auto refused = b->open(who);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == ec::mismatch);
      CHECK_THAT(refused.error().message, Catch::Contains("--fresh"));
    }
    CHECK(table.rows() == lines(0, 2));
    must_open(*b, of_state("state-b", 1, true));
    CHECK(table.files().empty());
    write_and_commit(*b, 5, 7);
    CHECK(table.rows() == lines(5, 7));
    const auto lost = table.writer_of(options)->open(of_state("state-a", 2));
    REQUIRE_FALSE(lost);
    CHECK(lost.error().code == ec::mismatch);
  }
}

TEST_CASE("With at_start empty the data of an older table there is dropped, once") {
  for (const auto& server : remote_servers()) {
    INFO(server.name);
    const temp_folder work;
    const temp_folder other;
    const remote_table table(server, work.path());
    {
      auto w = table.writer_of({.partition_by = {"name"}, .rows = 1});
      must_open(*w, of_state("state-a", 1));
      write_and_commit(*w, 0, 3);
    }
    const table_options options{.rows = 2, .at_start = "empty"};
    auto w = table.writer_in(other.path(), options);
    must_open(*w, of_state("state-b", 1));
    CHECK(table.files().empty());
    write_and_commit(*w, 0, 2);
    w = table.writer_in(other.path(), options);
    must_open(*w, of_state("state-b", 2));
    CHECK(table.rows() == lines(0, 2));
  }
}

TEST_CASE("An older table with other columns or partitions is refused, by the file that tells") {
  for (const auto& server : remote_servers()) {
    INFO(server.name);
    const temp_folder work;
    const remote_table table(server, work.path());
    {
      auto w = table.writer_of({.rows = 1});
      must_open(*w, life(1));
      write_and_commit(*w, 0, 2);
    }
    const auto partitioned = table.writer_of({.partition_by = {"name"}})->open(life(2));
    REQUIRE_FALSE(partitioned);
    CHECK_THAT(partitioned.error().message, Catch::Contains("partitioned by ()"));
    const auto narrow = std::make_shared<data::schema>(std::vector<data::field>{{"n", data::type_id::text}});
    const auto other = make_parquet_writer(table.values({}), narrow, work.path()).value()->open(life(2));
    REQUIRE_FALSE(other);
    CHECK_THAT(other.error().message, Catch::Contains("with other columns"));
    CHECK_THAT(other.error().message, Catch::Contains("part-000001"));
  }
}

TEST_CASE("A table whose mark has gone is not begun anew in silence") {
  for (const auto& server : remote_servers()) {
    INFO(server.name);
    const temp_folder work;
    const remote_table table(server, work.path());
    {
      auto w = table.writer_of({.rows = 1});
      must_open(*w, life(1));
      write_and_commit(*w, 0, 2);
    }
    REQUIRE(table.folder()->remove(std::string(storage::mark_name)));
    const auto gone = table.writer_of({})->open(life(2));
    REQUIRE_FALSE(gone);
    CHECK_THAT(gone.error().message, Catch::Contains("nothing of the table is there"));
    CHECK_FALSE(gone.error().retry);
  }
}

TEST_CASE(
    "A table on another machine survives a crash before any call to it, and another while it recovers") {
  for (const auto& server : remote_servers()) {
    INFO(server.name);
    // An upload to HDFS takes a third of a second.
    const bool slow = server.name == "WEBHDFS_URL";
    crash_at_every_call(subject(server, {.rows = 3, .fsync = true}, slow ? 3 : 6),
                        slow ? std::vector{0} : std::vector{0, 4});
  }
}

TEST_CASE("A table on another machine has every row once after kills at random moments") {
  for (const auto& server : remote_servers()) {
    INFO(server.name);
    crash_at_random(subject(server, {.rows = 300}, server.name == "WEBHDFS_URL" ? 6'000 : 15'000));
  }
}

}  // namespace millrace::sink
