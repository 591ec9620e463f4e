#include "config/secrets.hpp"
#include "tests/support/scratch.hpp"
#include "tests/unit/config/test_catalog.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace millrace;
namespace fs = std::filesystem;

namespace {

struct folder : millrace::test::scratch {
  void put(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    write(name, text, mode);
  }
  [[nodiscard]] std::string value(const std::string& name) const {
    const auto read = config::read_secret(path(), name);
    return read ? *read : read.error().message;
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a secret is the file's text less one line break") {
  const folder f;
  f.put("plain", "hunter22");
  f.put("line", "hunter22\n");
  f.put("dos", "hunter22\r\n");
  f.put("pem", "a\nb\n\n", 0400);
  CHECK(f.value("plain") == "hunter22");
  CHECK(f.value("line") == "hunter22");
  CHECK(f.value("dos") == "hunter22");
  CHECK(f.value("pem") == "a\nb\n");
}

TEST_CASE("files that are open to others, too long, empty or no text are refused, and not shown") {
  const folder f;
  for (const mode_t mode : {0644, 0640, 0620, 0602, 0604, 0601}) {
    f.put("open", "hunter22", mode);
    CHECK(has(f.value("open"), "it is open to others (mode 0"));
  }
  f.put("long", std::string(config::largest_secret + 1, 'x'));
  f.put("longest", std::string(config::largest_secret, 'x'));
  f.put("empty", "\n");
  f.put("nul", std::string("hunter22\0", 9));
  f.put("bytes", "hunter22\xFF");
  CHECK(has(f.value("long"), "it has 65537 bytes; expected at most 65536"));
  CHECK(f.value("longest").size() == config::largest_secret);
  CHECK(has(f.value("empty"), "it is empty"));
  for (const auto* name : {"nul", "bytes"}) {
    CHECK(has(f.value(name), "not text"));
    CHECK_FALSE(has(f.value(name), "hunter22"));
  }
  fs::create_directory(f / "folder");
  REQUIRE(::mkfifo((f / "pipe").c_str(), 0600) == 0);
  CHECK(has(f.value("folder"), "not a regular file"));
  CHECK(has(f.value("pipe"), "not a regular file"));
  CHECK(has(f.value("gone"), f / "gone: there is no such file"));
}

TEST_CASE("links within the folder are followed, as Kubernetes mounts secrets; others are not") {
  const folder f;
  const folder other;
  other.put("db", "hunter22");
  fs::create_directory(f / "..2026_01");
  f.put("..2026_01/db", "hunter22");
  fs::create_directory_symlink("..2026_01", f / "..data");
  fs::create_symlink("..data/db", f / "db");
  fs::create_symlink(other / "db", f / "out");
  fs::create_symlink("loop", f / "loop");
  CHECK(f.value("db") == "hunter22");
  CHECK(has(f.value("out"), "it is a link that leads out of its folder"));
  CHECK_FALSE(has(f.value("loop"), "there is no such file"));
}

TEST_CASE("a folder that others may write to is refused") {
  const folder f;
  f.put("db", "hunter22");
  REQUIRE(::chmod(f.path().c_str(), 0770) == 0);
  CHECK(has(f.value("db"), "others may write to it"));
  REQUIRE(::chmod(f.path().c_str(), 0700) == 0);
  CHECK(has(config::read_secret(f / "none", "db").error().message, "none: No such file"));
  CHECK(has(config::read_secret(f / "db", "db").error().message, "it is not a folder"));
}

TEST_CASE("options get values where they are declared secret, and the connector looks at them again") {
  const folder f;
  f.put("db", "p@ss word\n");
  f.put("user", "me");
  f.put("topic", "hunter22");
  const auto loaded = config::test::load_text(config::test::downstream_of_parser(R"json(
    "o": { "sink": "sql", "from": "parsed", "connection": "mysql://${secret:user}:${secret:db}@h/db", "table": "x" })json"));
  INFO(config::test::lines(loaded.findings));
  REQUIRE(loaded.plan);
  const auto& stage = *loaded.plan->find("o");
  CHECK(config::describe_plan(*loaded.plan).find("mysql://${secret:user}:${secret:db}@h/db") !=
        std::string::npos);
  CHECK(loaded.plan->secrets.empty());

  CHECK(config::missing_secrets(*loaded.plan, config::test::connectors()).size() == 2);
  config::use_secrets_of(f.path());
  CHECK(config::missing_secrets(*loaded.plan, config::test::connectors()).empty());
  const auto options = config::with_secrets(stage, config::test::connectors());
  REQUIRE(options);
  CHECK(options->text("connection") == "mysql://me:p%40ss%20word@h/db");
  CHECK(stage.options.text("connection") == "mysql://${secret:user}:${secret:db}@h/db");
  CHECK(config::without_secrets("said p@ss word, p%40ss%20word and me") == "said ***, *** and me");

  f.put("db", "rotated1");
  CHECK(config::with_secrets(stage, config::test::connectors())->text("connection") ==
        "mysql://me:rotated1@h/db");
  CHECK(config::without_secrets("p@ss word, rotated1") == "***, ***");
  fs::remove(f / "db");
  const auto gone = config::with_secrets(stage, config::test::connectors());
  REQUIRE_FALSE(gone);
  CHECK(gone.error().whose == fault::user);
  CHECK(has(gone.error().message, "stages.o.connection: ${secret:db}: " + (f / "db: there is no such file")));
  config::use_secrets_of({});
}

TEST_CASE("a password that stands in a topology is hidden in this process, also as its server is told it") {
  for (const std::string connection :
       {"mysql://u:plain%2Dhush1@h/d", "mysql://host=h user=u password=plain\\-hush2 dbname=d",
        "mysql://host=h pass='plain\\'hush3' user=u dbname=d",
        "mysql://host=h password=plain&;hush4 user=u dbname=d"}) {
    auto stage =
        boost::json::object{{"sink", "sql"}, {"from", "parsed"}, {"connection", connection}, {"table", "x"}};
    const auto loaded = config::test::load_text(
        config::test::downstream_of_parser("\"o\": " + boost::json::serialize(stage)));
    INFO(config::test::lines(loaded.findings));
    REQUIRE(loaded.plan);
  }
  CHECK(config::without_secrets("told plain-hush1, plain-hush2, plain'hush3, plain&;hush4.") ==
        "told ***, ***, ***, ***.");
}
