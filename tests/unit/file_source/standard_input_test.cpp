#include "actors/connectors/file/source/line_reader.hpp"
#include "actors/connectors/file/source/standard_input.hpp"
#include "actors/stream/source/spooled_reader.hpp"
#include "actors/stream/spool/folder_segments.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <catch2/catch.hpp>

#include <thread>
#include <unistd.h>

using namespace millrace;
using namespace millrace::source;
using namespace std::chrono_literals;
using snapshot::test::faulty_file_system;

namespace {

using strings = std::vector<std::string>;

/// A pipe, its reading end as a process has it, and what the spool keeps over several lives.
class input {
public:
  explicit input(const wants& wanted = {}) : wanted_(wanted) {}
  ~input() { close(); }

  void begin() {
    close();
    REQUIRE(::pipe(ends_) == 0);
    auto made =
        start_standard_input({"in", "t/in", wanted_, ends_[0]},
                             {std::make_unique<spool::folder_segments>(files, "/spool"), {}}, system_clock());
    REQUIRE(made);
    feed_ = std::move(*made);
    reader_ = std::make_unique<spooled_reader>(
        [feed = feed_]() -> expected<std::shared_ptr<feed>> { return feed; }, "parsed", "-");
    REQUIRE(reader_->discover(1s));
    REQUIRE(reader_->assign("spool", {0, 0}));
  }
  void say(std::string_view text) {
    REQUIRE(::write(ends_[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  /// Writes from a thread beside the test's own, which alone may check.
  void say_all(std::string_view text) {
    while (!text.empty()) {
      const auto n = ::write(ends_[1], text.data(), text.size());
      if (n <= 0)
        return;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void end() { ::close(std::exchange(ends_[1], -1)); }
  /// Ends the reader as kill -9 does: records that are not in the spool are gone.
  void close() {
    reader_.reset();
    feed_.reset();
    for (auto& e : ends_)
      if (e >= 0)
        ::close(std::exchange(e, -1));
  }
  /// All records from the first, once there are so many, or the end has been said.
  strings records(std::size_t count) {
    for (int i = 0; i < 2'000 && all_.size() < count && !ended_ && error_.empty(); ++i)
      look();
    return all_;
  }
  [[nodiscard]] int cut() const { return cut_; }
  strings records_to_the_end() {
    for (int i = 0; i < 2'000 && !ended_ && error_.empty(); ++i)
      look();
    CHECK(ended_);
    return std::exchange(all_, {});
  }
  std::string refused() {
    for (int i = 0; i < 2'000 && error_.empty() && !ended_; ++i)
      look();
    return error_;
  }
  void forget() {
    all_.clear();
    ended_ = false;
    header_line_.reset();
  }
  reader& as_read() { return *reader_; }
  std::optional<std::string> header_line_;
  faulty_file_system files;

private:
  void look() {
    const std::vector<std::string> wanted{"spool"};
    auto got = reader_->read(wanted, 1'000'000, 20ms);
    if (!got) {
      error_ = got.error().message;
      return;
    }
    if (!*got)
      return;
    for (std::size_t i = 0; i < (*got)->records(); ++i) {
      all_.emplace_back((*got)->record(i));
      cut_ += (*got)->is_cut(i) ? 1 : 0;
    }
    if ((*got)->header)
      header_line_ = (*got)->header->text;
    ended_ = (*got)->at_end;
  }

  wants wanted_;
  int ends_[2]{-1, -1};
  std::shared_ptr<feed> feed_;
  std::unique_ptr<spooled_reader> reader_;
  strings all_;
  int cut_ = 0;
  std::string error_;
  bool ended_ = false;
};

/// The text comes in parts of each size, after a life that got its first record and was killed within the second.
void check_in_parts(const framing& frame, std::string_view killed_at, std::string_view text,
                    const strings& wanted) {
  for (std::size_t size = 1; size < text.size(); size += 3) {
    input in({.frame = frame});
    in.begin();
    in.say(killed_at);
    CHECK(in.records(1) == strings{wanted[0]});
    in.forget();
    in.begin();
    for (std::size_t at = 0; at < text.size(); at += size)
      in.say(text.substr(at, size));
    in.end();
    CHECK(in.records_to_the_end() == wanted);
  }
}

}  // namespace

TEST_CASE("bytes that wait in a spool are counted from where its reader stands") {
  input in;
  in.begin();
  in.say("a\nb\n");
  in.end();
  CHECK(in.records_to_the_end() == strings{"a", "b"});
  CHECK(in.as_read().lag_bytes() == 0);
  REQUIRE(in.as_read().assign("spool", {0, 0}));
  const auto all = in.as_read().lag_bytes();
  REQUIRE(all);
  CHECK(*all > 2);
  in.as_read().unassign("spool");
  CHECK_FALSE(in.as_read().lag_bytes());
}

TEST_CASE("lines of standard input are records; it ends when its writer closes it") {
  input in;
  in.begin();
  in.say("a\r\n\nb\nc");
  CHECK(in.records(3) == strings{"a", "", "b"});  // the end has not come: an unfinished line may go on
  in.say("d\n e");
  in.end();
  CHECK(in.records_to_the_end() == strings{"a", "", "b", "cd", " e"});
}

TEST_CASE("of a line that is too long the beginning is kept, and the same input again passes over it") {
  input in;
  const std::string piece(std::size_t{1} << 20U, 'x');
  for (int life = 0; life < 2; ++life) {
    in.forget();
    in.begin();
    std::thread writer([&] {
      in.say_all("a\n");
      for (int i = 0; i < 65; ++i)
        in.say_all(piece);
      in.say_all("\nb\n");
      in.end();
    });
    const auto got = in.records_to_the_end();
    writer.join();
    REQUIRE(got.size() == 3);
    CHECK(got[1] == std::string(kept_of_longer_line, 'x'));
    CHECK(got[2] == "b");
    CHECK(in.cut() == life + 1);
  }
}

TEST_CASE(
    "a line break within quotes is part of a csv record, over kills and however the input comes in parts") {
  const std::string text = "1,\"a\r\n\nb\"\n\n2,c\r\n3,\"d\n4,\"\"e\"\n5,\"open\n6,f";
  const strings wanted{"1,\"a\r\n\nb\"", "", "2,c", "3,\"d\n4,\"\"e\"", "5,\"open", "6,f"};
  check_in_parts(data::csv_dialect{}, "1,\"a\r\n\nb\"\n2,\"un", text, wanted);
}

TEST_CASE(
    "values of JSON are records over kills and however the input comes in parts, one that is too long, too") {
  const std::string text = "{\"a\":\n1}{\"b\": 2} nonsense\n\n{\"c\": 3\n{\"d\": [{}\n]}\n5";
  const strings wanted{"{\"a\":\n1}", "{\"b\": 2}", "nonsense", "{\"c\": 3", "{\"d\": [{}\n]}", "5"};
  check_in_parts(by_value{}, "{\"a\":\n1}{\"un", text, wanted);
  input in({.frame = by_value{}});
  in.begin();
  std::thread writer([&] {
    in.say_all("[" + std::string(3U << 20U, ' ') + "\n1\n{}" + std::string(1U << 20U, 'x'));
    in.end();
  });
  const auto all = in.records_to_the_end();
  writer.join();
  REQUIRE(all.size() == 3);
  CHECK(all[0].size() == kept_of_longer_line);
  CHECK(all[1] == "{}");
  CHECK(all[2].size() == 1U << 20U);
  CHECK(in.cut() == 1);
}

TEST_CASE("an input without a line ends, too") {
  input in;
  in.begin();
  in.end();
  CHECK(in.records_to_the_end().empty());
}

TEST_CASE("the same input given again after a kill goes on behind what was taken, another one is added") {
  input in;
  in.begin();
  in.say("a\nb\nc\n");
  CHECK(in.records(3).size() == 3);
  in.forget();
  in.begin();  // a process that was killed, and the same command
  in.say("a\nb\nc\nd\n");
  in.end();
  CHECK(in.records_to_the_end() == strings{"a", "b", "c", "d"});
  in.forget();
  in.begin();
  in.say("e\na\n");
  in.end();
  CHECK(in.records_to_the_end() == strings{"a", "b", "c", "d", "e", "a"});
  in.forget();
  in.begin();  // compared with the input just before it
  in.say("e\na\nf\n");
  in.end();
  CHECK(in.records_to_the_end() == strings{"a", "b", "c", "d", "e", "a", "f"});
}

TEST_CASE("the header line is not a record, goes with every chunk, and stays in the next life") {
  input in({.header = true});
  in.begin();
  in.say("name,n\nann,1\n");
  CHECK(in.records(1) == strings{"ann,1"});
  CHECK(in.header_line_ == "name,n");
  in.forget();
  in.begin();
  in.end();
  CHECK(in.records_to_the_end() == strings{"ann,1"});
  CHECK(in.header_line_ == "name,n");
  in.forget();
  in.begin();
  in.say("n,name\n2,bob\n");
  in.end();
  CHECK_THAT(in.refused(), Catch::Contains("n,name") && Catch::Contains("--fresh"));
}

TEST_CASE("an input whose lines end with carriage returns alone is refused with what mends it") {
  input in;
  in.begin();
  in.say("a,b\r1,2\r");
  in.end();
  CHECK_THAT(in.refused(), Catch::Contains("tr '\\r' '\\n' < FILE"));
}

TEST_CASE("a compressed input is refused with what unpacks it") {
  for (const auto& [head, says] : std::vector<std::pair<std::string, std::string>>{
           {"\x1f\x8b\x08", "zcat FILE"}, {"\x28\xB5\x2F\xFD", "zstd -dc FILE"}}) {
    input in;
    in.begin();
    in.say(head.substr(0, 2));
    in.say(head.substr(2) + " rest\nof it\n");
    CHECK_THAT(in.refused(), Catch::Contains(says));
  }
}
